/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls as they begin, for what is gone when they return: how long one
 * took, and what a descriptor was before it was closed.  The programs are here,
 * common/hook.h chooses among them, as it does for bpf/syscall.bpf.h.
 */
#ifndef BPF_ENTRY_BPF_H
#define BPF_ENTRY_BPF_H

#include "syscall.bpf.h"

/* The command's own: one of its calls begins. */
static __always_inline int call_entered(void *ctx, struct pt_regs *regs, int call, bool compat,
					bool loops);

SEC("?tp")
int syscall_entry(void *ctx)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return call_entered(ctx, regs, call_of_native(syscall_number(regs)), false, true);
}

static __always_inline int any_entry(void *ctx, struct pt_regs *regs, bool loops)
{
	u32 nr = syscall_number(regs);
	bool compat = is_compat();

	return call_entered(ctx, regs, compat ? call_of_compat(nr) : call_of_native(nr), compat,
			    loops);
}

/* The functions of single calls: see syscall_return(). */
SEC("?kprobe.multi")
int syscall_begin(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return is_of_others(ctx) ? 0 : any_entry(ctx, regs, true);
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(any_syscall_entry, struct pt_regs *regs)
{
	return any_entry(ctx, regs, true);
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(any_syscall_entry_old, struct pt_regs *regs)
{
	return any_entry(ctx, regs, false);
}

#endif
