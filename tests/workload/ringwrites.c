/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ringwrites DIR OUT MODE: what is written, and happens to files besides,
 * through io_uring, in the empty directory DIR.
 *   plain     one by one                    async     by io_uring's workers
 *   sqpoll    by the polling kernel thread  linked    chains, and one that breaks
 *   direct    to files of the ring's own table, with descriptors to nothing else
 *   skip      successes post no completion
 * What writesnoop must show of it goes into OUT, see rows.h.
 * Status 77: this kernel does not let us.
 */
#define _GNU_SOURCE
#include <sys/uio.h>
#include "ring.h"
#include "rows.h"

static unsigned char sqe_flags;
static char fixed[4096];

static struct io_uring_sqe *request(unsigned char opcode, int fd, const void *addr, unsigned len,
				    __u64 off)
{
	struct io_uring_sqe *sqe = ring_request(opcode);

	sqe->flags = sqe_flags;
	sqe->fd = fd;
	sqe->addr = (unsigned long)addr;
	sqe->len = len;
	sqe->off = off;
	return sqe;
}

/* One request, and its result as a system call would have it. */
static int result(void)
{
	__u64 tag;
	int res;

	ring_submit(1);
	res = ring_completion(&tag);
	if (res >= 0)
		return res;
	errno = -res;
	return -1;
}

static int open_ring(const char *path, unsigned flags)
{
	request(IORING_OP_OPENAT, AT_FDCWD, path, 0600, 0)->open_flags = flags;
	return opened("io_uring:openat", path, result());
}

static void write_ring(int fd, const void *data, unsigned len, long at, long where)
{
	request(IORING_OP_WRITE, fd, data, len, at);
	wrote("io_uring:write", fd, result(), len, where);
}

static void writes(void)
{
	struct iovec three[] = { { fixed, 5 }, { fixed, 0 }, { fixed + 7, 1000 } };
	struct iovec buffer = { fixed, sizeof(fixed) };
	int fd = open_ring("file", O_RDWR | O_CREAT);

	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		die("ringwrites: io_uring_register");
	write_ring(fd, "hello", 5, 0, 0);
	write_ring(fd, "far", 3, 5L << 32, 5L << 32);
	/* Where the file is. */
	write_ring(fd, "hello", 5, -1, 0);
	write_ring(fd, "hello", 5, -1, 5);
	write_ring(fd, "", 0, 100, 100);
	request(IORING_OP_WRITEV, fd, three, 3, 200);
	wrote("io_uring:writev", fd, result(), 1005, 200);
	request(IORING_OP_WRITE_FIXED, fd, fixed + 10, 50, 300);
	wrote("io_uring:write_fixed", fd, result(), 50, 300);
	close_told(fd);

	fd = open_ring("appended", O_RDWR | O_CREAT | O_APPEND);
	write_ring(fd, "first", 5, 0, 0);
	write_ring(fd, "second", 6, 0, 5);
	close_told(fd);
}

static void failures(void)
{
	int fd;

	open_ring("missing/file", O_WRONLY);
	fd = open("file", O_RDONLY);
	write_ring(fd, "read only", 9, 0, 0);
	close(fd);
	fd = open_ring("file", O_WRONLY);
	write_ring(fd, (void *)8, 10, 7, 7);
	close_told(fd);
}

static void besides(void)
{
	int fd = open_ring("besides", O_RDWR | O_CREAT), ends_of[2];
	struct io_uring_sqe *sqe;
	struct name name;

	request(IORING_OP_FSYNC, fd, NULL, 0, 0);
	done("io_uring:fsync", fd, result(), NONE);
	request(IORING_OP_FSYNC, fd, NULL, 0, 0)->fsync_flags = IORING_FSYNC_DATASYNC;
	done("io_uring:fdatasync", fd, result(), NONE);
	request(IORING_OP_SYNC_FILE_RANGE, fd, NULL, 4096, 0)->sync_range_flags = 2;
	done("io_uring:sync_file_range", fd, result(), 4096);
	/* Its length stands where others have the address. */
	request(IORING_OP_FALLOCATE, fd, (void *)8192, 0, 10);
	done("io_uring:fallocate", fd, result(), 8192);

	if (pipe(ends_of) || write(ends_of[1], fixed, 100) != 100)
		die("ringwrites: pipe");
	sqe = request(IORING_OP_SPLICE, fd, NULL, 60, 30);
	sqe->splice_fd_in = ends_of[0];
	sqe->splice_off_in = (__u64)-1;
	moved("io_uring:splice", ends_of[0], fd, result(), 60, 30);
	close(ends_of[0]);
	close(ends_of[1]);

	request(IORING_OP_RENAMEAT, AT_FDCWD, "besides", (unsigned)AT_FDCWD,
		(unsigned long)"renamed");
	named("io_uring:renameat", "besides", "renamed", result(), NONE);
	request(IORING_OP_UNLINKAT, AT_FDCWD, "renamed", 0, 0);
	named("io_uring:unlinkat", "renamed", NULL, result(), NONE);
	request(IORING_OP_UNLINKAT, AT_FDCWD, "renamed", 0, 0);
	named("io_uring:unlinkat", "renamed", NULL, result(), NONE);
	name_of(fd, &name);
	request(IORING_OP_CLOSE, fd, NULL, 0, 0);
	result();
	row("io_uring:close", fd, NONE, NONE, 0, NONE, name.path, NULL, name.note);
}

/* Requests that are made together, each after the one before it. */
static void linked(void)
{
	int fd = open_told("linked", O_RDWR | O_CREAT, 0600), ro;
	__u64 tag;

	sqe_flags = IOSQE_IO_LINK;
	request(IORING_OP_WRITE, fd, "linked", 6, 0);
	sqe_flags = 0;
	request(IORING_OP_FSYNC, fd, NULL, 0, 0);
	ring_submit(2);
	wrote("io_uring:write", fd, ring_completion(&tag), 6, 0);
	done("io_uring:fsync", fd, ring_completion(&tag), NONE);

	/* The first fails, and the second is not even begun. */
	ro = open("linked", O_RDONLY);
	sqe_flags = IOSQE_IO_LINK;
	request(IORING_OP_WRITE, ro, "read only", 9, 0);
	sqe_flags = 0;
	request(IORING_OP_WRITE, fd, "cancelled", 9, 50);
	ring_submit(2);
	errno = -ring_completion(&tag);
	wrote("io_uring:write", ro, -1, 9, 0);
	errno = -ring_completion(&tag);
	wrote("io_uring:write", fd, -1, 9, 50);
	close(ro);
	close_told(fd);
}

/* The number is that of a slot, which no other descriptor has anything to do with. */
static void direct(void)
{
	int fd = open_told("direct", O_RDWR | O_CREAT, 0600), slots[] = { -1, -1, -1, fd };
	struct io_uring_sqe *sqe;
	char full[2 * PATH_MAX];
	int ret;

	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, slots, 4))
		die("ringwrites: io_uring_register");
	close_told(fd);
	full_path("direct", full);
	sqe_flags = IOSQE_FIXED_FILE;
	request(IORING_OP_WRITE, 3, "direct", 6, 10);
	ret = result();
	row("io_uring:write", 3, ret, 6, 0, 10, full, NULL, "(direct)");
	request(IORING_OP_FSYNC, 3, NULL, 0, 0);
	ret = result();
	row("io_uring:fsync", 3, NONE, NONE, -ret, NONE, full, NULL, "(direct)");
	sqe_flags = 0;
	sqe = request(IORING_OP_OPENAT, AT_FDCWD, "direct-open", 0600, 0);
	sqe->open_flags = O_RDWR | O_CREAT;
	sqe->file_index = 2; /* it counts from 1 */
	ret = result();
	full_path("direct-open", full);
	row("io_uring:openat", 1, NONE, NONE, -ret, NONE, full, NULL, "(direct)");
	sqe_flags = IOSQE_FIXED_FILE;
	request(IORING_OP_WRITE, 1, "direct", 6, 0);
	ret = result();
	row("io_uring:write", 1, ret, 6, 0, 0, full, NULL, "(direct)");
}

/* What came of it nobody tells; but the file has it. */
static void skip(void)
{
	int fd = open_told("skip", O_RDWR | O_CREAT, 0600);
	struct stat st;

	sqe_flags = IOSQE_CQE_SKIP_SUCCESS;
	request(IORING_OP_WRITE, fd, "skip", 4, 0);
	ring_submit(0);
	sqe_flags = 0;
	do
		fstat(fd, &st);
	while (st.st_size != 4);
	close_told(fd);
}

int main(int argc, char **argv)
{
	const char *mode = argc == 4 ? argv[3] : "";

	if (argc != 4) {
		fprintf(stderr, "usage: ringwrites DIR OUT MODE\n");
		return 99;
	}
	ring_open(strcmp(mode, "sqpoll") ? 0 : IORING_SETUP_SQPOLL);
	rows_begin(argv[1]);
	if (!strcmp(mode, "linked")) {
		linked();
	} else if (!strcmp(mode, "direct")) {
		direct();
	} else if (!strcmp(mode, "skip")) {
		skip();
	} else {
		sqe_flags = strcmp(mode, "async") ? 0 : IOSQE_ASYNC;
		writes();
		failures();
		besides();
	}
	rows_end(argv[2]);
}
