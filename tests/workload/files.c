/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * files DIR OUT [any]: what happens to files besides writes, in every way it
 * succeeds and fails, in the empty directory DIR: opens, syncs, new lengths,
 * new names, and all the ways in which a descriptor ends.  What writesnoop must
 * show of it goes into OUT, see rows.h; "any": if it shows everything.  Run it
 * as root.
 */
#define _GNU_SOURCE
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/openat2.h>
#include <sys/socket.h>
#include "rows.h"

static int make(const char *path)
{
	return open_told(path, O_RDWR | O_CREAT, 0600);
}

/* --- opens --- */

static int openat2_told(const char *path, __u64 flags, __u64 mode, __u64 resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return opened("openat2", path,
		      (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
}

static void opens(void)
{
	int fd, dir;

#ifdef SYS_creat /* newer architectures have none of the old ones */
	fd = opened("creat", "created", (int)syscall(SYS_creat, "created", 0640));
	close_told(fd);
	fd = opened("open", "created", (int)syscall(SYS_open, "created", O_WRONLY | O_APPEND));
	close_told(fd);
	opened("open", "missing/file", (int)syscall(SYS_open, "missing/file", O_WRONLY, 0));
	opened("creat", "missing/file", (int)syscall(SYS_creat, "missing/file", 0600));
#endif
	close_told(open_told("file", O_RDWR | O_CREAT | O_EXCL, 0600));
	open_told("file", O_RDWR | O_CREAT | O_EXCL, 0600);
	/* To be read only: nobody's business here, unless it cuts the file off. */
	close(open("file", O_RDONLY));
	close(open_told("file", O_RDONLY | O_TRUNC, 0));
	open_told("missing", O_WRONLY, 0);
	open_told(".", O_WRONLY, 0);
	open_told("", O_WRONLY, 0);
	open_told("file/below", O_RDWR, 0);
	close_told(openat2_told("file", O_RDWR, 0, 0));
	openat2_told("/etc/hostname", O_RDWR, 0, RESOLVE_BENEATH);
	openat2_told("file", O_RDWR, 0, 1ULL << 60);
	opened("openat", NULL, (int)syscall(SYS_openat, AT_FDCWD, (char *)1, O_WRONLY));

	/* A path below a descriptor, and one that does not care for it. */
	dir = open("sub", O_RDONLY | O_DIRECTORY);
	fd = opened("openat", "sub/inner",
		    (int)syscall(SYS_openat, dir, "inner", O_CREAT | O_WRONLY, 0600));
	close_told(fd);
	opened("openat", "sub/none", (int)syscall(SYS_openat, dir, "none", O_WRONLY));
	opened("openat", "/dev/full/x", (int)syscall(SYS_openat, 7777, "/dev/full/x", O_WRONLY));
	close(dir);
}

static void handles(void)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int id, mount = open(".", O_RDONLY | O_DIRECTORY), fd;

	if (!name_to_handle_at(AT_FDCWD, "file", &handle.head, &id, 0)) {
		fd = (int)syscall(SYS_open_by_handle_at, mount, &handle, O_RDWR);
		if (fd >= 0)
			close_told(opened("open_by_handle_at", "file", fd));
		fd = (int)syscall(SYS_open_by_handle_at, 7777, &handle, O_RDWR);
		row("open_by_handle_at", NONE, NONE, NONE, errno, NONE, NULL, NULL, NULL);
	}
	close(mount);
}

/* --- syncs and lengths --- */

static void syncs(void)
{
	int fd = make("synced"), dir = open(".", O_RDONLY | O_DIRECTORY), ro;

	done("fsync", fd, syscall(SYS_fsync, fd), NONE);
	done("fdatasync", fd, syscall(SYS_fdatasync, fd), NONE);
	done("sync_file_range", fd, syscall(SYS_sync_file_range, fd, 0L, 4096L, 2), 4096);
	done("sync_file_range", fd, syscall(SYS_sync_file_range, fd, 5L << 32, 1L << 33, 7),
	     1L << 33);
	done("sync_file_range", fd, syscall(SYS_sync_file_range, fd, 0L, 4096L, 999), 4096);
	done("syncfs", fd, syscall(SYS_syncfs, fd), NONE);
	ro = open("synced", O_RDONLY);
	done("fsync", ro, syscall(SYS_fsync, ro), NONE);
	close(ro);
	/* The names in it. */
	done("fsync", dir, syscall(SYS_fsync, dir), NONE);
	close(dir);
	syscall(SYS_sync);
	row("sync", NONE, NONE, NONE, 0, NONE, NULL, NULL, NULL);
	close_told(fd);
}

static void lengths(void)
{
	int fd = make("length"), ro;

	done("ftruncate", fd, syscall(SYS_ftruncate, fd, 5000L), 5000);
	done("ftruncate", fd, syscall(SYS_ftruncate, fd, 6L << 32), 6L << 32);
	done("ftruncate", fd, syscall(SYS_ftruncate, fd, 0L), 0);
	done("ftruncate", fd, syscall(SYS_ftruncate, fd, -1L), -1);
	done("fallocate", fd, syscall(SYS_fallocate, fd, 0, 10L, 20000L), 20000);
	done("fallocate", fd,
	     syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0L, 4096L),
	     4096);
	done("fallocate", fd, syscall(SYS_fallocate, fd, 0, 0L, 0L), 0);
	done("fallocate", fd, syscall(SYS_fallocate, fd, 1 << 30, 0L, 4096L), 4096);
	close_told(fd);
	ro = open("length", O_RDONLY);
	done("ftruncate", ro, syscall(SYS_ftruncate, ro, 5L), 5);
	done("fallocate", ro, syscall(SYS_fallocate, ro, 0, 0L, 5L), 5);
	close(ro);
	named("truncate", "length", NULL, (int)syscall(SYS_truncate, "length", 123L), 123);
	named("truncate", "length", NULL, (int)syscall(SYS_truncate, "length", -123L), -123);
	named("truncate", "missing", NULL, (int)syscall(SYS_truncate, "missing", 0L), 0);
	named("truncate", "sub", NULL, (int)syscall(SYS_truncate, "sub", 0L), 0);
	named("truncate", NULL, NULL, (int)syscall(SYS_truncate, (char *)1, 7L), 7);
}

/* --- names --- */

static void names(void)
{
	int fd = make("old"), dir = open("sub", O_RDONLY | O_DIRECTORY);

#ifdef SYS_rename
	named("rename", "old", "new", (int)syscall(SYS_rename, "old", "new"), NONE);
	wrote("write", fd, syscall(SYS_write, fd, "renamed", 7), 7, 0);
	named("rename", "missing", "new", (int)syscall(SYS_rename, "missing", "new"), NONE);
	named("rename", "new", "sub", (int)syscall(SYS_rename, "new", "sub"), NONE);
	named("rename", "new", "old", (int)syscall(SYS_rename, "new", "old"), NONE);
#else
	wrote("write", fd, syscall(SYS_write, fd, "renamed", 7), 7, 0);
#endif
	named("renameat", "old", "sub/moved",
	      (int)syscall(SYS_renameat, AT_FDCWD, "old", dir, "moved"), NONE);
	wrote("write", fd, syscall(SYS_write, fd, "moved", 5), 5, 7);
	named("renameat2", "sub/moved", "sub/inner",
	      (int)syscall(SYS_renameat2, dir, "moved", dir, "inner", 1), NONE); /* NOREPLACE */
	named("renameat2", "sub/moved", "file",
	      (int)syscall(SYS_renameat2, dir, "moved", AT_FDCWD, "file", 2), NONE); /* EXCHANGE */
	wrote("write", fd, syscall(SYS_write, fd, "file", 4), 4, 12);
	/* A descriptor that is none. */
	syscall(SYS_renameat2, 7777, "relative", 7777, "/absolute/but/none", 0);
	row("renameat2", NONE, NONE, NONE, errno, NONE, "?/relative", "/absolute/but/none", NULL);
#ifdef SYS_unlink
	named("unlink", "file", NULL, (int)syscall(SYS_unlink, "file"), NONE);
	wrote("write", fd, syscall(SYS_write, fd, "gone", 4), 4, 16);
	named("unlink", "file", NULL, (int)syscall(SYS_unlink, "file"), NONE);
	named("unlink", "sub", NULL, (int)syscall(SYS_unlink, "sub"), NONE);
#endif
	close_told(fd);
	named("unlinkat", "sub/moved", NULL, (int)syscall(SYS_unlinkat, dir, "moved", 0), NONE);
	named("unlinkat", "sub/moved", NULL, (int)syscall(SYS_unlinkat, dir, "moved", 0), NONE);
	named("unlinkat", "sub", NULL, (int)syscall(SYS_unlinkat, AT_FDCWD, "sub", AT_REMOVEDIR),
	      NONE);
	named("unlinkat", NULL, NULL, (int)syscall(SYS_unlinkat, AT_FDCWD, NULL, 0), NONE);
	mkdir("empty", 0700);
	named("unlinkat", "empty", NULL,
	      (int)syscall(SYS_unlinkat, AT_FDCWD, "empty", AT_REMOVEDIR), NONE);
	close(dir);
}

/* --- ends of descriptors --- */

static void closes(void)
{
	int fd = make("closed"), two, three, high;

	two = dup(fd);
	high = fcntl(two, F_DUPFD, 50);
	wrote("write", two, syscall(SYS_write, two, "by a copy", 9), 9, 0);
	close_told(fd);
	/* Nothing is closed where nothing was open, and nothing where nothing changes. */
	if (dup2(two, two) != two || syscall(SYS_dup3, two, two, 0) >= 0 ||
	    syscall(SYS_dup3, 7777, two, 0) >= 0)
		die("files: dup2");
	three = make("other");
	ends(high, "(dup3)", 0);
	syscall(SYS_dup3, three, high, O_CLOEXEC);
#ifdef SYS_dup2
	ends(two, "(dup2)", 1);
	syscall(SYS_dup2, three, two);
#else
	ends(two, "(dup3)", 1);
	syscall(SYS_dup3, three, two, 0);
#endif
	wrote("write", two, syscall(SYS_write, two, "another file", 12), 12, 0);
	close_told(three);
	ends(two, "(close_range)", 0);
	ends(high, "(close_range)", 1);
	syscall(SYS_close_range, two, 100, 0);
	/* What is to end later goes on. */
	fd = make("later");
	syscall(SYS_close_range, fd, fd, CLOSE_RANGE_CLOEXEC);
	close_told(fd);
}

/* Many, with gaps. */
static void exits(void)
{
	int fd = make("at-exit"), i;

	open("length", O_RDONLY);
	for (i = 0; i < 200; i++)
		if (dup(fd) < 0)
			die("files: dup");
	for (i = 20; i < 200; i += 7)
		close_told(i);
	all_end("(exit)", ALL, 0);
}

static void killed(void)
{
	make("at-kill");
	all_end("(exit)", ALL, 0);
	kill(getpid(), SIGKILL);
}

static void executes(void)
{
	make("kept");
	open_told("dropped", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	all_end("(exec)", WITH_CLOEXEC, 0);
	all_end("(exit)", WITHOUT_CLOEXEC, 0);
	execl("/bin/true", "true", NULL);
	_exit(1);
}

static void a_second_holder(void)
{
	int fd = make("shared");

	/* The child ends, and its descriptor does: the file is open as it was. */
	if (!fork()) {
		wrote("write", fd, syscall(SYS_write, fd, "child", 5), 5, 0);
		all_end("(exit)", ALL, 1);
		_exit(0);
	}
	wait(NULL);
	wrote("write", fd, syscall(SYS_write, fd, "parent", 6), 6, 5);
	close_told(fd);
}

/* --- a descriptor that was sent --- */

static void send_fd(int to, int fd)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	if (sendmsg(to, &message, 0) != 1)
		die("files: sendmsg");
}

static int receive_fd(int from)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd;

	if (recvmsg(from, &message, 0) != 1)
		die("files: recvmsg");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void sent(void)
{
	int pair[2], fd = make("sent"), there;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("files: socketpair");
	send_fd(pair[0], fd);
	close_told(fd);
	if (!fork()) {
		there = receive_fd(pair[1]);
		wrote("write", there, syscall(SYS_write, there, "from far", 8), 8, 0);
		all_end("(exit)", ALL, 0);
		_exit(0);
	}
	wait(NULL);
	close_told(pair[0]);
	close_told(pair[1]);
}

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: files DIR OUT [any]\n");
		return 99;
	}
	rows_any = argc > 3;
	rows_begin(argv[1]);
	if (mkdir("sub", 0700))
		die("files: mkdir");
	opens();
	handles();
	syncs();
	lengths();
	names();
	closes();
	in_child(exits);
	in_child(executes);
	a_second_holder();
	sent();
	pid = fork();
	if (!pid)
		killed();
	waitpid(pid, NULL, 0);
	rows_end(argv[2]);
}
