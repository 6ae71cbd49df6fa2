/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The calls of writesnoop by their numbers, and the arguments of 32-bit programs as 64-bit programs have them. */
#ifndef BPF_WRITECALL_BPF_H
#define BPF_WRITECALL_BPF_H

#include "writesnoop.h"
#include "syscall.bpf.h"
#include <asm/unistd.h>

static __always_inline int call_of_native(u32 nr)
{
	/* clang-format off */
	switch (nr) {
	case __NR_write: return CALL_WRITE;
	case __NR_pwrite64: return CALL_PWRITE64;
	case __NR_writev: return CALL_WRITEV;
	case __NR_pwritev: return CALL_PWRITEV;
	case __NR_pwritev2: return CALL_PWRITEV2;
	case __NR_sendfile: return CALL_SENDFILE;
	case __NR_splice: return CALL_SPLICE;
	case __NR_vmsplice: return CALL_VMSPLICE;
	case __NR_copy_file_range: return CALL_COPY_FILE_RANGE;
	case __NR_openat: return CALL_OPENAT;
	case __NR_openat2: return CALL_OPENAT2;
	case __NR_open_by_handle_at: return CALL_OPEN_BY_HANDLE_AT;
	case __NR_fsync: return CALL_FSYNC;
	case __NR_fdatasync: return CALL_FDATASYNC;
	case __NR_sync_file_range: return CALL_SYNC_FILE_RANGE;
	case __NR_syncfs: return CALL_SYNCFS;
	case __NR_sync: return CALL_SYNC;
	case __NR_ftruncate: return CALL_FTRUNCATE;
	case __NR_truncate: return CALL_TRUNCATE;
	case __NR_fallocate: return CALL_FALLOCATE;
	case __NR_renameat: return CALL_RENAMEAT;
	case __NR_renameat2: return CALL_RENAMEAT2;
	case __NR_unlinkat: return CALL_UNLINKAT;
	case __NR_close: return CALL_CLOSE;
	case __NR_dup3: return CALL_DUP3;
	case __NR_close_range: return CALL_CLOSE_RANGE;
#ifdef __NR_open /* newer architectures have none of these */
	case __NR_open: return CALL_OPEN;
	case __NR_creat: return CALL_CREAT;
	case __NR_rename: return CALL_RENAME;
	case __NR_unlink: return CALL_UNLINK;
	case __NR_dup2: return CALL_DUP2;
#endif
	}
	/* clang-format on */
	return -1;
}

#if defined(__TARGET_ARCH_x86)
#define COMPAT_PWRITEV 334
#define COMPAT_PWRITEV2 379
#define COMPAT_SPLICE 313
#define COMPAT_VMSPLICE 316
#define COMPAT_COPY_FILE_RANGE 377
#define COMPAT_OPENAT 295
#define COMPAT_OPEN_BY_HANDLE_AT 342
#define COMPAT_SYNC_FILE_RANGE 314
#define COMPAT_SYNCFS 344
#define COMPAT_FALLOCATE 324
#define COMPAT_RENAMEAT 302
#define COMPAT_RENAMEAT2 353
#define COMPAT_UNLINKAT 301
#define COMPAT_DUP3 330
#else
#define COMPAT_PWRITEV 362
#define COMPAT_PWRITEV2 393
#define COMPAT_SPLICE 340
#define COMPAT_VMSPLICE 343
#define COMPAT_COPY_FILE_RANGE 391
#define COMPAT_OPENAT 322
#define COMPAT_OPEN_BY_HANDLE_AT 371
#define COMPAT_SYNC_FILE_RANGE 341 /* sync_file_range2(2) */
#define COMPAT_SYNCFS 373
#define COMPAT_FALLOCATE 352
#define COMPAT_RENAMEAT 329
#define COMPAT_RENAMEAT2 382
#define COMPAT_UNLINKAT 328
#define COMPAT_DUP3 358
#endif
/* The same in both. */
#define COMPAT_WRITE 4
#define COMPAT_OPEN 5
#define COMPAT_CLOSE 6
#define COMPAT_CREAT 8
#define COMPAT_UNLINK 10
#define COMPAT_SYNC 36
#define COMPAT_RENAME 38
#define COMPAT_DUP2 63
#define COMPAT_TRUNCATE 92
#define COMPAT_FTRUNCATE 93
#define COMPAT_FSYNC 118
#define COMPAT_WRITEV 146
#define COMPAT_FDATASYNC 148
#define COMPAT_PWRITE64 181
#define COMPAT_SENDFILE 187
#define COMPAT_TRUNCATE64 193
#define COMPAT_FTRUNCATE64 194
#define COMPAT_SENDFILE64 239
#define COMPAT_CLOSE_RANGE 436
#define COMPAT_OPENAT2 437

static __always_inline int call_of_compat(u32 nr)
{
	/* clang-format off */
	switch (nr) {
	case COMPAT_WRITE: return CALL_WRITE;
	case COMPAT_PWRITE64: return CALL_PWRITE64;
	case COMPAT_WRITEV: return CALL_WRITEV;
	case COMPAT_PWRITEV: return CALL_PWRITEV;
	case COMPAT_PWRITEV2: return CALL_PWRITEV2;
	case COMPAT_SENDFILE: return CALL_SENDFILE;
	case COMPAT_SENDFILE64: return CALL_SENDFILE;
	case COMPAT_SPLICE: return CALL_SPLICE;
	case COMPAT_VMSPLICE: return CALL_VMSPLICE;
	case COMPAT_COPY_FILE_RANGE: return CALL_COPY_FILE_RANGE;
	case COMPAT_OPEN: return CALL_OPEN;
	case COMPAT_CREAT: return CALL_CREAT;
	case COMPAT_OPENAT: return CALL_OPENAT;
	case COMPAT_OPENAT2: return CALL_OPENAT2;
	case COMPAT_OPEN_BY_HANDLE_AT: return CALL_OPEN_BY_HANDLE_AT;
	case COMPAT_FSYNC: return CALL_FSYNC;
	case COMPAT_FDATASYNC: return CALL_FDATASYNC;
	case COMPAT_SYNC_FILE_RANGE: return CALL_SYNC_FILE_RANGE;
	case COMPAT_SYNCFS: return CALL_SYNCFS;
	case COMPAT_SYNC: return CALL_SYNC;
	case COMPAT_FTRUNCATE: return CALL_FTRUNCATE;
	case COMPAT_FTRUNCATE64: return CALL_FTRUNCATE;
	case COMPAT_TRUNCATE: return CALL_TRUNCATE;
	case COMPAT_TRUNCATE64: return CALL_TRUNCATE;
	case COMPAT_FALLOCATE: return CALL_FALLOCATE;
	case COMPAT_RENAME: return CALL_RENAME;
	case COMPAT_RENAMEAT: return CALL_RENAMEAT;
	case COMPAT_RENAMEAT2: return CALL_RENAMEAT2;
	case COMPAT_UNLINK: return CALL_UNLINK;
	case COMPAT_UNLINKAT: return CALL_UNLINKAT;
	case COMPAT_CLOSE: return CALL_CLOSE;
	case COMPAT_DUP2: return CALL_DUP2;
	case COMPAT_DUP3: return CALL_DUP3;
	case COMPAT_CLOSE_RANGE: return CALL_CLOSE_RANGE;
	}
	/* clang-format on */
	return -1;
}

static __always_inline u64 joined(u64 low, u64 high)
{
	return low | high << 32;
}

/*
 * A 32-bit program passes a number of 64 bits in two registers, which on ARM
 * begin with an even one.  Here the arguments are put as 64-bit programs have
 * them.
 */
static __always_inline void arguments_widen(struct arguments *args, u32 call, u32 nr)
{
#if defined(__TARGET_ARCH_x86)
	switch (nr) {
	case COMPAT_PWRITE64:
		args->d = joined(args->d, args->e);
		break;
	case COMPAT_FTRUNCATE64:
	case COMPAT_TRUNCATE64:
		args->b = joined(args->b, args->c);
		break;
	case COMPAT_FALLOCATE:
		args->c = joined(args->c, args->d);
		args->d = joined(args->e, args->f);
		break;
	case COMPAT_SYNC_FILE_RANGE:
		args->b = joined(args->b, args->c);
		args->c = joined(args->d, args->e);
		args->d = args->f;
		break;
	}
#else
	u64 flags = args->b;

	switch (nr) {
	case COMPAT_PWRITE64:
		args->d = joined(args->e, args->f);
		break;
	case COMPAT_FTRUNCATE64:
	case COMPAT_TRUNCATE64:
		args->b = joined(args->c, args->d);
		break;
	case COMPAT_FALLOCATE:
		args->c = joined(args->c, args->d);
		args->d = joined(args->e, args->f);
		break;
	case COMPAT_SYNC_FILE_RANGE: /* the flags come before the numbers */
		args->b = joined(args->c, args->d);
		args->c = joined(args->e, args->f);
		args->d = flags;
		break;
	}
#endif
	if (call == CALL_PWRITEV || call == CALL_PWRITEV2)
		args->d = joined(args->d, args->e);
	/* Numbers that may be negative. */
	switch (nr) {
	case COMPAT_TRUNCATE:
	case COMPAT_FTRUNCATE:
		args->b = (s32)args->b;
	}
}

#endif
