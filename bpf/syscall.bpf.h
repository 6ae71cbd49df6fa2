/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls as they return: their arguments still stand in the registers
 * that were saved when they began.
 */
#ifndef BPF_SYSCALL_BPF_H
#define BPF_SYSCALL_BPF_H

#include "tool.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#else
#define TIF_32BIT 22 /* arch/arm64/include/asm/thread_info.h */
#endif

/* The four first arguments of a system call, where its entry has saved them. */
struct arguments {
	u64 a, b, c, d;
};

static __always_inline void arguments_native(struct arguments *args, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	*args = (struct arguments){ regs->di, regs->si, regs->dx, regs->r10 };
#else
	*args = (struct arguments){ regs->orig_x0, regs->regs[1], regs->regs[2], regs->regs[3] };
#endif
}

static __always_inline void arguments_compat(struct arguments *args, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	*args = (struct arguments){ (u32)regs->bx, (u32)regs->cx, (u32)regs->dx, (u32)regs->si };
#else
	*args = (struct arguments){ (u32)regs->orig_x0, (u32)regs->regs[1], (u32)regs->regs[2],
				    (u32)regs->regs[3] };
#endif
}

static __always_inline u32 syscall_number(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return regs->syscallno;
#endif
}

static __always_inline bool is_compat(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
#else
	return BPF_CORE_READ(task, thread_info.flags) & 1UL << TIF_32BIT;
#endif
}

#endif
