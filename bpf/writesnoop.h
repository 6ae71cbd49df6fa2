/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two halves of writesnoop share: options and the record. */
#ifndef BPF_WRITESNOOP_H
#define BPF_WRITESNOOP_H

#include "common/event.h"
#include "bpf/context.h"

enum write_call {
	/* what puts bytes into a file */
	CALL_WRITE,
	CALL_PWRITE64,
	CALL_WRITEV,
	CALL_PWRITEV,
	CALL_PWRITEV2,
	CALL_SENDFILE,
	CALL_SPLICE,
	CALL_VMSPLICE,
	CALL_COPY_FILE_RANGE,
	CALL_WRITE_FIXED, /* of io_uring alone, as the next */
	CALL_WRITEV_FIXED,
	CALL_STORE, /* no call: the first store into a page that is mapped */
	/* and what happens to the file besides */
	CALL_OPEN,
	CALL_CREAT,
	CALL_OPENAT,
	CALL_OPENAT2,
	CALL_OPEN_BY_HANDLE_AT,
	CALL_FSYNC,
	CALL_FDATASYNC,
	CALL_SYNC_FILE_RANGE,
	CALL_SYNCFS,
	CALL_SYNC,
	CALL_FTRUNCATE,
	CALL_TRUNCATE,
	CALL_FALLOCATE,
	CALL_RENAME,
	CALL_RENAMEAT,
	CALL_RENAMEAT2,
	CALL_UNLINK,
	CALL_UNLINKAT,
	CALL_CLOSE,
	CALL_DUP2, /* closes what its second descriptor was, as the next */
	CALL_DUP3,
	CALL_CLOSE_RANGE,
	CALL_EXEC, /* no call, as the next: descriptors that an exec closes */
	CALL_EXIT,
	CALLS
};

#define CALL_IS_WRITE(call) ((call) <= CALL_STORE)
#define CALL_IS_OPEN(call) ((call) >= CALL_OPEN && (call) <= CALL_OPEN_BY_HANDLE_AT)
#define CALL_IS_CLOSE(call) ((call) >= CALL_CLOSE)
/* The path of a file, and another one. */
#define CALL_HAS_NAMES(call) ((call) >= CALL_RENAME && (call) <= CALL_RENAMEAT2)
#define CALL_HAS_NAME(call) \
	((CALL_IS_OPEN(call) && (call) != CALL_OPEN_BY_HANDLE_AT) || (call) == CALL_TRUNCATE || \
	 CALL_HAS_NAMES(call) || (call) == CALL_UNLINK || (call) == CALL_UNLINKAT)

/*
 * An io_uring request, and a close, are two records: what was asked, and later
 * how it ended.  Of a close the second comes only if the reader has the first.
 */
enum write_stage { WRITE_WHOLE, WRITE_ASKED, WRITE_ENDED };

#define WRITE_COMPAT 1	   /* note: a 32-bit caller */
#define WRITE_IO_URING 2   /* note: no system call of that name */
#define WRITE_DIRECT 4	   /* note: a descriptor of io_uring's own table */
#define WRITE_UNREADABLE 8 /* note: a path that was asked for could not be read */
#define WRITE_CUT 16	   /* note: or is longer than the record keeps */
#define WRITE_WANTED 32	   /* an end, of a process that the filters want */
#define WRITE_64 64	   /* note: of two calls of a 32-bit program the one with 64 in its name */
#define WRITE_MAPPED 128   /* of a close: the file is mapped by somebody who can store into it */

/* What a call points to that could not be read, to tell it from what is empty: one bit each. */
#define UNREADABLE_ASKED(which) (1 << (which))
#define UNREADABLE_AT(which) (4 << (which))
#define UNREADABLE_HOW 16

#define WRITE_NO_OFFSET (~0ULL)

#define WANT_LATENCY WANT_OWN	  /* how long a call took: needs a look at its entry */
#define WANT_DATA (WANT_OWN << 1) /* the reader's business */

/* An open file. */
struct write_file {
	__u64 file; /* its address in the kernel while it is open: others get it later; 0: there is none */
	__u64 ino;
	__u32 dev;	  /* the kernel's own form: major << 20 | minor */
	__u32 generation; /* another one when the inode's number is used again */
	__u32 flags;	  /* of open(2), as they are now */
	__u32 refs;  /* descriptors and others that hold it open; of a close, when it is over */
	__u32 mode;  /* type and permissions, see inode(7) */
	__u32 magic; /* of its file system: linux/magic.h */
	struct path_info path;
};

/*
 * A part of the data: all of it, or that of one struct iovec; of
 * open_by_handle_at(2) the handle, of openat2(2) what is behind the open_how
 * that is known.  Behind it the bytes that were read, and the next begins at a
 * multiple of 8.
 */
struct write_piece {
	__u64 base; /* user space address */
	__u64 len;  /* that it has */
	__u32 got;  /* that stand here */
	__u16 unreadable;
	__u16 index; /* 0 for the first */
};

/*
 * Behind it, one after the other: the texts of the asked paths, the base paths,
 * the paths of the files, the context, and the pieces.
 */
struct write_event {
	struct event head;
	__u64 request; /* joins the two records: an io_uring request, or a thread that closes */
	__u64 tag;     /* what the program calls that request: the kernel uses its memory again */
	__u64 began;   /* CLOCK_MONOTONIC, ns; 0: it is not known */
	__u64 arg
		[6]; /* of the system call; of a splice the third and so on, as strace shows them */
	__u64 total; /* bytes it was asked to write; of ftruncate(2) and the like the length */
	__u64 offset; /* in the file where the bytes went; WRITE_NO_OFFSET: it has none */
	__u64 at[2]; /* splice(2) and its like: what the pointers to offsets point to, from and to */
	__u64 how[3]; /* openat2(2): flags, mode, resolve */
	__s64 ret;
	__u8 call;  /* enum write_call */
	__u8 stage; /* enum write_stage */
	__u8 notes; /* WRITE_COMPAT, ... */
	__u8 unreadable;
	/* bytes of the paths asked for, without NULs: a name, or the old one and the new one */
	__u32 asked[2];
	__u32 pieces;
	__u32 data;		  /* where in the record the pieces begin; 0: none were asked for */
	__s32 fd;		  /* of the first file; -1: there is none */
	struct path_info base[2]; /* the directories that the asked paths start from */
	/* Written to, synced, opened or closed; and the one that the bytes came from. */
	struct write_file file[2];
};

#define WRITE_DATA_MAX (64 * 1024) /* bytes of data in a record */
#define WRITE_PIECES_MAX \
	(128 * 1024)	   /* and of all pieces with their heads, less the last one's data */
#define WRITE_VECTORS 1024 /* UIO_MAXIOV: more are refused by the kernel */

struct write_options {
	__u8 all;    /* not regular files alone */
	__u8 failed; /* failures alone */
	__u8 by_fd;
	__u8 paths; /* the base of an asked path is its directory descriptor, also where that is absolute */
	__u8 pieces; /* each piece has up to `data` bytes, not all together */
	__u8 latency;
	__u8 summary; /* all that struct write_file has; else of it not what is only for a summary */
	__u8 pad;
	__s32 fd;   /* this descriptor alone, if by_fd */
	__u32 data; /* bytes; 0: none */
	__u32 room; /* for the pieces, less the last one's data: what a map value was sized by */
	__u32 pad2;
	__u64 min_bytes; /* only writes of that many */
	__u64 calls;	 /* bits: which of enum write_call */
};

#endif
