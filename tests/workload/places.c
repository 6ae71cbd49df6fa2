/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * places DIR OUT: writes to files that are elsewhere than was asked for, below
 * the empty directory DIR: through links, mounts, jails and namespaces, far
 * down, renamed, deleted, and with names that were chosen to do harm.  What
 * writesnoop must show of it goes into OUT, see rows.h.  Needs root: it mounts
 * things, in a mount namespace of its own.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include "rows.h"

#define DEEP 60

static const char *const hostile[] = {
	"new\nline",
	"tab\tand\rreturn",
	"esc\033[31mred\033[0m\033]0;title\007",
	"c1-utf8\302\23331m",
	"c1-raw\23331m",
	"bidi\342\200\256txt.exe",
	"invalid\377\376\xc0\xaf",
	"backslash\\n\\033\\",
	"quotes\"'`$(reboot);|&<>*?",
	" leading and trailing ",
	"%s%n%d",
	"pipe:[12345]",
	"-rf",
};

static void put(int fd)
{
	wrote("write", fd, syscall(SYS_write, fd, "here", 4), 4, 0);
	close_told(fd);
}

/* By whatever path: what the kernel itself calls the file is where it is. */
static void look(const char *path)
{
	int fd = open_told(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		die(path);
	put(fd);
}

static void make_things(void)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mkdir("dir", 0755) || mkdir("dir/sub", 0755) || mkdir("bound", 0755) ||
	    mkdir("mem", 0755) || mkdir("jail", 0755) || mkdir("jail/in", 0755) ||
	    mkdir("merged", 0755) || symlink("file", "link") || symlink("dir/sub", "sublink") ||
	    mount("dir", "bound", NULL, MS_BIND, NULL) ||
	    mount("places", "mem", "tmpfs", 0, NULL) || mkdir("mem/upper", 0755) ||
	    mkdir("mem/work", 0755))
		die("places: cannot make the directories");
}

static void usual(void)
{
	int dir = open("dir", O_PATH | O_DIRECTORY), fd;

	look("file");
	look("link");
	look("dir/./sub/..//inner");
	look("sublink/there");
	look("sublink/../inner");
	fd = opened("openat", "", (int)syscall(SYS_openat, dir, "inner", O_RDWR));
	put(fd);
	/* The same file by another name. */
	if (link("file", "dir/hard"))
		die("places: link");
	look("dir/hard");
	close(dir);
}

static void mounts(void)
{
	look("bound/inner");
	look("bound/sub/there");
	look("mem/one");
	if (mount("places", "merged", "overlay", 0,
		  "lowerdir=dir,upperdir=mem/upper,workdir=mem/work"))
		return; /* there are kernels without */
	look("merged/inner");
	look("merged/made");
}

/* Open while its name, its directory and its file system go. */
static void going(void)
{
	int fd = open_told("going", O_RDWR | O_CREAT, 0600), there;

	syscall(SYS_renameat2, AT_FDCWD, "going", AT_FDCWD, "dir/gone", 0);
	named("renameat2", "going", "dir/gone", 0, NONE);
	wrote("write", fd, syscall(SYS_write, fd, "renamed", 7), 7, 0);
	named("unlinkat", "dir/gone", NULL, (int)syscall(SYS_unlinkat, AT_FDCWD, "dir/gone", 0),
	      NONE);
	wrote("write", fd, syscall(SYS_write, fd, "deleted", 7), 7, 7);
	close_told(fd);

	mkdir("removed", 0755);
	fd = open_told("removed/file", O_RDWR | O_CREAT, 0600);
	named("unlinkat", "removed/file", NULL,
	      (int)syscall(SYS_unlinkat, AT_FDCWD, "removed/file", 0), NONE);
	named("unlinkat", "removed", NULL,
	      (int)syscall(SYS_unlinkat, AT_FDCWD, "removed", AT_REMOVEDIR), NONE);
	wrote("write", fd, syscall(SYS_write, fd, "deleted", 7), 7, 0);
	close_told(fd);

	/* A name was given to it later; what is open is the one without. */
	fd = open_told(".", O_TMPFILE | O_RDWR, 0600);
	wrote("write", fd, syscall(SYS_write, fd, "before", 6), 6, 0);
	there = open("dir", O_PATH | O_DIRECTORY);
	if (linkat(fd, "", there, "named", AT_EMPTY_PATH))
		die("places: linkat");
	wrote("write", fd, syscall(SYS_write, fd, "after", 5), 5, 6);
	close(there);
	close_told(fd);
}

static void deep(void)
{
	int home = open(".", O_PATH | O_DIRECTORY), fd;
	char name[40];

	for (int i = 0; i < DEEP; i++) {
		snprintf(name, sizeof(name), "level-%d-of-a-path-that-is-long", i);
		if (mkdir(name, 0755) || chdir(name))
			die("places: mkdir");
	}
	fd = opened("openat", "",
		    (int)syscall(SYS_openat, AT_FDCWD, "leaf", O_RDWR | O_CREAT, 0600));
	put(fd);
	if (fchdir(home))
		die("places: fchdir");
	close(home);
}

/* Where there is no /proc that would tell the names: a write to @path, which is @full. */
static void put_in(const char *path, const char *full)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);

	row("openat", fd, NONE, NONE, 0, NONE, full, NULL, NULL);
	syscall(SYS_write, fd, "here", 4);
	row("write", fd, 4, 4, 0, 0, full, NULL, NULL);
	syscall(SYS_close, fd);
	row("close", fd, NONE, NONE, 0, NONE, full, NULL, NULL);
}

/* From the outside a jail is a directory like any other. */
static void in_jail(void)
{
	char full[2 * PATH_MAX], missing[2 * PATH_MAX];

	full_path("jail/in/file", full);
	full_path("jail/missing/file", missing);
	if (chroot("jail") || chdir("/in"))
		die("places: chroot");
	put_in("file", full);
	syscall(SYS_openat, AT_FDCWD, "/missing/file", O_WRONLY);
	row("openat", NONE, NONE, NONE, errno, NONE, missing, NULL, NULL);
}

/* A container's root is that of its mount namespace: nothing is above it. */
static void in_container(void)
{
	if (unshare(CLONE_NEWNS) || mount("jail", "jail", NULL, MS_BIND, NULL) || chdir("jail") ||
	    syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
		die("places: pivot_root");
	put_in("in/contained", "/in/contained");
	named("openat", "/missing/file", NULL,
	      (int)syscall(SYS_openat, AT_FDCWD, "missing/file", O_WRONLY), NONE);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: places DIR OUT\n");
		return 99;
	}
	rows_begin(argv[1]);
	make_things();
	usual();
	mounts();
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		look(hostile[i]);
	going();
	deep();
	in_child(in_jail);
	in_child(in_container);
	rows_end(argv[2]);
}
