/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two halves of opensnoop share: options and the record. */
#ifndef BPF_OPENSNOOP_H
#define BPF_OPENSNOOP_H

#include "common/event.h"
#include "bpf/context.h"
#include "bpf/pattern.h"

enum open_call {
	OPEN_OPEN,
	OPEN_CREAT,
	OPEN_OPENAT,
	OPEN_OPENAT2,
	OPEN_HANDLE,
	OPEN_IO_OPENAT,
	OPEN_IO_OPENAT2
};

/*
 * An io_uring request is two records: what was asked, and later how it ended.
 * Of the first, ret is the slot that was asked for; the second then says 0.
 */
enum open_stage { OPEN_WHOLE, OPEN_ASKED, OPEN_ENDED };

#define OPEN_COMPAT 1	  /* note: a 32-bit caller */
#define OPEN_UNREADABLE 2 /* note: the path could not be read */
#define OPEN_CUT 4	  /* note: the path asked for is longer than the record keeps */
#define OPEN_DIRECT 8	  /* note: put into io_uring's own table, FD is a slot of that */
#define OPEN_WANTED 16	  /* an end, of a process that the filters want */

#define WANT_FULL WANT_OWN /* the full path */

#define OPEN_ERRNOS 640 /* the kernel's own ERESTARTSYS and the like are 512 to 530 */
#define OPEN_FLAG_FILTERS 32

struct open_flag_filter {
	__u64 mask, value; /* flags & mask == value */
};

struct open_options {
	__u8 failed;
	__u8 by_errno;
	__u8 pad[6];
	__u32 flag_filters;
	__u8 errnos[OPEN_ERRNOS];
	struct open_flag_filter flag_filter[OPEN_FLAG_FILTERS];
};

/* Behind it: the path that was asked for, then the full path, then the context. */
struct open_event {
	struct event head;
	__u64 request; /* the io_uring request, to join its two records; 0: a system call */
	__u64 tag;     /* what the program calls that request: the kernel uses its memory again */
	__u64 flags;   /* as asked */
	__s32 ret;     /* the descriptor, or a negative errno */
	__u32 mode;
	__u32 asked; /* bytes of the asked path, without a NUL */
	__u8 call;   /* enum open_call */
	__u8 stage;  /* enum open_stage */
	__u8 notes;  /* OPEN_COMPAT, ... */
	__u8 pad;
	struct path_info full; /* of what was opened; of a failure, the directory asked from */
};

#endif
