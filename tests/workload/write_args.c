/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * write_args: every call that writesnoop knows, with arguments of every kind:
 * flags one by one, all at once and without a name, numbers at their limits,
 * pointers to nothing and to what ends too early, descriptors of every type.
 * It tells nothing: what strace(1) says of it is compared.  Takes the directory
 * to work in.  With "errors": one call, and every errno.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int descriptor(long ret)
{
	return (int)ret;
}
#define CALL(name, ...) descriptor(SYS_##name < 0 ? -1 : syscall(SYS_##name, __VA_ARGS__))

/* Younger architectures have only those that end in "at": there no call is made. */
#ifndef SYS_open
enum { SYS_open = -1, SYS_creat = -1, SYS_rename = -1, SYS_unlink = -1, SYS_dup2 = -1 };
#endif

static const long huge[] = { -1, INT64_MAX, 0x100000002, -7 };
#define EACH(i, list) for (size_t i = 0; i < sizeof(list) / sizeof(*(list)); i++)

/* Its end is that of what can be read. */
static char *edge;

static char control[512];

static void plain_writes(int fd)
{
	static const char *const texts[] = {
		"42",	     "", "abc\\\"\n\t\v\f\r\a\b\033\177\200\377", "\0017\0018\0370\0379",
		"<>'%s/**/",
	};
	static const int fds[] = { -1, -100, 9999 };

	EACH(i, texts)
	{
		CALL(write, fd, texts[i], strlen(texts[i]));
		CALL(write, fd, texts[i], strlen(texts[i]) + 1);
	}
	for (int len = 0; len <= 512; len = len ? 2 * len : 1)
		CALL(write, fd, control, len);
	for (int len = 31; len <= 34; len++) {
		CALL(write, fd, control, len);
		CALL(write, fd, edge - len, 33);
		CALL(write, fd, edge - len, 32);
	}
	CALL(write, fd, edge, 1);
	CALL(write, fd, edge - 5, 10);
	CALL(write, fd, NULL, 0);
	CALL(write, fd, NULL, 5);
	CALL(write, fd, 1L, 0);
	CALL(write, fd, 1L, 5);
	CALL(write, fd, -1L, 5);
	EACH(i, fds)
	CALL(write, fds[i], "42", 2);
	CALL(write, 0x100000000 | fd, "42", 2);
	EACH(i, huge)
	{
		CALL(write, fd, "42", huge[i]);
		CALL(pwrite64, fd, "42", 2, huge[i]);
	}
	CALL(pwrite64, fd, "42", 2, 7);
	CALL(pwrite64, fd, NULL, 2, 7);
}

static void vectors(int fd)
{
	static const long counts[] = {
		0,	  1,	2,  31,		32,	  33,	    1023,
		1024,	  1025, -1, 0xfffffffL, 1L << 60, 1L << 32, (1L << 32) + 1,
		INT64_MAX
	};
	static const int flags[] = { 0, 1, 2, 4, 8, 0x10, 0x20, 0x1f, 0xff, 0x100, -1 };
	static struct iovec v[1100];
	struct iovec *at_edge = (struct iovec *)(edge - 2 * sizeof(*v));

	EACH(i, v)
	v[i] = (struct iovec){ &control['0'], 1 + i % 4 };
	EACH(i, counts)
	{
		CALL(writev, fd, v, counts[i]);
		CALL(writev, fd, NULL, counts[i]);
		CALL(writev, fd, 1L, counts[i]);
		CALL(writev, 9999, v, counts[i]);
		CALL(pwritev, fd, v, counts[i], 5, 0);
	}
	v[0] = (struct iovec){ control, 100 };
	v[1] = (struct iovec){ NULL, 0 };
	v[2] = (struct iovec){ (void *)1, 0 };
	v[3] = (struct iovec){ (void *)1, 5 };
	v[4] = (struct iovec){ edge - 4, 8 };
	v[5] = (struct iovec){ control, -1 };
	for (int count = 1; count <= 6; count++)
		CALL(writev, fd, v, count);
	at_edge[0] = at_edge[1] = v[0];
	for (int count = 0; count <= 4; count++) {
		CALL(writev, fd, at_edge, count);
		CALL(writev, fd, at_edge + 1, count);
		CALL(writev, fd, at_edge + 2, count);
		CALL(writev, fd, (char *)at_edge + 24, count);
	}
	CALL(writev, fd, at_edge, 1025);
	EACH(i, huge)
	{
		CALL(pwritev, fd, v, 1, huge[i], huge[i]);
		CALL(pwritev2, fd, v, 1, huge[i], 0, 0);
	}
	EACH(i, flags)
	CALL(pwritev2, fd, v, 1, 7, 0, flags[i]);
}

/* Sets both offsets that the next call points to. */
static loff_t *at(loff_t *offset, loff_t value)
{
	*offset = value;
	return offset;
}

static void copies(int from, int to)
{
	static const int flags[] = { 0, 1, 2, 4, 8, 0xf, 0x10, 0x18, -1 };
	struct iovec v[2] = { { &control['0'], 2 }, { &control['a'], 2 } };
	loff_t in, out;
	int ends[2];

	if (pipe2(ends, O_NONBLOCK))
		_exit(99);
	CALL(sendfile, to, from, NULL, 5);
	CALL(sendfile, to, from, at(&in, 3), 5);
	CALL(sendfile, to, from, at(&in, 3), 0);
	CALL(sendfile, to, from, at(&in, 1 << 20), 5);
	CALL(sendfile, to, from, 1L, 5);
	CALL(sendfile, to, from, edge - 4, 5);
	CALL(sendfile, 9999, from, at(&in, 3), -1L);
	CALL(sendfile, to, 9999, at(&in, 3), INT64_MIN);
	EACH(i, huge)
	{
		CALL(sendfile, to, from, at(&in, huge[i]), 5);
		CALL(splice, from, at(&in, huge[i]), ends[1], NULL, 5, 0);
		CALL(copy_file_range, from, at(&in, huge[i]), to, at(&out, 3), huge[i], 0);
	}
	EACH(i, flags)
	{
		CALL(splice, from, at(&in, 3), ends[1], NULL, 5, flags[i]);
		CALL(splice, ends[0], NULL, to, at(&out, 9), 5, flags[i]);
		CALL(splice, ends[0], NULL, to, NULL, 5, flags[i]);
		CALL(vmsplice, ends[1], v, 2, flags[i]);
		CALL(copy_file_range, from, at(&in, 0), to, at(&out, 9), 5, flags[i]);
	}
	CALL(splice, ends[0], at(&in, 3), to, at(&out, 4), 5, 0);
	CALL(splice, ends[0], NULL, to, 1L, 5, 0);
	CALL(splice, ends[0], NULL, to, NULL, 0, 0);
	CALL(splice, from, NULL, to, NULL, 5, 0);
	CALL(splice, 9999, NULL, -1, NULL, 5, 0);
	CALL(vmsplice, to, v, 2, 0);
	CALL(vmsplice, ends[1], v, -1L, 0);
	CALL(vmsplice, ends[1], 1L, 1, 0);
	CALL(copy_file_range, from, NULL, to, NULL, 5, 0);
	CALL(copy_file_range, from, 1L, to, edge, 5, 0);
	CALL(copy_file_range, from, at(&in, 1 << 20), to, NULL, 5, 0);
	close(ends[0]);
	CALL(write, ends[1], "42", 2);
	close(ends[1]);
}

static void opens(int dir)
{
	static const int flags[] = { 0, O_CREAT, O_CREAT | O_EXCL, 04, 010, -1, 0x7fffffff };
	static const int modes[] = { 0, 7, 077, 0644, 04777, 0177777, -1 };
	static const long sizes[] = { 0, 16, 23, 24, 25, 32, 64, 4096, 4097 };
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0640 };
	char more[8192] = "";

	EACH(i, flags)
	{
		CALL(open, "f", O_WRONLY | flags[i], 0644);
		CALL(openat, dir, "f", O_RDWR | flags[i], 0644);
		CALL(openat, AT_FDCWD, "missing/f", O_ACCMODE | flags[i], 0644);
	}
	for (int bit = 4; bit; bit <<= 1)
		CALL(open, "missing/f", O_WRONLY | bit, 0600);
	CALL(open, "missing/f", O_RDWR | O_SYNC | O_DIRECT | O_NOFOLLOW | O_CLOEXEC | O_DIRECTORY);
	CALL(open, "missing/f", O_RDWR | O_DSYNC | O_NONBLOCK | O_PATH | O_ASYNC | O_TMPFILE, 0);
	EACH(i, modes)
	{
		close(CALL(open, "f", O_WRONLY | O_CREAT, modes[i]));
		close(CALL(creat, "f", modes[i]));
		close(CALL(open, ".", O_RDWR | O_TMPFILE, modes[i]));
		how.mode = modes[i];
		close(CALL(openat2, dir, "f", &how, sizeof(how)));
	}
	CALL(openat, -7, "f", O_WRONLY);
	CALL(openat, dir, "/nowhere/f", O_WRONLY);
	CALL(openat, 0x100000000 | dir, "", 0x100000000 | O_WRONLY);
	how = (struct open_how){ .flags = O_RDWR };
	for (uint64_t bit = 1; bit; bit <<= 1) {
		how.resolve = bit;
		close(CALL(openat2, AT_FDCWD, "f", &how, sizeof(how)));
	}
	how.resolve = 0;
	for (uint64_t bit = 4; bit; bit <<= 1) {
		how.flags = bit | O_RDWR;
		CALL(openat2, 9999, "f", &how, sizeof(how));
	}
	how = (struct open_how){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	CALL(openat2, dir, "f", &how, sizeof(how));
	how = (struct open_how){ .flags = O_RDWR };
	memcpy(more, &how, sizeof(how));
	EACH(i, sizes)
	{
		close(CALL(openat2, dir, "f", more, sizes[i]));
		more[28] = 'A';
		close(CALL(openat2, dir, "f", more, sizes[i]));
		more[28] = '\0';
	}
	memcpy(edge - sizeof(how), &how, sizeof(how));
	CALL(openat2, dir, "f", edge - sizeof(how), 24);
	CALL(openat2, dir, "f", edge - sizeof(how), 32);
}

static void handles(int dir)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int id;

	if (name_to_handle_at(AT_FDCWD, "f", &handle.head, &id, 0))
		return;
	CALL(open_by_handle_at, dir, &handle, O_RDWR);
	CALL(open_by_handle_at, AT_FDCWD, &handle, O_WRONLY | O_APPEND);
	CALL(open_by_handle_at, 9999, &handle, O_WRONLY);
	CALL(open_by_handle_at, dir, NULL, O_WRONLY);
	CALL(open_by_handle_at, dir, 1L, -1L);
	handle.head.handle_bytes = 0;
	handle.head.handle_type = -3;
	CALL(open_by_handle_at, dir, &handle, O_WRONLY);
}

static void syncs(int fd)
{
	CALL(fsync, fd);
	CALL(fdatasync, fd);
	CALL(syncfs, fd);
	CALL(sync, 0);
	CALL(fsync, 9999);
	CALL(fsync, 0x8000000000000000 | fd);
	CALL(sync_file_range, fd, 1, 2, 7);
	for (long bit = 1; bit < 1L << 33; bit <<= 1)
		CALL(sync_file_range, fd, -bit, bit, bit);
	EACH(i, huge)
	{
		CALL(sync_file_range, fd, huge[i], huge[i], huge[i]);
		CALL(ftruncate, fd, huge[i]);
		CALL(truncate, "f", huge[i]);
		CALL(fallocate, fd, huge[i], huge[i], huge[i]);
	}
	CALL(ftruncate, fd, 5);
	CALL(ftruncate, -1, 5);
	CALL(truncate, "f", 5);
	CALL(truncate, "f/f", 5);
	CALL(fallocate, fd, 0, 0, 10);
	for (long bit = 1; bit < 1L << 32; bit <<= 1)
		CALL(fallocate, fd, bit, 0, 10);
	CALL(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10);
}

static void names(int dir)
{
	static char lengths[5000];
	static const int sizes[] = { 1, 32, 33, 255, 256, 4094, 4095, 4096, 4097, 4999 };
	const char *const pointers[] = { "",
					 NULL,
					 (char *)1,
					 edge,
					 (char *)-1L,
					 "x\n\"\\<>\1"
					 "7\377" };

	memset(lengths, 'n', sizeof(lengths));
	EACH(i, sizes)
	{
		lengths[sizes[i]] = '\0';
		CALL(unlink, lengths);
		CALL(rename, lengths, lengths);
		lengths[sizes[i]] = 'n';
	}
	memcpy(edge - 4, "abcd", 4);
	CALL(unlink, edge - 4);
	EACH(i, pointers)
	{
		CALL(unlink, pointers[i]);
		CALL(unlinkat, dir, pointers[i], 0);
		CALL(truncate, pointers[i], 1);
		CALL(open, pointers[i], O_WRONLY);
		CALL(creat, pointers[i], 0600);
		CALL(rename, pointers[i], "f");
		CALL(rename, "missing", pointers[i]);
		CALL(renameat, dir, pointers[i], AT_FDCWD, pointers[i]);
	}
	CALL(rename, "f", "g");
	CALL(renameat, AT_FDCWD, "g", dir, "f");
	CALL(renameat, 9999, "g", -1, "f");
	CALL(renameat2, dir, "f", dir, "g", 0);
	CALL(renameat2, dir, "g", 0xffffff9c, "f", 1);
	for (long bit = 1; bit < 1L << 33; bit <<= 1) {
		CALL(renameat2, dir, "missing", 9999, "missing", bit);
		CALL(unlinkat, dir, "missing", bit);
	}
	CALL(renameat2, dir, "missing", dir, "missing", -1L);
	CALL(unlinkat, dir, "missing", -1L);
}

/* What stands behind a descriptor, between < and >. */
static void files(int dir)
{
	static const char *const odd[] = { "x (deleted)", "a>b<c\"\\'\303\274\n\t\0017\1:", "x>7",
					   " " };
	struct iovec text = { &control['0'], 4 };
	int fd, ends[2];

	EACH(i, odd)
	{
		fd = CALL(open, odd[i], O_WRONLY | O_CREAT, 0600);
		CALL(fsync, fd);
		unlink(odd[i]);
		CALL(writev, fd, &text, 1);
		CALL(close, fd);
	}
	/* A name of two that is gone, and one that another file has now. */
	fd = CALL(open, "one", O_WRONLY | O_CREAT, 0600);
	if (link("one", "two") || unlink("one"))
		_exit(99);
	CALL(fsync, fd);
	close(CALL(open, "one", O_WRONLY | O_CREAT, 0600));
	CALL(write, fd, "42", 2);
	close(fd);
	fd = CALL(open, "one", O_WRONLY);
	CALL(rename, "two", "one");
	CALL(write, fd, "42", 2);
	CALL(dup3, fd, 200, 0);
	CALL(dup3, fd, 200, 0);
	CALL(dup2, fd, 200);
	CALL(dup2, dir, fd);
	CALL(dup3, 200, fd, O_CLOEXEC);
	CALL(dup3, fd, 200, 0);
	CALL(close, fd);
	CALL(close, 200);

	const int others[] = { memfd_create("mem>fd", 0),
			       eventfd(0, 0),
			       epoll_create(1),
			       timerfd_create(CLOCK_MONOTONIC, 0),
			       socket(AF_UNIX, SOCK_STREAM, 0),
			       (int)syscall(SYS_pidfd_open, getpid(), 0),
			       CALL(open, "/dev/full", O_WRONLY),
			       CALL(open, "/dev/null", O_RDWR) };

	EACH(i, others)
	{
		CALL(fsync, others[i]);
		CALL(write, others[i], "42424242", 8);
		CALL(write, others[i], "4", 1);
		close(others[i]);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		_exit(99);
	CALL(write, ends[0], "42", 2);
	close(ends[1]);
	CALL(write, ends[0], "42", 2);
	close(ends[0]);

	if (mkdir("gone", 0700) || chdir("gone") || rmdir("../gone"))
		_exit(99);
	CALL(openat, AT_FDCWD, "f", O_WRONLY | O_CREAT, 0644);
	CALL(unlinkat, AT_FDCWD, "f", 0);
	CALL(fchdir, dir);
	fd = CALL(open, "gone2", O_WRONLY);
	if (mkdir("gone2", 0700))
		_exit(99);
	fd = CALL(open, "gone2", O_RDONLY | O_DIRECTORY);
	rmdir("gone2");
	CALL(openat, fd, "f", O_WRONLY | O_CREAT, 0644);
	CALL(fsync, fd);
	CALL(fchdir, dir);
}

static void handler(int signal)
{
	(void)signal;
}

/* A write into a pipe that is full, which a signal ends, or interrupts for a while. */
static void interrupted(void)
{
	const struct sigaction restarts = { .sa_handler = handler, .sa_flags = SA_RESTART };
	const struct sigaction ends = { .sa_handler = handler };
	const struct itimerspec soon = { .it_value.tv_nsec = 50000000 };
	static char page[65536];
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t timer;
	int pipes[2];
	pid_t child;

	if (pipe(pipes) || timer_create(CLOCK_MONOTONIC, &event, &timer))
		_exit(99);
	CALL(write, pipes[1], page, sizeof(page));
	sigaction(SIGUSR1, &ends, NULL);
	timer_settime(timer, 0, &soon, NULL);
	CALL(write, pipes[1], page, sizeof(page));
	sigaction(SIGUSR1, &restarts, NULL);
	timer_settime(timer, 0, &soon, NULL);
	child = fork();
	if (!child) {
		/* Until the other one has been interrupted. */
		usleep(200000);
		_exit(read(pipes[0], page, sizeof(page)) <= 0);
	}
	CALL(write, pipes[1], page, sizeof(page));
	waitpid(child, NULL, 0);
	close(pipes[0]);
	CALL(write, pipes[1], page, 1);
	close(pipes[1]);
}

/* Every errno: a sandbox can answer with any of them. */
static void refused(int fd, int err)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(*code), code };
	pid_t child = fork();

	if (!child) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
			_exit(99);
		CALL(fdatasync, fd);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	int fd, other, dir;

	if (argc < 2 || argc > 3 || chdir(argv[1])) {
		fprintf(stderr, "usage: write_args DIR [errors]\n");
		return 99;
	}
	signal(SIGPIPE, SIG_IGN);
	edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (edge == MAP_FAILED || munmap(edge + 4096, 4096))
		_exit(99);
	edge += 4096;
	memset(edge - 4096, 'e', 4096);
	for (size_t i = 0; i < sizeof(control); i++)
		control[i] = (char)i;

	fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
	other = open("other", O_RDWR | O_CREAT | O_TRUNC, 0644);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	if (argc == 3) {
		for (int err = 0; err < 540; err++)
			refused(fd, err);
		refused(fd, 4095);
		return 0;
	}
	plain_writes(fd);
	vectors(fd);
	copies(fd, other);
	syncs(fd);
	opens(dir);
	handles(dir);
	names(dir);
	files(dir);
	interrupted();
	return 0;
}
