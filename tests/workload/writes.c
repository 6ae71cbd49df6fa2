/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * writes DIR OUT       every call that writes, in every way it succeeds and
 *                      fails, to regular files in the empty directory DIR
 * writes DIR OUT any   the same to what is no regular file
 *
 * What writesnoop must show of it goes into OUT, see rows.h.  Needs root: it
 * mounts a file system that is soon full, in a mount namespace of its own.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "rows.h"

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif
#ifndef RWF_APPEND
#define RWF_APPEND 16
#endif

static size_t page;
static char *room;   /* two pages, and after them none */
static char *nobody; /* where nothing is mapped */

static long position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

static void write_told(int fd, const void *data, size_t len)
{
	long at = position(fd);

	wrote("write", fd, syscall(SYS_write, fd, data, len), (long)len, at);
}

static void pwrite_told(int fd, const void *data, size_t len, long at)
{
	wrote("pwrite64", fd, syscall(SYS_pwrite64, fd, data, len, at), (long)len, at);
}

static long total(const struct iovec *iov, int n)
{
	long sum = 0;

	while (n--)
		sum += (long)iov++->iov_len;
	return sum;
}

static void writev_told(int fd, const struct iovec *iov, int n)
{
	long at = position(fd);

	wrote("writev", fd, syscall(SYS_writev, fd, iov, n), total(iov, n), at);
}

/* The position is passed in two halves, of which this machine takes the first whole. */
static void pwritev_told(int fd, const struct iovec *iov, int n, long at)
{
	wrote("pwritev", fd, syscall(SYS_pwritev, fd, iov, n, at, 0), total(iov, n), at);
}

static void pwritev2_told(int fd, const struct iovec *iov, int n, long at, int flags, long where)
{
	wrote("pwritev2", fd, syscall(SYS_pwritev2, fd, iov, n, at, 0, flags), total(iov, n),
	      where);
}

static void make_memory(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	room = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED || munmap(room + 2 * page, page))
		die("writes: mmap");
	memset(room, 'r', 2 * page);
	nobody = room + 2 * page;
}

static void plain(void)
{
	int fd = open_told("file", O_RDWR | O_CREAT, 0644);

	write_told(fd, "42", 2);
	write_told(fd, "", 0);
	write_told(fd, "and on", 6);
	write_told(fd, room, 2 * page);
	pwrite_told(fd, "at the beginning", 16, 0);
	pwrite_told(fd, "at 100", 6, 100);
	pwrite_told(fd, "past 4 GB", 9, 5L << 32);
	/* The last did not move it. */
	write_told(fd, "next", 4);
	lseek(fd, 7, SEEK_SET);
	write_told(fd, "moved", 5);
	close_told(fd);

	fd = open_told("file", O_WRONLY | O_TRUNC, 0);
	write_told(fd, "short again", 11);
	close_told(fd);
}

static void vectors(void)
{
	struct iovec three[] = { { room, 5 }, { room, 0 }, { room + 7, 1000 } };
	struct iovec two[] = { { room, 9 }, { nobody, 9 } };
	static struct iovec most[1025];
	int fd = open_told("vectors", O_RDWR | O_CREAT, 0600), i;

	for (i = 0; i < 1025; i++)
		most[i] = (struct iovec){ room + i, 3 };
	writev_told(fd, three, 3);
	writev_told(fd, three, 1);
	writev_told(fd, three, 0);
	writev_told(fd, most, 1024);
	writev_told(fd, two, 2); /* the first is written */
	pwritev_told(fd, three, 3, 5000);
	pwritev_told(fd, most, 1024, 1L << 33);
	pwritev2_told(fd, three, 3, 64, 0, 64);
	pwritev2_told(fd, three, 3, 64, RWF_DSYNC, 64);
	pwritev2_told(fd, three, 3, -1, 0, position(fd));
	close_told(fd);
}

/* Where a file is appended to the offset that was asked for does not count: pwrite(2). */
static void appended(void)
{
	struct iovec one[] = { { room, 10 } };
	int fd = open_told("appended", O_RDWR | O_CREAT | O_APPEND, 0600);

	wrote("write", fd, syscall(SYS_write, fd, "first", 5), 5, 0);
	lseek(fd, 2, SEEK_SET);
	wrote("write", fd, syscall(SYS_write, fd, "second", 6), 6, 5);
	wrote("pwrite64", fd, syscall(SYS_pwrite64, fd, "third", 5, 1L), 5, 11);
	wrote("writev", fd, syscall(SYS_writev, fd, one, 1), 10, 16);
	close_told(fd);
	fd = open_told("appended", O_RDWR, 0);
	pwritev2_told(fd, one, 1, 3, RWF_APPEND, 26);
	pwritev2_told(fd, one, 1, -1, RWF_APPEND, 36);
	close_told(fd);
}

static void synchronous(void)
{
	int fd = open_told("synced", O_RDWR | O_CREAT | O_DSYNC, 0600);

	write_told(fd, "safe", 4);
	close_told(fd);
	fd = open_told("direct", O_RDWR | O_CREAT | O_DIRECT, 0600);
	if (fd < 0)
		return;
	write_told(fd, room, page);
	write_told(fd, room, 13); /* if it is refused, then here */
	close_told(fd);
}

static void between_files(void)
{
	int from = open_told("source", O_RDWR | O_CREAT, 0600), fd, i;
	loff_t in, out;
	off_t at;
	long len;

	for (i = 0; i < 3; i++)
		write_told(from, room, page);
	len = position(from);
	fd = open_told("copy", O_RDWR | O_CREAT, 0600);

	lseek(from, 10, SEEK_SET);
	moved("sendfile", from, fd, syscall(SYS_sendfile, fd, from, NULL, 100L), 100, 0);
	at = 4000;
	moved("sendfile", from, fd, syscall(SYS_sendfile, fd, from, &at, 50L), 50, 100);
	at = len - 20;
	moved("sendfile", from, fd, syscall(SYS_sendfile, fd, from, &at, 4096L), 4096, 150);
	at = len;
	moved("sendfile", from, fd, syscall(SYS_sendfile, fd, from, &at, 10L), 10, 170);
	moved("sendfile", -1, fd, syscall(SYS_sendfile, fd, 7777, NULL, 10L), 10, 170);

	lseek(from, 0, SEEK_SET);
	moved("copy_file_range", from, fd,
	      syscall(SYS_copy_file_range, from, NULL, fd, NULL, 30L, 0), 30, 170);
	in = 5;
	out = 9000;
	moved("copy_file_range", from, fd,
	      syscall(SYS_copy_file_range, from, &in, fd, &out, 60L, 0), 60, 9000);
	moved("copy_file_range", from, fd,
	      syscall(SYS_copy_file_range, from, NULL, fd, NULL, 30L, 12345), 30, 200);
	in = len - 3;
	moved("copy_file_range", from, fd,
	      syscall(SYS_copy_file_range, from, &in, fd, NULL, 1000L, 0), 1000, 200);
	close_told(fd);
	close_told(from);
}

static void from_pipe(void)
{
	int fd = open_told("spliced", O_RDWR | O_CREAT, 0600), ends_of[2];
	loff_t out;

	if (pipe(ends_of) || write(ends_of[1], room, 3000) != 3000)
		die("writes: pipe");
	moved("splice", ends_of[0], fd, syscall(SYS_splice, ends_of[0], NULL, fd, NULL, 1000L, 0),
	      1000, 0);
	out = 20000;
	moved("splice", ends_of[0], fd, syscall(SYS_splice, ends_of[0], NULL, fd, &out, 1500L, 1),
	      1500, 20000);
	moved("splice", ends_of[0], fd, syscall(SYS_splice, ends_of[0], NULL, fd, NULL, 9000L, 2),
	      9000, 1000);
	close(ends_of[1]);
	/* The end of the pipe, and two files, of which one would have to be a pipe. */
	moved("splice", ends_of[0], fd, syscall(SYS_splice, ends_of[0], NULL, fd, NULL, 10L, 0), 10,
	      1500);
	moved("splice", fd, fd, syscall(SYS_splice, fd, NULL, fd, NULL, 10L, 0), 10, 1500);
	close(ends_of[0]);
	close_told(fd);
}

static void bad_memory(int fd)
{
	static struct iovec most[1025];
	struct iovec one = { nobody, 9 };

	write_told(fd, nobody, 10);
	write_told(fd, NULL, 10);
	write_told(fd, nobody - 100, 300); /* as far as it goes */
	pwrite_told(fd, nobody, 10, 3);
	writev_told(fd, &one, 1);
	wrote("writev", fd, syscall(SYS_writev, fd, nobody, 1), 0, position(fd));
	/* More than UIO_MAXIOV, and fewer than none: nobody has looked at any. */
	wrote("writev", fd, syscall(SYS_writev, fd, most, 1025), 0, position(fd));
	wrote("writev", fd, syscall(SYS_writev, fd, most, -1L), 0, position(fd));
}

static void failures(void)
{
	int fd = open_told("failures", O_RDWR | O_CREAT, 0600), ro, path;
	struct iovec one = { room, 9 };

	bad_memory(fd);
	pwrite_told(fd, "negative", 8, -7);
	wrote("pwritev2", fd, syscall(SYS_pwritev2, fd, &one, 1, 0L, 0L, 1 << 30), 9, 0);
	close_told(fd);
	ro = open("failures", O_RDONLY);
	write_told(ro, "read only", 9);
	pwrite_told(ro, "read only", 9, 5);
	close(ro);
	path = open("failures", O_PATH);
	wrote("write", path, syscall(SYS_write, path, "a path", 6L), 6, 0);
	close(path);
}

/* As much as fits, and then nothing. */
static void full(void)
{
	int fd = open_told("tiny/full", O_RDWR | O_CREAT, 0600);

	write_told(fd, room, page);
	write_told(fd, room, 2 * page);
	write_told(fd, room, page);
	pwrite_told(fd, room, 10, 0);
	close_told(fd);
}

static void too_large(void)
{
	int fd = open_told("large", O_RDWR | O_CREAT, 0600);
	struct rlimit limit = { 100, 100 };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	write_told(fd, room, 60);
	write_told(fd, room, 60);
	write_told(fd, room, 60);
	close_told(fd);
}

static void in_memory(void)
{
	int fd = memfd_create("memory", MFD_ALLOW_SEALING), file;

	write_told(fd, "kept", 4);
	fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	write_told(fd, "sealed", 6);
	close_told(fd);
	file = open_told(".", O_TMPFILE | O_RDWR, 0600);
	write_told(file, "nameless", 8);
	close_told(file);
}

static void files(void)
{
	plain();
	vectors();
	appended();
	synchronous();
	between_files();
	from_pipe();
	failures();
	full();
	in_child(too_large);
	in_memory();
}

/* --- and what is no file: with -a --- */

static void write_any(int fd, const void *data, size_t len)
{
	wrote("write", fd, syscall(SYS_write, fd, data, len), (long)len, NONE);
}

static void pipes(void)
{
	struct iovec two[] = { { room, 100 }, { room + 200, 23 } };
	int ends_of[2], file = open_told("file", O_RDWR | O_CREAT, 0600);

	write_told(file, room, 200);
	if (pipe2(ends_of, O_NONBLOCK))
		die("writes: pipe");
	write_any(ends_of[1], "hello", 5);
	wrote("writev", ends_of[1], syscall(SYS_writev, ends_of[1], two, 2), 123, NONE);
	wrote("vmsplice", ends_of[1], syscall(SYS_vmsplice, ends_of[1], two, 2, 0), 123, NONE);
	lseek(file, 0, SEEK_SET);
	moved("splice", file, ends_of[1], syscall(SYS_splice, file, NULL, ends_of[1], NULL, 50L, 0),
	      50, NONE);
	moved("sendfile", file, ends_of[1], syscall(SYS_sendfile, ends_of[1], file, NULL, 70L), 70,
	      NONE);
	wrote("pwrite64", ends_of[1], syscall(SYS_pwrite64, ends_of[1], "no", 2, 0L), 2, NONE);
	/* Until it is full. */
	while (wrote("write", ends_of[1], write(ends_of[1], room, page), (long)page, NONE) > 0)
		;
	close(ends_of[0]);
	write_any(ends_of[1], "nobody reads", 12);
	close_told(ends_of[1]);
	close_told(file);
}

static void devices(void)
{
	int fd = open_told("/dev/full", O_WRONLY, 0);

	write_any(fd, "nothing fits", 12);
	close_told(fd);
	fd = open_told("/dev/null", O_RDWR, 0);
	write_any(fd, "gone", 4);
	write_any(fd, NULL, 4); /* it does not even look */
	close_told(fd);
}

static void nameless(void)
{
	unsigned long long count = 3;
	int fd = eventfd(0, 0), pair[2];

	write_any(fd, &count, sizeof(count));
	write_any(fd, &count, 3);
	close_told(fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("writes: socketpair");
	write_any(pair[0], "to you", 6);
	close_told(pair[1]);
	write_any(pair[0], "to nobody", 9);
	close_told(pair[0]);
}

static void no_descriptor(void)
{
	struct iovec one = { room, 9 };

	wrote("write", 7777, syscall(SYS_write, 7777, "x", 1L), 1, NONE);
	wrote("write", -1, syscall(SYS_write, -1L, "x", 1L), 1, NONE);
	wrote("pwrite64", 7777, syscall(SYS_pwrite64, 7777, "x", 1L, 0L), 1, NONE);
	wrote("writev", 7777, syscall(SYS_writev, 7777, &one, 1L), 9, NONE);
	wrote("pwritev", 7777, syscall(SYS_pwritev, 7777, &one, 1L, 0L, 0L), 9, NONE);
	wrote("pwritev2", 7777, syscall(SYS_pwritev2, 7777, &one, 1L, 0L, 0L, 0L), 9, NONE);
	wrote("vmsplice", 7777, syscall(SYS_vmsplice, 7777, &one, 1L, 0L), 9, NONE);
	moved("sendfile", -1, 7777, syscall(SYS_sendfile, 7777, 7778, NULL, 8L), 8, NONE);
	moved("splice", -1, 7777, syscall(SYS_splice, 7778, NULL, 7777, NULL, 8L, 0L), 8, NONE);
	moved("copy_file_range", -1, 7777,
	      syscall(SYS_copy_file_range, 7778, NULL, 7777, NULL, 8L, 0L), 8, NONE);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: writes DIR OUT [any]\n");
		return 99;
	}
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    chdir(argv[1]) || (mkdir("tiny", 0755) && errno != EEXIST) ||
	    mount("tiny", "tiny", "tmpfs", 0, "size=8k"))
		die("writes: cannot mount a file system");
	make_memory();
	rows_begin(".");
	if (argc == 3) {
		files();
	} else {
		rows_any = 1;
		pipes();
		devices();
		nameless();
		no_descriptor();
	}
	rows_end(argv[2]);
}
