/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the two halves of every command share: the head of a record, the
 * filters, and the counters.  Both halves include it, so it needs no libc.
 */
#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

#ifndef __VMLINUX_H__ /* the kernel half has the types already, see bpf/kernel.h */
#include <linux/types.h>
#endif

#define EVENT_COMM_LEN 16
#define READERS_MAX 16

/* The head of every record. */
struct event {
	__u64 time; /* CLOCK_MONOTONIC, in nanoseconds */
	__u32 pid;  /* process (tgid), in the reader's PID namespace */
	__u32 tid;
	__u32 uid;
	__u32 context; /* where in the record its context begins, see bpf/context.h; 0: it has none */
	char comm[EVENT_COMM_LEN];
};

/* The filters of every command: read-only data, set before the program is loaded. */
struct filter {
	__u32 self;  /* the command's own process, never traced */
	__u32 pidns; /* inode of the reader's PID namespace; 0: the initial one */
	__u32 tid;   /* only this thread; 0: all */
	__u32 ppid;  /* only children of this process; 0: all */
	__u32 uid;   /* only this user, if by_uid */
	__u8 by_uid;
	__u8 by_pid;	/* only the processes in the map of pids */
	__u8 follow;	/* ... and all that descend from them */
	__u8 by_cgroup; /* only below the cgroup in the map of cgroups */
	__u32 comm_len; /* 0: any comm */
	__u32 readers;	/* not those who read the output, see struct channel */
	char comm[EVENT_COMM_LEN] __attribute__((aligned(8)));
};

/* What the two halves tell each other while they run: memory that both see. */
struct channel {
	__u32 sleeping; /* the reader waits for a wake-up (see common/source.h) */
	__u32 stopped;	/* nothing is wanted yet, or any more */
	__u32 followed; /* followed processes that are alive */
	__u32 readers;	/* of the output, see common/readers.h; 0 if nobody wants to know */
	__u32 reader[READERS_MAX];
	__u64 output; /* the inode of the pipe that records go to; 0: none, or nobody wants to know */
	/* records and processes lost, by cause */
	__u64 lost_ring;   /* the ring buffer was full */
	__u64 lost_busy;   /* the scratch of this CPU was taken by an interrupted program */
	__u64 lost_map;	   /* there was no room for one more in a map */
	__u64 lost_follow; /* a descendant could not be noted */
};

/* Records left out because one user had too many of them. */
struct excess {
	__u64 lost;
	__u32 uid; /* of the last one */
	__u32 pad;
};

#endif
