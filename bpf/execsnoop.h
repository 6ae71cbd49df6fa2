/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two halves of execsnoop share: options and the records. */
#ifndef BPF_EXECSNOOP_H
#define BPF_EXECSNOOP_H

#include "common/event.h"
#include "bpf/context.h"
#include "bpf/session.h"

enum exec_kind {
	EXEC_DONE,
	EXEC_FAILED,
	EXEC_ENDED /* the process, whenever it executed what it did last */
};

#define EXEC_COMPAT 1	  /* note: a 32-bit caller */
#define EXEC_SCRIPT 2	  /* note: something else is run in its place: an interpreter */
#define EXEC_UNREADABLE 4 /* note: the arguments could not be read, or not all */
#define EXEC_ORPHANED 8	  /* the list of ancestors is not whole */
#define EXEC_CUT \
	16 /* of EXEC_FAILED: the last argument is not whole, or nobody knows how many there are */

/* What the record is to bring. */
#define WANT_FILE WANT_OWN
#define WANT_SESSION (WANT_OWN << 1) /* session, terminal, login and the parent's name */
#define WANT_ANCESTORS (WANT_OWN << 2)
#define WANT_ENV (WANT_OWN << 3)

struct exec_options {
	__u64 max_bytes; /* of arguments; 0: all of them */
	__u64 min_dur;	 /* of ends, in nanoseconds */
	__u8 ends;	 /* are wanted */
	__u8 failed;	 /* ... of failures only */
	__u8 pad[6];
};

/* A process whose end is wanted. */
struct exec_running {
	__u64 start_time, exec_id; /* as in its record */
	__u64 time;		   /* of the exec */
	__u64 lost;		   /* the record was */
};

/* The head of all three records, and all of EXEC_ENDED. */
struct exec_event {
	struct event head;
	__u64 start_time; /* of the process: with its number, what no other process has */
	__u64 exec_id;	  /* which of its programs */
	__s32 ret;	  /* 0 or a negative errno; of EXEC_ENDED what wait(2) gives */
	__u8 kind;	  /* enum exec_kind */
	__u8 notes;	  /* EXEC_COMPAT, ... */
	__u8 pad[2];
};

/* Bytes of a record: from where, and how many. */
struct exec_part {
	__u32 at, len;
};

struct exec_ancestor {
	__u32 pid;
	char comm[EVENT_COMM_LEN];
};

struct exec_start {
	struct exec_event event;
	struct session session;
	__u32 argc; /* all that there are */
	__u32 pad;
	/* Bytes that there are, with NULs; of EXEC_FAILED it is not known: 0. */
	__u64 args_len, env_len;
	struct exec_part file, interp; /* without NULs */
	struct exec_part ancestors;    /* struct exec_ancestor, the parent first */
	/* Of EXEC_FAILED: the directory that the file is looked up from. */
	struct exec_part base;
	struct path_info base_info;
	/*
	 * Strings, each with its NUL.  The arguments of EXEC_FAILED each follow
	 * ARG_READ, or are ARG_UNREADABLE and nothing.
	 */
	struct exec_part args, env;
};

#define ARG_READ '+'
#define ARG_UNREADABLE '-'

#endif
