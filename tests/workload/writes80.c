/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * writes80 DIR OUT: the calls of writes.c and files.c, once each, as 32-bit
 * system calls out of a 64-bit program, in the empty directory DIR.  What
 * writesnoop must show of it goes into OUT, see rows.h.
 */
#define _GNU_SOURCE
#if defined(__x86_64__)
#include "int80.h"
#include "rows.h"

/* arch/x86/entry/syscalls/syscall_32.tbl */
enum {
	I386_write = 4,
	I386_open = 5,
	I386_close = 6,
	I386_creat = 8,
	I386_unlink = 10,
	I386_sync = 36,
	I386_rename = 38,
	I386_dup2 = 63,
	I386_truncate = 92,
	I386_ftruncate = 93,
	I386_fsync = 118,
	I386_writev = 146,
	I386_fdatasync = 148,
	I386_pwrite64 = 181,
	I386_sendfile = 187,
	I386_truncate64 = 193,
	I386_ftruncate64 = 194,
	I386_sendfile64 = 239,
	I386_openat = 295,
	I386_unlinkat = 301,
	I386_renameat = 302,
	I386_splice = 313,
	I386_sync_file_range = 314,
	I386_fallocate = 324,
	I386_dup3 = 330,
	I386_pwritev = 334,
	I386_open_by_handle_at = 342,
	I386_syncfs = 344,
	I386_renameat2 = 353,
	I386_copy_file_range = 377,
	I386_pwritev2 = 379,
	I386_close_range = 436,
	I386_openat2 = 437,
};

#define PLACE 4096 /* bytes of low memory for each argument */
#define HIGH(n) ((n) >> 32)
#define LOW(n) ((n)&0xffffffff)

static char *low;

/* Bytes as the argument of that number. */
static long arg(int number, const void *data, size_t size)
{
	return (long)memcpy(low + number * PLACE, data, size);
}

static long text(int number, const char *string)
{
	return arg(number, string, strlen(string) + 1);
}

static int opened80(const char *call, const char *path, long ret)
{
	return opened(call, path, (int)ret);
}

static void close80(int fd)
{
	ends(fd, "", 1);
	int80(I386_close, fd, 0, 0, 0, 0, 0);
}

static void opens(void)
{
	unsigned long long how[3] = { O_RDWR, 0, 0 };
	int dir = open(".", O_RDONLY | O_DIRECTORY);

	close80(opened80("creat", "file", int80(I386_creat, text(1, "file"), 0600, 0, 0, 0, 0)));
	close80(opened80("open", "file", int80(I386_open, text(1, "file"), O_WRONLY, 0, 0, 0, 0)));
	opened80("open", "missing", int80(I386_open, text(1, "missing"), O_WRONLY, 0, 0, 0, 0));
	close80(opened80("openat", "file",
			 int80(I386_openat, dir, text(1, "file"), O_RDWR, 0, 0, 0)));
	close80(opened80("openat2", "file",
			 int80(I386_openat2, dir, text(1, "file"), arg(2, how, sizeof(how)),
			       sizeof(how), 0, 0)));
	int80(I386_open_by_handle_at, 7777, arg(1, how, sizeof(how)), O_RDWR, 0, 0, 0);
	row("open_by_handle_at", NONE, NONE, NONE, errno, NONE, NULL, NULL, NULL);
	close(dir);
}

static void writes(void)
{
	unsigned pairs[] = { 0, 5, 0, 1000 };
	int fd = opened80("open", "written",
			  int80(I386_open, text(1, "written"), O_RDWR | O_CREAT | 0100000, 0600, 0,
				0, 0)); /* O_LARGEFILE, which the headers say is none */
	long far = 5L << 32, data = text(3, "some bytes");

	wrote("write", fd, int80(I386_write, fd, data, 10, 0, 0, 0), 10, 0);
	wrote("write", fd, int80(I386_write, fd, 8, 10, 0, 0, 0), 10, 10);
	wrote("pwrite64", fd, int80(I386_pwrite64, fd, data, 10, LOW(far), HIGH(far), 0), 10, far);
	pairs[0] = pairs[2] = (unsigned)data;
	wrote("writev", fd, int80(I386_writev, fd, arg(4, pairs, sizeof(pairs)), 2, 0, 0, 0), 1005,
	      10);
	wrote("pwritev", fd,
	      int80(I386_pwritev, fd, arg(4, pairs, sizeof(pairs)), 2, LOW(far), HIGH(far), 0),
	      1005, far);
	wrote("pwritev2", fd,
	      int80(I386_pwritev2, fd, arg(4, pairs, sizeof(pairs)), 2, LOW(far), HIGH(far), 2),
	      1005, far);
	wrote("pwritev2", fd, int80(I386_pwritev2, fd, arg(4, pairs, sizeof(pairs)), 2, -1, -1, 0),
	      1005, 1015);
	close80(fd);
}

static void copies(void)
{
	int from = open("written", O_RDONLY), ends_of[2];
	int fd = opened80("open", "copy",
			  int80(I386_open, text(1, "copy"), O_RDWR | O_CREAT, 0600, 0, 0, 0));
	unsigned at = 7;
	long long wide = 9;

	moved("sendfile", from, fd,
	      int80(I386_sendfile, fd, from, arg(1, &at, sizeof(at)), 100, 0, 0), 100, 0);
	moved("sendfile", from, fd,
	      int80(I386_sendfile64, fd, from, arg(1, &wide, sizeof(wide)), 50, 0, 0), 50, 100);
	wide = 2000;
	moved("copy_file_range", from, fd,
	      int80(I386_copy_file_range, from, 0, fd, arg(2, &wide, sizeof(wide)), 60, 0), 60,
	      2000);
	if (pipe(ends_of) || write(ends_of[1], low, 100) != 100)
		die("writes80: pipe");
	wide = 3000;
	moved("splice", ends_of[0], fd,
	      int80(I386_splice, ends_of[0], 0, fd, arg(2, &wide, sizeof(wide)), 100, 0), 100,
	      3000);
	close(ends_of[0]);
	close(ends_of[1]);
	close(from);
	close80(fd);
}

static void besides(void)
{
	long far = 3L << 32;
	int fd = opened80("open", "besides",
			  int80(I386_open, text(1, "besides"), O_RDWR | O_CREAT | 0100000, 0600, 0,
				0, 0));

	done("fsync", fd, int80(I386_fsync, fd, 0, 0, 0, 0, 0), NONE);
	done("fdatasync", fd, int80(I386_fdatasync, fd, 0, 0, 0, 0, 0), NONE);
	done("syncfs", fd, int80(I386_syncfs, fd, 0, 0, 0, 0, 0), NONE);
	int80(I386_sync, 0, 0, 0, 0, 0, 0);
	row("sync", NONE, NONE, NONE, 0, NONE, NULL, NULL, NULL);
	done("sync_file_range", fd, int80(I386_sync_file_range, fd, 1, 1, LOW(far), HIGH(far), 2),
	     far);
	done("ftruncate", fd, int80(I386_ftruncate, fd, 500, 0, 0, 0, 0), 500);
	done("ftruncate", fd, int80(I386_ftruncate, fd, -500, 0, 0, 0, 0), -500);
	done("ftruncate", fd, int80(I386_ftruncate64, fd, LOW(far), HIGH(far), 0, 0, 0), far);
	done("fallocate", fd, int80(I386_fallocate, fd, 1, LOW(far), HIGH(far), 8192, 0), 8192);
	named("truncate", "besides", NULL,
	      (int)int80(I386_truncate, text(1, "besides"), 700, 0, 0, 0, 0), 700);
	named("truncate", "besides", NULL,
	      (int)int80(I386_truncate64, text(1, "besides"), LOW(far), HIGH(far), 0, 0, 0), far);
	named("rename", "besides", "a",
	      (int)int80(I386_rename, text(1, "besides"), text(2, "a"), 0, 0, 0, 0), NONE);
	named("renameat", "a", "b",
	      (int)int80(I386_renameat, AT_FDCWD, text(1, "a"), AT_FDCWD, text(2, "b"), 0, 0),
	      NONE);
	named("renameat2", "b", "c",
	      (int)int80(I386_renameat2, AT_FDCWD, text(1, "b"), AT_FDCWD, text(2, "c"), 1, 0),
	      NONE);
	named("unlink", "c", NULL, (int)int80(I386_unlink, text(1, "c"), 0, 0, 0, 0, 0), NONE);
	named("unlinkat", "c", NULL, (int)int80(I386_unlinkat, AT_FDCWD, text(1, "c"), 0, 0, 0, 0),
	      NONE);
	close80(fd);
}

static void closes(void)
{
	int one = open("file", O_RDWR), two = open("copy", O_RDWR), three = open("written", O_RDWR);

	rows_note = NULL;
	opened("openat", "file", one);
	opened("openat", "copy", two);
	opened("openat", "written", three);
	rows_note = "(32-bit)";
	ends(two, "(dup2)", 1);
	int80(I386_dup2, one, two, 0, 0, 0, 0);
	ends(three, "(dup3)", 1);
	int80(I386_dup3, one, three, O_CLOEXEC, 0, 0, 0);
	close80(one);
	ends(three, "(close_range)", 1);
	int80(I386_close_range, two, three, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: writes80 DIR OUT\n");
		return 99;
	}
	low = low_memory(8 * PLACE);
	if (int80(I386_close, -1, 0, 0, 0, 0, 0) != -1 || errno != EBADF)
		return 77;
	rows_begin(argv[1]);
	rows_note = "(32-bit)";
	opens();
	writes();
	copies();
	besides();
	closes();
	rows_end(argv[2]);
}
#else
#include <stdio.h>

int main(void)
{
	fprintf(stderr, "writes80: only on x86-64\n");
	return 77;
}
#endif
