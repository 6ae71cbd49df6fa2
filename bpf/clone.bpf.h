/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * New tasks: those that are made, whatever way, and the calls that made none.
 *
 * The tracepoint task_newtask is the one place that all of them pass; current
 * is then the parent, and the child has not run yet.  A failure is seen only
 * where the system call returns.
 */
#ifndef BPF_CLONE_BPF_H
#define BPF_CLONE_BPF_H

#include "syscall.bpf.h"
#include "clone.h"
#include <asm/unistd.h>

#define CLONE_VM 0x00000100 /* linux/sched.h */
#define CLONE_VFORK 0x00004000
#define PF_KTHREAD 0x00200000 /* linux/sched.h, in the kernel */
#define ERESTARTSYS 512 /* linux/errno.h, in the kernel: the first of those that no program sees */

enum clone_call { CALL_CLONE, CALL_CLONE3, CALL_FORK, CALL_VFORK };

/* The command's own.  `loops` is a constant: the kernel has bpf_loop(). */
static __always_inline int task_made(void *ctx, struct task_struct *child, u64 flags,
				     enum task_kind kind, bool loops);
static __always_inline int task_failed(void *ctx, struct pt_regs *regs, enum clone_call call,
				       bool compat, s32 ret, bool loops);

static __always_inline enum task_kind kind_of_flags(u64 flags)
{
	return flags & CLONE_THREAD ? KIND_THREAD : flags & CLONE_VFORK ? KIND_VFORK : KIND_PROCESS;
}

static __always_inline int made(void *ctx, struct task_struct *child, u64 flags, bool loops)
{
	u32 is = BPF_CORE_READ(child, flags);

	return task_made(ctx, child, flags,
			 is & PF_IO_WORKER ? KIND_IOWRK
			 : is & PF_KTHREAD ? KIND_KTHREAD
					   : kind_of_flags(flags),
			 loops);
}

SEC("?raw_tp/task_newtask")
int BPF_PROG(newtask, struct task_struct *child, u64 flags)
{
	return made(ctx, child, flags, true);
}

SEC("?raw_tp/task_newtask")
int BPF_PROG(newtask_old, struct task_struct *child, u64 flags)
{
	return made(ctx, child, flags, false);
}

static __always_inline int call_of_native(u32 nr)
{
	switch (nr) {
	case __NR_clone:
		return CALL_CLONE;
	case __NR_clone3:
		return CALL_CLONE3;
#ifdef __NR_fork
	case __NR_fork:
		return CALL_FORK;
	case __NR_vfork:
		return CALL_VFORK;
#endif
	}
	return -1;
}

/* On x86 as on arm64. */
static __always_inline int call_of_compat(u32 nr)
{
	switch (nr) {
	case 2:
		return CALL_FORK;
	case 120:
		return CALL_CLONE;
	case 190:
		return CALL_VFORK;
	case 435:
		return CALL_CLONE3;
	}
	return -1;
}

/* A success has been seen by then; and the child, which returns 0, is not the one who called. */
static __always_inline int call_returned(void *ctx, struct pt_regs *regs, int call, bool compat,
					 s64 ret, bool loops)
{
	if (call < 0 || ret >= 0 || ret <= -ERESTARTSYS)
		return 0;
	return task_failed(ctx, regs, call, compat, ret, loops);
}

#endif
