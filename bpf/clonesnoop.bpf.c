// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* clonesnoop, the kernel half: a record for each new task, and for each call that made none. */
#include "kernel.h"
#include "clonesnoop.h"
#include "context.bpf.h"
#include "clone.bpf.h"

#define CSIGNAL 0xff /* linux/sched.h: the signal that clone(2) takes together with the flags */

const volatile struct clone_options options = {};

static __always_inline int show(void *ctx, const struct ids *ids, const struct clone_event *what,
				bool loops)
{
	struct record *r = record_take(sizeof(struct clone_event), loops);
	struct clone_event *e;

	if (!r)
		return 0;
	e = (void *)r->bytes;
	*e = *what;
	event_init(&e->head, ids);
	record_context(ctx, r, &e->head, loops);
	record_submit(r);
	return 0;
}

static __always_inline int task_made(void *ctx, struct task_struct *child, u64 flags,
				     enum task_kind kind, bool loops)
{
	struct clone_event e = { .flags = flags, .kind = kind };
	struct ids ids;
	struct pid *pid;
	u32 level;

	if (options.failed)
		return 0;
	ids = current_ids();
	if (!current_wanted(&ids))
		return 0;
	pid = BPF_CORE_READ(child, thread_pid);
	level = BPF_CORE_READ(pid, level);
	e.ret = pid_number(pid);
	bpf_core_read(&e.nschild, sizeof(e.nschild), &pid->numbers[level].nr);
	return show(ctx, &ids, &e, loops);
}

static __always_inline int task_failed(void *ctx, struct pt_regs *regs, enum clone_call call,
				       bool compat, s32 ret, bool loops)
{
	struct clone_event e = { .ret = ret };
	struct ids ids = current_ids();
	struct arguments args;
	bool known = true;

	if (!current_wanted(&ids))
		return 0;
	arguments_read(&args, regs, compat);
	switch (call) {
	case CALL_CLONE:
		e.flags = (u32)args.a & ~CSIGNAL;
		break;
	case CALL_CLONE3: /* the flags are what its structure begins with */
		known = !bpf_probe_read_user(&e.flags, sizeof(e.flags), (void *)args.a);
		break;
	case CALL_FORK:
		break;
	case CALL_VFORK:
		e.flags = CLONE_VFORK | CLONE_VM;
		break;
	}
	e.kind = known ? kind_of_flags(e.flags) : KIND_UNKNOWN;
	return show(ctx, &ids, &e, loops);
}
