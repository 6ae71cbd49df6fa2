/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * calls DIR: every system call that opens, in every way it succeeds and
 * fails, in the empty directory DIR (an absolute path). Run it as root.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "say.h"

#ifdef SYS_open
#define OPEN(path, flags, mode) say("open", path, (int)syscall(SYS_open, path, flags, mode))
#define CREAT(path, mode) say("creat", path, (int)syscall(SYS_creat, path, mode))
#else /* newer architectures have neither */
#define OPEN(path, flags, mode) OPENAT(AT_FDCWD, path, flags, mode)
#define CREAT(path, mode) OPENAT(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode)
#endif
#define OPENAT(dir, path, flags, mode) \
	say("openat", path, (int)syscall(SYS_openat, dir, path, flags, mode))

static int openat2_how(int dir, const char *path, __u64 flags, __u64 mode, __u64 resolve,
		       size_t size)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return say("openat2", path, (int)syscall(SYS_openat2, dir, path, &how, size));
}

#define OPENAT2(dir, path, flags, mode, resolve) \
	openat2_how(dir, path, flags, mode, resolve, sizeof(struct open_how))

static void make_things(void)
{
	if (mkdir("dir", 0755) || mkdir("secret", 0700) || symlink("file", "link") ||
	    symlink("loop", "loop") || symlink("nowhere", "dangling") || mkfifo("fifo", 0600) ||
	    mkfifo("unread", 0600))
		die("calls: cannot make the files");
}

static void successes(int dirfd)
{
	char number[64];
	int fd;

	CREAT("file", 0640);
	OPEN("file", O_RDONLY, 0);
	OPEN("link", O_RDONLY | O_CLOEXEC, 0);
	OPEN("dir", O_RDONLY | O_DIRECTORY, 0);
	OPEN("fifo", O_RDONLY | O_NONBLOCK, 0);
	OPEN("link", O_PATH | O_NOFOLLOW, 0);
	OPENAT(AT_FDCWD, "new", O_RDWR | O_CREAT | O_EXCL, 0600);
	OPENAT(dirfd, "in-dir", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	OPENAT(dirfd, "../file", O_RDONLY, 0);
	OPENAT(-1, "/dev/null", O_WRONLY, 0); /* dirfd is not looked at */
	fd = OPENAT(AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);
	snprintf(number, sizeof(number), "/proc/self/fd/%d", fd);
	OPEN(number, O_RDONLY, 0);
	OPENAT2(AT_FDCWD, "file", O_RDONLY | O_CLOEXEC, 0, 0);
	OPENAT2(dirfd, "in-dir", O_WRONLY, 0, RESOLVE_BENEATH);

	fd = memfd_create("memory", 0);
	snprintf(number, sizeof(number), "/proc/self/fd/%d", fd);
	OPEN(number, O_RDWR, 0);

	fd = OPEN("gone", O_RDWR | O_CREAT, 0600);
	unlink("gone");
	snprintf(number, sizeof(number), "/proc/self/fd/%d", fd);
	OPEN(number, O_RDONLY, 0);
}

static void failures(int dirfd)
{
	struct rlimit limit, none = { 0, 0 };
	char component[300];

	OPEN("missing", O_RDONLY, 0);
	OPEN("dangling", O_RDONLY, 0);
	OPEN("", O_RDONLY, 0);
	OPEN("dir", O_WRONLY, 0);
	OPEN("loop", O_RDONLY, 0);
	OPEN("link", O_RDONLY | O_NOFOLLOW, 0);
	OPEN("file/below", O_RDONLY, 0);
	OPEN("file", O_RDONLY | O_DIRECTORY, 0);
	OPEN("file", O_RDWR | O_CREAT | O_EXCL, 0600);
	OPEN("unread", O_WRONLY | O_NONBLOCK, 0);
	CREAT("dir", 0600);
	CREAT("missing/file", 0600);
	OPENAT(77777, "relative", O_RDONLY, 0);
	OPENAT(dirfd, "missing", O_RDONLY, 0);
	OPENAT2(dirfd, "../file", O_RDONLY, 0, RESOLVE_BENEATH);
	OPENAT2(AT_FDCWD, "link", O_RDONLY, 0, RESOLVE_NO_SYMLINKS);
	OPENAT2(AT_FDCWD, "file", O_RDONLY, 0, 1ULL << 60);
	openat2_how(AT_FDCWD, "file", O_RDONLY, 0, 0, 1);

	memset(component, 'c', sizeof(component));
	component[256] = '\0';
	OPEN(component, O_RDONLY, 0);

	if (seteuid(65534))
		die("calls: seteuid");
	OPEN("secret/file", O_RDONLY, 0);
	OPENAT(AT_FDCWD, "forbidden", O_WRONLY | O_CREAT, 0600);
	if (seteuid(0))
		die("calls: seteuid");

	getrlimit(RLIMIT_NOFILE, &limit);
	none.rlim_max = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	OPEN("file", O_RDONLY, 0);
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Names as long as can be, and names that end at the last readable byte. */
static void edges(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len, i;
	char *area, *name, longest[4096];

	for (i = 0; i < sizeof(longest) - 1; i += 2)
		memcpy(longest + i, "./", 2);
	memcpy(longest + sizeof(longest) - 6, "/file", 6);
	OPEN(longest, O_RDONLY, 0);
	memcpy(longest + sizeof(longest) - 6, "/none", 6);
	OPENAT(AT_FDCWD, longest, O_RDONLY, 0);

	area = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED || munmap(area + 2 * page, page))
		die("calls: mmap");
	for (len = 1; len <= 64; len *= 4) {
		name = area + 2 * page - len - 1;
		memset(name, 'e', len);
		name[len] = '\0';
		OPEN(name, O_RDONLY, 0);
	}
	/* across two pages */
	name = area + page - 8;
	strcpy(name, "spanning-two-pages");
	OPEN(name, O_RDONLY, 0);

	say("openat", NULL, (int)syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY));
	say("openat", NULL, (int)syscall(SYS_openat, AT_FDCWD, (char *)1, O_RDONLY));
	say("openat", NULL, (int)syscall(SYS_openat, AT_FDCWD, (char *)-4096L, O_RDONLY));
	/* readable, but no NUL before the end of what is mapped */
	memset(area + 2 * page - 4, 'x', 4);
	say("openat", NULL, (int)syscall(SYS_openat, AT_FDCWD, area + 2 * page - 4, O_RDONLY));
}

static void handles(const char *dir)
{
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle = { .head.handle_bytes = MAX_HANDLE_SZ };
	int id, mount = open(".", O_RDONLY | O_DIRECTORY);
	char full[4096];

	say("openat", ".", mount);
	snprintf(full, sizeof(full), "%s/file", dir);
	if (name_to_handle_at(AT_FDCWD, "file", &handle.head, &id, 0)) {
		fprintf(stderr, "calls: no file handles here: %s\n", strerror(errno));
		return;
	}
	say("open_by_handle_at", full,
	    (int)syscall(SYS_open_by_handle_at, mount, &handle, O_RDONLY));
	say("open_by_handle_at", NULL,
	    (int)syscall(SYS_open_by_handle_at, 77777, &handle, O_RDONLY));
	say("open_by_handle_at", NULL, (int)syscall(SYS_open_by_handle_at, mount, NULL, O_RDONLY));
	memset(handle.head.f_handle, 0x55, handle.head.handle_bytes);
	say("open_by_handle_at", NULL,
	    (int)syscall(SYS_open_by_handle_at, mount, &handle, O_RDONLY));
}

/* A call that a sandbox refuses has been made all the same. */
static void refused(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		die("calls: seccomp");
	OPENAT(AT_FDCWD, "refused", O_RDONLY, 0);
}

int main(int argc, char **argv)
{
	int dirfd;

	if (argc != 2 || chdir(argv[1])) {
		fprintf(stderr, "usage: calls DIR\n");
		return 99;
	}
	make_things();
	say_begin();
	dirfd = OPENAT(AT_FDCWD, "dir", O_RDONLY | O_DIRECTORY, 0);
	successes(dirfd);
	failures(dirfd);
	edges();
	handles(argv[1]);
	refused();
	return 0;
}
