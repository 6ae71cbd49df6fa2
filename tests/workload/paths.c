/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * paths DIR          opens whose path asked for is not the path of what is
 *                    opened, below the empty directory DIR (absolute, no
 *                    symlinks in it)
 * paths DIR special  opens of what has no path of its own
 * Each line has the true path in place of the one asked for; of a failed open
 * the latter joined to its directory. Needs root: it mounts things, in a mount
 * namespace of its own.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "say.h"

#define DEEP 70

static char top[256];

/* @full: below the top directory, or absolute. */
static int look(int dir, const char *path, int flags, const char *full)
{
	int fd = (int)syscall(SYS_openat, dir, path, flags, 0600), err = errno;
	char expected[8192];

	if (*full == '/')
		snprintf(expected, sizeof(expected), "%s", full);
	else
		snprintf(expected, sizeof(expected), "%s/%s", top, full);
	return say_n("openat", fd, err, expected, strlen(expected));
}

static void make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0644);

	if (fd < 0)
		die(path);
	close(fd);
}

static void make_things(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		die("paths: a mount namespace");
	if (mkdir("dir", 0755) || mkdir("dir/sub", 0755) || mkdir("bound", 0755) ||
	    mkdir("mem", 0755) || mkdir("jail", 0755) || mkdir("jail/etc", 0755) ||
	    mkdir("new\nline", 0755))
		die("paths: mkdir");
	make("file");
	make("bound-file");
	make("dir/inner");
	make("jail/etc/inner");
	make("new\nline/\033[31m");
	if (symlink("file", "link") || symlink("dir", "dirlink") ||
	    symlink("dirlink/sub", "chain") || symlink("/etc", "jail/abs"))
		die("paths: symlink");
	if (mount("dir", "bound", NULL, MS_BIND, NULL) ||
	    mount("file", "bound-file", NULL, MS_BIND, NULL) ||
	    mount("paths", "mem", "tmpfs", 0, NULL))
		die("paths: mount");
	make("mem/one");
	if (mkdir("mem/sub", 0755) || mount("paths", "mem/sub", "tmpfs", 0, NULL))
		die("paths: mount");
	make("mem/sub/two");
}

static void usual(int dir)
{
	look(AT_FDCWD, "file", O_RDONLY, "file");
	look(dir, "inner", O_RDONLY, "dir/inner");
	look(dir, "./sub/..//inner", O_RDONLY, "dir/inner");
	look(dir, "../file", O_RDONLY, "file");
	look(AT_FDCWD, "link", O_RDONLY, "file");
	look(AT_FDCWD, "link", O_PATH | O_NOFOLLOW, "link");
	look(AT_FDCWD, "dirlink/inner", O_RDONLY, "dir/inner");
	look(AT_FDCWD, "chain/../inner", O_RDONLY, "dir/inner");
	look(AT_FDCWD, ".", O_RDONLY, top);
	look(AT_FDCWD, "/", O_RDONLY, "/");
	look(AT_FDCWD, "/..", O_RDONLY, "/");
	look(AT_FDCWD, "/dev/null", O_RDONLY, "/dev/null");
	look(AT_FDCWD, "new\nline/\033[31m", O_RDONLY, "new\nline/\033[31m");
	look(AT_FDCWD, "created", O_RDWR | O_CREAT, "created");
}

static void mounts(int dir)
{
	look(AT_FDCWD, "bound/inner", O_RDONLY, "bound/inner");
	look(AT_FDCWD, "bound", O_RDONLY, "bound");
	look(AT_FDCWD, "bound-file", O_RDONLY, "bound-file");
	look(AT_FDCWD, "mem/one", O_RDONLY, "mem/one");
	look(AT_FDCWD, "mem/sub/two", O_RDONLY, "mem/sub/two");
	look(AT_FDCWD, "mem/sub", O_RDONLY, "mem/sub");
	look(dir, "../mem/sub/../one", O_RDONLY, "mem/one");
}

static void failures(int dir)
{
	look(AT_FDCWD, "missing", O_RDONLY, "missing");
	look(dir, "missing", O_RDONLY, "dir/missing");
	look(AT_FDCWD, "/missing/file", O_RDONLY, "/missing/file");
	look(AT_FDCWD, "mem/missing", O_RDONLY, "mem/missing");
	if (fchdir(dir))
		die("paths: fchdir");
	look(AT_FDCWD, "missing-too", O_RDONLY, "dir/missing-too");
	look(AT_FDCWD, "inner", O_RDONLY, "dir/inner");
	if (chdir(".."))
		die("paths: chdir");
}

/* Deeper than a short walk can see; the path is still below PATH_MAX. */
static void deep(void)
{
	char full[4096] = "";
	int home = look(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, top), i;
	size_t n = 0;

	for (i = 0; i < DEEP; i++) {
		char name[16];

		snprintf(name, sizeof(name), "level-%d", i);
		if (mkdir(name, 0755) || chdir(name))
			die("paths: mkdir");
		n += (size_t)snprintf(full + n, sizeof(full) - n, "%s/", name);
	}
	snprintf(full + n, sizeof(full) - n, "leaf");
	look(AT_FDCWD, "leaf", O_RDWR | O_CREAT, full);
	if (fchdir(home))
		die("paths: fchdir");
}

static void overlay(void)
{
	if (mkdir("mem/upper", 0755) || mkdir("mem/work", 0755) || mkdir("merged", 0755))
		die("paths: mkdir");
	if (mount("paths", "merged", "overlay", 0,
		  "lowerdir=dir,upperdir=mem/upper,workdir=mem/work")) {
		perror("paths: no overlay");
		return;
	}
	look(AT_FDCWD, "merged/inner", O_RDONLY, "merged/inner");
	look(AT_FDCWD, "merged/made", O_RDWR | O_CREAT, "merged/made");
	look(AT_FDCWD, "merged/inner", O_RDWR, "merged/inner");
}

/* From the outside a jail is a directory like any other. */
static void in_chroot(void)
{
	pid_t pid = fork();

	if (!pid) {
		if (chroot("jail") || chdir("/"))
			die("paths: chroot");
		look(AT_FDCWD, "/etc/inner", O_RDONLY, "jail/etc/inner");
		look(AT_FDCWD, "etc/inner", O_RDONLY, "jail/etc/inner");
		look(AT_FDCWD, "/abs/inner", O_RDONLY, "jail/etc/inner");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* A container's root is the root of its mount namespace: nothing is above it. */
static void in_container(void)
{
	pid_t pid = fork();

	if (!pid) {
		if (unshare(CLONE_NEWNS) || mount("jail", "jail", NULL, MS_BIND, NULL) ||
		    chdir("jail") || syscall(SYS_pivot_root, ".", ".") ||
		    umount2(".", MNT_DETACH) || chdir("/"))
			die("paths: pivot_root");
		look(AT_FDCWD, "/etc/inner", O_RDONLY, "/etc/inner");
		look(AT_FDCWD, "abs/inner", O_RDONLY, "/etc/inner");
		look(AT_FDCWD, "missing", O_RDONLY, "/missing");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* What the kernel itself calls it, but for its remark that the file is gone. */
static int look_special(int dir, const char *path, int flags)
{
	char link[64], full[4096];
	int fd = (int)syscall(SYS_openat, dir, path, flags, 0600);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		die(path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, full, sizeof(full) - 1);
	full[n > 0 ? n : 0] = '\0';
	if (!fstat(fd, &st) && !st.st_nlink)
		full[n - (ssize_t)strlen(" (deleted)")] = '\0';
	return say_n("openat", fd, 0, full, strlen(full));
}

static int look_fd(int fd)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return look_special(AT_FDCWD, link, O_RDONLY | O_NONBLOCK);
}

static void special(void)
{
	int fd, ends[2];

	look_special(AT_FDCWD, ".", O_TMPFILE | O_RDWR);
	fd = memfd_create("memory", 0);
	look_fd(fd);
	fd = look(AT_FDCWD, "gone", O_RDWR | O_CREAT, "gone");
	unlink("gone");
	look_fd(fd);
	if (pipe(ends))
		die("paths: pipe");
	look_fd(ends[0]);
	mkdir("removed", 0755);
	fd = look(AT_FDCWD, "removed", O_RDONLY | O_DIRECTORY, "removed");
	rmdir("removed");
	look_special(fd, ".", O_RDONLY);
	/* a file that is called so, and is there */
	look_special(AT_FDCWD, "kept (deleted)", O_RDWR | O_CREAT);
}

int main(int argc, char **argv)
{
	int dir;

	if (argc < 2 || chdir(argv[1])) {
		fprintf(stderr, "usage: paths DIR [special]\n");
		return 99;
	}
	snprintf(top, sizeof(top), "%s", argv[1]);
	if (argc == 3) {
		say_begin();
		special();
		return 0;
	}
	make_things();
	dir = open("dir", O_RDONLY | O_DIRECTORY);
	say_begin();
	usual(dir);
	mounts(dir);
	failures(dir);
	overlay();
	in_chroot();
	in_container();
	deep();
	return 0;
}
