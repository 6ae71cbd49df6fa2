/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two halves of clonecount share: whom tasks are counted by, and the counts. */
#ifndef BPF_CLONECOUNT_H
#define BPF_CLONECOUNT_H

#include "common/event.h"
#include "bpf/clone.h"
#include "bpf/context.h"

/* What is shown is what is counted by. */
#define BY_UID WANT_OWN
#define BY_PID (WANT_OWN << 1)
#define BY_PPID (WANT_OWN << 2)
#define BY_SESSION (WANT_OWN << 3)
#define BY_COMM (WANT_OWN << 4)
#define BY_EXE (WANT_OWN << 5)
#define BY_CGROUP (WANT_OWN << 6)
#define BY_ERRNO (WANT_OWN << 7)
#define BY_ANY (BY_UID | BY_PID | BY_PPID | BY_SESSION | BY_COMM | BY_EXE | BY_CGROUP)

/* The key of the map.  All that is not counted by is 0, padding too. */
struct clone_key {
	__u64 exe; /* of the executable file: inode, generation and device */
	__u32 exe_generation, exe_dev;
	__u64 cgroup;
	__u32 uid, pid, ppid, session;
	__s32 err; /* negative errno of failures */
	__u32 pad;
	char comm[EVENT_COMM_LEN];
};

#define COUNT_FAILED KINDS /* after the kinds of tasks that were made */
#define COUNTS (KINDS + 1)

struct clone_counts {
	__u64 n[COUNTS];
};

/*
 * A row of the table.  The kernel half sends one, with the context behind it,
 * when it has a new key whose names cannot be found out later.
 */
struct clone_row {
	struct event head;
	struct clone_key key;
	struct clone_counts counts; /* the rest is the reader's */
	__u64 all;		    /* made and failed, in all rows */
	__u32 interval;		    /* 0: all of them */
	__u32 sum;		    /* of all rows, so of nobody */
};

#endif
