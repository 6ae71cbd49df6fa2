/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel half that every command shares: whose calls are wanted, the
 * record under construction, and handing it to the reader.
 */
#ifndef BPF_TOOL_BPF_H
#define BPF_TOOL_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "common/event.h"
#include "context.h"

#define CLONE_THREAD 0x00010000 /* linux/sched.h */
#define PF_IO_WORKER 0x00000010 /* linux/sched.h, in the kernel */
#define PATH_MAX 4096		/* linux/limits.h: with the NUL */
#define NAME_MAX 255
#define AT_FDCWD -100 /* linux/fcntl.h */

/* Keeps the compiler from moving or narrowing a value whose bounds the verifier has just seen. */
#define opaque(v) asm volatile("" : "+r"(v))

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct filter filter = {};
const volatile __u32 want = 0; /* WANT_... */
volatile struct channel channel = {};

/* Records on their way to the reader.  The size is set when the program is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* The processes to trace, by their number in the reader's PID namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u8);
} pids SEC(".maps");

/* The one cgroup to trace. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} cgroups SEC(".maps");

#define count(counter) __sync_fetch_and_add(&(counter), 1)

/*
 * The reader sleeps only after it has raised channel.sleeping and then found
 * the ring empty; a program looks at the flag after it has put a record in.
 * Whichever comes second sees what the other did, so no wake-up is missed, and
 * while the reader is at work no event pays for one.  See ringbuf's memory
 * ordering in the kernel's Documentation/bpf/ringbuf.rst.
 */
static __always_inline void wake_reader(void)
{
	void *nothing;

	if (!channel.sleeping)
		return;
	nothing = bpf_ringbuf_reserve(&ring, 8, 0);
	if (!nothing)
		return;
	channel.sleeping = 0;
	bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
}

/* --- who --- */

struct ids {
	u32 pid, tid;
};

/* A task's, or a session's, number in the reader's PID namespace; 0: not to be seen from there. */
static __always_inline u32 pid_number(struct pid *pid)
{
	u32 level = BPF_CORE_READ(pid, level);
	struct pid_namespace *ns;
	struct upid upid;

	if (!filter.pidns)
		return BPF_CORE_READ(pid, numbers[0].nr);
	for (u32 i = 0; i < 32 && i <= level; i++) { /* MAX_PID_NS_LEVEL, linux/pid_namespace.h */
		bpf_core_read(&upid, sizeof(upid), &pid->numbers[i]);
		ns = upid.ns;
		if (BPF_CORE_READ(ns, ns.inum) == filter.pidns)
			return upid.nr;
	}
	return 0;
}

static __always_inline u32 task_number(struct task_struct *task)
{
	return pid_number(BPF_CORE_READ(task, thread_pid));
}

static __always_inline struct ids current_ids(void)
{
	u64 both = bpf_get_current_pid_tgid();
	struct ids ids = { .pid = both >> 32, .tid = both };
	struct task_struct *task;

	if (filter.pidns) {
		task = (void *)bpf_get_current_task();
		ids.tid = task_number(task);
		ids.pid = task_number(BPF_CORE_READ(task, group_leader));
	}
	return ids;
}

/* The process of a task that need not be the current one. */
static __always_inline u32 process_of(struct task_struct *task)
{
	return filter.pidns ? task_number(BPF_CORE_READ(task, group_leader))
			    : BPF_CORE_READ(task, tgid);
}

static __always_inline u32 current_parent(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return process_of(BPF_CORE_READ(task, real_parent));
}

/* The name of the current task; for a worker of io_uring that of the process it works for. */
static __always_inline void current_comm(char (*comm)[EVENT_COMM_LEN])
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (BPF_CORE_READ(task, flags) & PF_IO_WORKER)
		BPF_CORE_READ_INTO(comm, task, group_leader, comm);
	else
		bpf_get_current_comm(comm, EVENT_COMM_LEN);
}

/* Does the comm contain the text that was asked for?  Both are compared as one 16-byte number. */
static __always_inline bool comm_wanted(void)
{
	u64 text[2], mask[2], comm[2] = {};

	if (!filter.comm_len)
		return true;
	current_comm((void *)comm);
	/* Volatile, as the filter is: otherwise the compiler would take its initial value. */
	text[0] = *(const volatile u64 *)&filter.comm[0];
	text[1] = *(const volatile u64 *)&filter.comm[8];
	mask[0] = filter.comm_len >= 8 ? ~0ULL : ~0ULL >> (64 - 8 * filter.comm_len);
	mask[1] = filter.comm_len <= 8 ? 0 : ~0ULL >> (128 - 8 * filter.comm_len);
#pragma unroll
	for (int i = 0; i < EVENT_COMM_LEN; i++) {
		if ((comm[0] & mask[0]) == text[0] && (comm[1] & mask[1]) == text[1])
			return true;
		comm[0] = comm[0] >> 8 | comm[1] << 56;
		comm[1] >>= 8;
	}
	return false;
}

static __always_inline bool reads_output(u32 pid)
{
	for (u32 i = 0; i < READERS_MAX && i < channel.readers; i++)
		if (channel.reader[i] == pid)
			return true;
	return false;
}

/* The filters that are the same for all threads of a process. */
static __always_inline bool process_wanted(const struct ids *ids)
{
	if (channel.stopped || ids->pid == filter.self || (filter.pidns && !ids->pid))
		return false;
	if (filter.by_pid && !bpf_map_lookup_elem(&pids, &ids->pid))
		return false;
	if (filter.readers && reads_output(ids->pid))
		return false;
	if (filter.ppid && current_parent() != filter.ppid)
		return false;
	return !filter.by_cgroup || bpf_current_task_under_cgroup(&cgroups, 0) == 1;
}

/* The filters of every command; those that are off are deleted by the verifier. */
static __always_inline bool current_wanted(const struct ids *ids)
{
	if (filter.tid && ids->tid != filter.tid)
		return false;
	if (filter.by_uid && (u32)bpf_get_current_uid_gid() != filter.uid)
		return false;
	return process_wanted(ids) && comm_wanted();
}

/* --- descendants: a child is traced as its parent is, before it runs --- */

SEC("?raw_tp/task_newtask")
int BPF_PROG(follow_newtask, struct task_struct *task, u64 clone_flags)
{
	u32 parent = current_ids().pid, child;
	u8 one = 1;

	if (clone_flags & CLONE_THREAD || !bpf_map_lookup_elem(&pids, &parent))
		return 0;
	child = process_of(task);
	if (bpf_map_update_elem(&pids, &child, &one, BPF_ANY))
		count(channel.lost_follow);
	else
		count(channel.followed);
	return 0;
}

/* A process ends with its last thread, whichever that is. */
SEC("?raw_tp/sched_process_exit")
int BPF_PROG(follow_exit, struct task_struct *task)
{
	u32 pid = process_of(task);

	if (BPF_CORE_READ(task, signal, live.counter) || bpf_map_delete_elem(&pids, &pid))
		return 0;
	__sync_fetch_and_add(&channel.followed, -1);
	if (!channel.followed)
		wake_reader();
	return 0;
}

/* --- the record under construction --- */

#define RECORD_MAX (27 * 1024) /* with the slack, below the 32 KB that a per-CPU value may have */
#define RECORD_SLACK (PATH_MAX + 64)
#define RECORD_FULL (RECORD_MAX + RECORD_SLACK) /* no record in the scratch has more */
#define RECORD_USUAL 8192			/* few have more before the text that can be long */

struct record {
	u32 slot; /* its key in the map */
	u32 busy;
	u32 used;    /* bytes so far */
	u64 walk[5]; /* see walk_next() in path.bpf.h */
	char bytes[RECORD_FULL] __attribute__((aligned(8)));
};

/*
 * Two for each CPU: a program may be interrupted, by another task on its CPU,
 * where it is a trampoline, or (since 7.0 or so) a tracepoint.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct record);
} records SEC(".maps");

/*
 * Takes a record with a head of that size, to be given back by record_submit()
 * or record_drop().  `atomics` is a constant: the kernel has them (5.12).  The
 * older ones interrupt none of our programs.
 */
static __always_inline struct record *record_take(u32 head, bool atomics)
{
	struct record *r;

#pragma unroll
	for (u32 i = 0; i < 2; i++) {
		u32 slot = i;

		r = bpf_map_lookup_elem(&records, &slot);
		if (!r || r->busy)
			continue;
		if (atomics && __sync_val_compare_and_swap(&r->busy, 0, 1))
			continue;
		r->busy = 1;
		r->slot = i;
		r->used = head;
		return r;
	}
	count(channel.lost_busy);
	return NULL;
}

static __always_inline void record_drop(struct record *r)
{
	r->busy = 0;
}

/* The next bytes are to begin at a multiple of 8. */
static __always_inline void record_align(struct record *r)
{
	r->used = (r->used + 7) & ~7U;
}

/* Where the next bytes go, with RECORD_SLACK of room; NULL when the record is full. */
static __always_inline char *record_end(struct record *r)
{
	u64 used = r->used;

	opaque(used);
	if (used >= RECORD_MAX)
		return NULL;
	opaque(used);
	return r->bytes + used;
}

/* False: it is lost, and counted. */
static __always_inline bool record_submit(struct record *r)
{
	u64 len = r->used;
	bool lost;

	opaque(len);
	lost = len > sizeof(r->bytes) || bpf_ringbuf_output(&ring, r->bytes, len, BPF_RB_NO_WAKEUP);
	if (lost)
		count(channel.lost_ring);
	wake_reader();
	r->busy = 0;
	return !lost;
}

/*
 * A record that the scratch has no room for goes into the ring buffer directly:
 * reserves `size` bytes there, a constant of at least RECORD_FULL, and copies
 * what there is of it; *head is set to the bytes of that.  NULL when the ring is
 * full, which is not counted here.
 */
static __always_inline char *record_reserve(const struct record *r, const u64 size, u64 *head)
{
	char *to = bpf_ringbuf_reserve(&ring, size, 0);
	u64 used = r->used;

	if (!to)
		return NULL;
	opaque(used);
	if (used > RECORD_FULL)
		used = RECORD_FULL;
	opaque(used);
	bpf_probe_read_kernel(to, used, r->bytes);
	*head = used;
	return to;
}

/* Fills in the head of a record for the current task. */
static __always_inline void event_init(struct event *e, const struct ids *ids)
{
	e->time = bpf_ktime_get_ns();
	e->pid = ids->pid;
	e->tid = ids->tid;
	e->uid = bpf_get_current_uid_gid();
	current_comm(&e->comm);
}

#endif
