/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * write_args32: what write_args.c does, in brief, as a 32-bit program and with
 * no libc (none is needed to build it).  Numbers of 64 bits are two arguments
 * here.  Works in the directory it is started in.
 */
#define NR_write 4
#define NR_open 5
#define NR_close 6
#define NR_creat 8
#define NR_unlink 10
#define NR_sync 36
#define NR_rename 38
#define NR_dup2 63
#define NR_truncate 92
#define NR_ftruncate 93
#define NR_fsync 118
#define NR_writev 146
#define NR_fdatasync 148
#define NR_pwrite64 181
#define NR_sendfile 187
#define NR_truncate64 193
#define NR_ftruncate64 194
#define NR_sendfile64 239
#define NR_exit_group 252
#define NR_openat 295
#define NR_unlinkat 301
#define NR_renameat 302
#define NR_splice 313
#define NR_sync_file_range 314
#define NR_vmsplice 316
#define NR_fallocate 324
#define NR_dup3 330
#define NR_pwritev 334
#define NR_open_by_handle_at 342
#define NR_syncfs 344
#define NR_renameat2 353
#define NR_copy_file_range 377
#define NR_pwritev2 379
#define NR_openat2 437

#define O_RDWR 02
#define O_CREAT 0100
#define O_LARGEFILE 0100000
#define AT_FDCWD (-100)

static long call(const long *arguments)
{
	long ret;

	__asm__ volatile("push %%ebp\n\t"
			 "push %%ebx\n\t"
			 "mov 4(%%eax), %%ebx\n\t"
			 "mov 8(%%eax), %%ecx\n\t"
			 "mov 12(%%eax), %%edx\n\t"
			 "mov 16(%%eax), %%esi\n\t"
			 "mov 20(%%eax), %%edi\n\t"
			 "mov 24(%%eax), %%ebp\n\t"
			 "mov (%%eax), %%eax\n\t"
			 "int $0x80\n\t"
			 "pop %%ebx\n\t"
			 "pop %%ebp"
			 : "=a"(ret)
			 : "0"(arguments)
			 : "ecx", "edx", "esi", "edi", "memory");
	return ret;
}
#define CALL(name, ...) call((const long[7]){ NR_##name, __VA_ARGS__ })

struct iovec {
	const void *base;
	unsigned long len;
};

static const long pairs[][2] = { { 7, 0 }, { 7, 1 }, { -7, -1 }, { -1, 0 } };
#define EACH(i) for (unsigned int i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)

static void writes(long fd)
{
	const struct iovec v[] = { { "xy", 2 }, { "ab", -1 }, { (void *)1, 4 } };
	static const long counts[] = { 0, 1, 2, 3, -1 };

	CALL(write, fd, (long)"42", 2);
	CALL(write, fd, (long)"42", -1);
	CALL(write, fd, -65536, 5);
	CALL(write, -1, (long)"42", 2);
	for (int i = 0; i < 5; i++)
		CALL(writev, fd, (long)v, counts[i]);
	CALL(vmsplice, fd, (long)v, 1, 1);
	EACH(i)
	{
		CALL(pwrite64, fd, (long)"42", 2, pairs[i][0], pairs[i][1]);
		CALL(pwritev, fd, (long)v, 1, pairs[i][0], pairs[i][1]);
		CALL(pwritev2, fd, (long)v, 1, pairs[i][0], pairs[i][1], 2);
	}
}

static void copies(long from, long to)
{
	long offset[2];

	EACH(i)
	{
		offset[0] = pairs[i][0];
		offset[1] = pairs[i][1];
		CALL(sendfile, to, from, (long)offset, 5);
		offset[0] = pairs[i][0];
		CALL(sendfile64, -1, from, (long)offset, -5);
		CALL(splice, from, (long)offset, to, 0, -5, 1);
		CALL(copy_file_range, from, (long)offset, to, 0, 5, 0);
	}
	CALL(sendfile, to, from, 0, 5);
	CALL(sendfile64, to, from, 1, 5);
}

static void others(long fd)
{
	const unsigned long long how[] = { O_RDWR | O_CREAT, 0600, 8 };

	CALL(fsync, fd);
	CALL(fdatasync, fd);
	CALL(syncfs, fd);
	CALL(sync, 0);
	CALL(fallocate, fd, 1, 7, 0, 10, 0);
	EACH(i)
	{
		CALL(sync_file_range, fd, pairs[i][0], pairs[i][1], 3, 4, 7);
		/* Not what would take so much room. */
		CALL(fallocate, fd, 0x100, pairs[i][0], pairs[i][1], 10, pairs[i][1]);
		CALL(ftruncate, fd, pairs[i][0]);
		CALL(ftruncate64, fd, pairs[i][0], pairs[i][1]);
		CALL(truncate, (long)"f32", pairs[i][0]);
		CALL(truncate64, (long)"f32", pairs[i][0], pairs[i][1]);
	}
	CALL(rename, (long)"f32", (long)"g32");
	CALL(renameat, AT_FDCWD, (long)"g32", AT_FDCWD, (long)"f32");
	CALL(renameat2, AT_FDCWD, (long)"f32", -1, (long)"g32", 1);
	CALL(close, CALL(creat, (long)"g32", 0600));
	CALL(close, CALL(openat, AT_FDCWD, (long)"g32", O_RDWR | O_LARGEFILE));
	CALL(close, CALL(openat2, AT_FDCWD, (long)"g32", (long)how, sizeof(how)));
	CALL(open_by_handle_at, AT_FDCWD, 0, O_RDWR);
	CALL(unlink, (long)"g32");
	CALL(unlinkat, AT_FDCWD, (long)"g32", 0x200);
	CALL(dup2, fd, 40);
	CALL(dup2, fd, 40);
	CALL(dup3, fd, 40, 02000000);
	CALL(close, 40);
}

void _start(void)
{
	long from = CALL(open, (long)"f32", O_RDWR | O_CREAT, 0644);
	long to = CALL(open, (long)"to32", O_RDWR | O_CREAT, 0644);

	writes(from);
	copies(from, to);
	others(from);
	CALL(close, from);
	CALL(close, to);
	CALL(exit_group, 0);
}
