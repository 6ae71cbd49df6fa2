/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where an event comes from: process, namespaces, cgroup, directories and stacks, as far as asked for. */
#ifndef BPF_CONTEXT_BPF_H
#define BPF_CONTEXT_BPF_H

#include "stack.bpf.h"

/* The stacks, behind all else of a context; see record_context(). */
static __always_inline void record_user_part(struct record *r, struct event *e, bool loops)
{
	u64 at = e->context;

	opaque(at);
	if (loops && want & WANT_USER_STACK && at && at < RECORD_MAX)
		((struct event_context *)(r->bytes + at))->user_stack = record_user_stack(r);
}

static __always_inline void record_kernel_part(void *ctx, struct record *r, struct event *e)
{
	u64 at = e->context;

	opaque(at);
	if (want & WANT_KERNEL_STACK && at && at < RECORD_MAX)
		((struct event_context *)(r->bytes + at))->kernel_stack =
			record_kernel_stack(ctx, r);
}

/* The context of the current task without its stacks, appended to a record whose head is `e`. */
static __always_inline void record_surroundings(struct record *r, struct event *e, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid_namespace *ns;
	struct event_context *c;
	struct pid *pid;
	u32 level;

	if (!(want & WANT_CONTEXT))
		return;
	record_align(r);
	c = (struct event_context *)record_end(r);
	if (!c)
		return;
	__builtin_memset(c, 0, sizeof(*c));
	e->context = r->used;
	r->used += sizeof(*c);
	if (want & WANT_PPID)
		c->ppid = current_parent();
	if (want & WANT_NS) {
		pid = BPF_CORE_READ(task, thread_pid);
		level = BPF_CORE_READ(pid, level);
		bpf_core_read(&ns, sizeof(ns), &pid->numbers[level].ns);
		c->pidns = BPF_CORE_READ(ns, ns.inum);
		c->mntns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	}
	if (want & WANT_EXE)
		record_file_path(r, BPF_CORE_READ(task, mm, exe_file), &c->exe, loops);
	if (want & WANT_CWD)
		record_cwd_path(r, &c->cwd, loops);
	if (want & WANT_CGROUP)
		record_cgroup_path(r, &c->cgroup, loops);
}

static __always_inline void record_context(void *ctx, struct record *r, struct event *e, bool loops)
{
	record_surroundings(r, e, loops);
	record_user_part(r, e, loops);
	record_kernel_part(ctx, r, e);
}

#endif
