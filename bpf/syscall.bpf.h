/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls as they return: their arguments still stand in the registers
 * that were saved when they began.  The programs are here, common/hook.h chooses
 * among them; the command that includes this says which calls it is about.
 */
#ifndef BPF_SYSCALL_BPF_H
#define BPF_SYSCALL_BPF_H

#include "tool.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#else
#define TIF_32BIT 22 /* arch/arm64/include/asm/thread_info.h */
#endif

/* The first arguments of a system call, where its entry has saved them. */
struct arguments {
	u64 a, b, c, d, e, f;
};

static __always_inline void arguments_native(struct arguments *args, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	*args = (struct arguments){ regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9 };
#else
	*args = (struct arguments){ regs->orig_x0, regs->regs[1], regs->regs[2],
				    regs->regs[3], regs->regs[4], regs->regs[5] };
#endif
}

static __always_inline void arguments_compat(struct arguments *args, struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	*args = (struct arguments){ (u32)regs->bx, (u32)regs->cx, (u32)regs->dx,
				    (u32)regs->si, (u32)regs->di, (u32)regs->bp };
#else
	*args = (struct arguments){ (u32)regs->orig_x0, (u32)regs->regs[1], (u32)regs->regs[2],
				    (u32)regs->regs[3], (u32)regs->regs[4], (u32)regs->regs[5] };
#endif
}

static __always_inline void arguments_read(struct arguments *args, struct pt_regs *regs,
					   bool compat)
{
	if (compat)
		arguments_compat(args, regs);
	else
		arguments_native(args, regs);
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

/* The command's own: its number for a system call, or -1; of a 64-bit caller, and of a 32-bit one. */
static __always_inline int call_of_native(u32 nr);
static __always_inline int call_of_compat(u32 nr);
/* One of its calls has returned.  `loops` is a constant: the kernel has bpf_loop(). */
static __always_inline int call_returned(void *ctx, struct pt_regs *regs, int call, bool compat,
					 s64 ret, bool loops);

/* The usual hook: one classic tracepoint for each call.  Others pay for little more than a flag being set. */
SEC("?tp")
int syscall_exit(struct syscall_exit *ctx)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return call_returned(ctx, regs, call_of_native(ctx->nr), false, ctx->ret, true);
}

/*
 * The exit of every system call, where the tracepoints of single calls cannot
 * be had (no tracefs, no perf_event_open), the kernel is older than
 * bpf_task_pt_regs() (5.15), or 32-bit callers are to be seen: the tracepoints
 * of single calls pass those over.
 */
static __always_inline int any_exit(void *ctx, struct pt_regs *regs, s64 ret, bool loops)
{
	u32 nr = syscall_number(regs);
	int native = call_of_native(nr), compat = call_of_compat(nr);
	bool by_compat;

	if (native < 0 && compat < 0)
		return 0;
	by_compat = is_compat();
	return call_returned(ctx, regs, by_compat ? compat : native, by_compat, ret, loops);
}

/* Of a call that 32-bit callers share a function for with others, who are seen elsewhere. */
static __always_inline bool is_of_others(void *ctx)
{
	return bpf_get_attach_cookie(ctx) && !is_compat();
}

/*
 * The return of the functions of single calls.  Since Linux 7 what runs at a
 * tracepoint can be preempted, and is then left out for all other tasks of that
 * CPU meanwhile; here it cannot.  Before that they are for 32-bit callers alone
 * (their cookie), whom the tracepoints pass over.
 */
SEC("?kretprobe.multi")
int syscall_return(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return is_of_others(ctx) ? 0 : any_exit(ctx, regs, PT_REGS_RC(ctx), true);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(any_syscall_exit, struct pt_regs *regs, long ret)
{
	return any_exit(ctx, regs, ret, true);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(any_syscall_exit_old, struct pt_regs *regs, long ret)
{
	return any_exit(ctx, regs, ret, false);
}

#endif
