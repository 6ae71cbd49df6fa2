/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks.  Programs are built without frame pointers, so who called whom is in
 * tables in their files, which no program here could read.  A process may be
 * gone, and its memory and its /proc/PID/maps with it, before the reader looks.
 * So a record takes what the reader cannot do without: the registers, the top
 * of the stack, and which files are mapped where these point to.
 */
#ifndef BPF_STACK_BPF_H
#define BPF_STACK_BPF_H

#include "path.bpf.h"

#define PAGE_SIZE 4096 /* or more, which costs look-ups and no more */
#define PAGE_SHIFT 12
#define VM_EXEC 4 /* linux/mm.h */

#define STACK_BYTES 16384 /* taken of a stack at most */
#define STACK_LEAST 512
#define STACK_ROOM 2048 /* left in the record for the mappings */
#define STACK_WORDS ((sizeof(struct user_stack) + STACK_BYTES) / sizeof(u64))
#define STACK_LOOKUPS 64

#if defined(__TARGET_ARCH_x86)
#define USER32_CS 0x23 /* asm/segment.h */
#define CODE_MASK (~0ULL)
#define CODE_END (1ULL << 47)
#else
#define PSR_MODE32_BIT 0x10	     /* asm/ptrace.h */
#define CODE_MASK ((1ULL << 48) - 1) /* a return address may be signed, in the bits above */
#define CODE_END (1ULL << 48)
#endif

struct stack_range {
	u64 start, len;
};

/* What has been looked up for the stack at hand, code or not; the stack itself, and what was met last. */
struct stack_seen {
	struct stack_range stack, last;
	u64 count;
	struct stack_range ranges[STACK_LOOKUPS];
};

/* One for each of the records. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct stack_seen);
} stack_seen SEC(".maps");

struct stack_scan {
	struct record *record;
	struct stack_seen *seen;
	u64 first, end, word; /* where in the record the words are, and their size */
};

struct stack_vma {
	u64 start, end, offset;
	struct file *file;
	bool code, vdso;
};

static long stack_vma(struct task_struct *task, struct vm_area_struct *vma, struct stack_vma *found)
{
	found->start = vma->vm_start;
	found->end = vma->vm_end;
	found->offset = vma->vm_pgoff << PAGE_SHIFT;
	found->code = vma->vm_flags & VM_EXEC;
	found->file = vma->vm_file;
	found->vdso = found->start == (u64)BPF_CORE_READ(task, mm, context.vdso);
	return 0;
}

static __always_inline void stack_mapping(struct record *r, const struct stack_vma *vma)
{
	struct stack_mapping *m = (struct stack_mapping *)record_end(r);
	struct file *file = vma->file;

	if (!m)
		return;
	__builtin_memset(m, 0, sizeof(*m));
	r->used += sizeof(*m);
	m->start = vma->start;
	m->end = vma->end;
	m->vdso = vma->vdso;
	if (!file)
		return;
	m->offset = vma->offset;
	m->ino = BPF_CORE_READ(file, f_inode, i_ino);
	m->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	record_file_path(r, file, &m->path, true);
	record_align(r);
}

static __always_inline bool stack_in(const struct stack_range *range, u64 address)
{
	return address - range->start < range->len;
}

/*
 * The number of the range that has an address, STACK_LOOKUPS if none has.  Not
 * static: so the verifier goes through the loop once, and not for every caller.
 */
__noinline u32 stack_find(struct stack_seen *seen, u64 address)
{
	for (u32 i = 0; seen && i < STACK_LOOKUPS && i < seen->count; i++)
		if (stack_in(&seen->ranges[i], address))
			return i;
	return STACK_LOOKUPS;
}

/* Looks up what is mapped where a word points to, if it may be the address of code. */
static long stack_word(u32 i, struct stack_scan *s)
{
	struct stack_seen *seen = s->seen;
	struct stack_vma vma = {};
	u64 at = s->first + i * s->word, address, n;

	opaque(at);
	if (at >= s->end || at >= RECORD_MAX)
		return 1;
	opaque(at);
	address = *(u64 *)(s->record->bytes + at) & (s->word == sizeof(u32) ? ~0U : CODE_MASK);
	if (address < PAGE_SIZE || address >= CODE_END || stack_in(&seen->stack, address) ||
	    stack_in(&seen->last, address))
		return 0;
	n = stack_find(seen, address);
	opaque(n);
	if (n < STACK_LOOKUPS) {
		seen->last = seen->ranges[n];
		return 0;
	}
	n = seen->count;
	opaque(n);
	if (n >= STACK_LOOKUPS)
		return 1;
	/* Where nothing is mapped, or cannot be told because another thread is mapping something, the page is passed over. */
	vma.start = address & -PAGE_SIZE;
	vma.end = vma.start + PAGE_SIZE;
	bpf_find_vma(bpf_get_current_task_btf(), address, stack_vma, &vma, 0);
	seen->last.start = vma.start;
	seen->last.len = vma.end - vma.start;
	seen->ranges[n] = seen->last;
	seen->count = n + 1;
	if (vma.code)
		stack_mapping(s->record, &vma);
	return 0;
}

static __always_inline void stack_regs(struct user_stack *stack, struct pt_regs *regs)
{
	u64 *saved = stack->regs + STACK_SAVED;

#if defined(__TARGET_ARCH_x86)
	stack->regs[STACK_PC] = regs->ip;
	stack->regs[STACK_SP] = regs->sp;
	stack->compat = regs->cs == USER32_CS;
	saved[0] = regs->bp;
	saved[1] = regs->bx;
	saved[2] = regs->r12;
	saved[3] = regs->r13;
	saved[4] = regs->r14;
	saved[5] = regs->r15;
	saved[6] = regs->di;
#else
	stack->regs[STACK_PC] = regs->pc;
	stack->regs[STACK_SP] = regs->sp;
	stack->compat = !!(regs->pstate & PSR_MODE32_BIT);
#pragma unroll
	for (u32 i = 0; i < STACK_REGS - STACK_SAVED; i++)
		saved[i] = regs->regs[19 + i];
#endif
}

/*
 * Appends as much of the stack as there is, can be read and has room.  Not
 * inline, so that registers are enough: Linux 6.1 knows nothing of the copy of
 * a number on the stack that was checked in a register.
 */
static __noinline u32 stack_bytes(struct record *r, u64 sp, u64 left)
{
	u64 used = r->used, n;

#pragma unroll
	for (u64 size = STACK_BYTES; size >= STACK_LEAST; size /= 2) {
		opaque(used);
		if (used > RECORD_MAX - STACK_ROOM - size)
			continue;
		n = left;
		opaque(n);
		if (n > size)
			n = size;
		opaque(n);
		if (!bpf_probe_read_user(r->bytes + used, n, (void *)sp)) {
			r->used += n;
			return n;
		}
	}
	return 0;
}

/* Where the stack is that has this address; returns its end.  Not inline: what it takes is not on our stack meanwhile. */
static __noinline u64 stack_bounds(struct stack_seen *seen, u64 sp)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 end = sp + STACK_BYTES, start_stack;
	struct stack_vma vma = {};

	if (!bpf_find_vma(task, sp, stack_vma, &vma, 0))
		end = vma.end;
	seen->stack.start = vma.start;
	seen->stack.len = vma.end - vma.start;
	/* Above it are the arguments and the environment. */
	start_stack = BPF_CORE_READ(task, mm, start_stack);
	return start_stack > sp && start_stack < end ? start_stack : end;
}

/* Appends the user stack and returns its bytes in the record. */
static __always_inline u32 record_user_stack(struct record *r)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct stack_scan s = { .record = r };
	struct user_stack *stack;
	u32 slot = r->slot;
	u64 sp, end;

	s.seen = bpf_map_lookup_elem(&stack_seen, &slot);
	record_align(r);
	stack = (struct user_stack *)record_end(r);
	if (!stack || !s.seen)
		return 0;
	s.seen->count = 0;
	s.seen->last = (struct stack_range){};
	s.first = r->used + offsetof(struct user_stack, regs);
	__builtin_memset(stack, 0, sizeof(*stack));
	stack_regs(stack, (void *)bpf_task_pt_regs(task));
	r->used += sizeof(*stack);

	sp = stack->regs[STACK_SP];
	end = stack_bounds(s.seen, sp);
	stack->bytes = stack_bytes(r, sp, (end - sp) & -(u64)sizeof(u64));
	s.end = r->used;
	s.word = stack->compat ? sizeof(u32) : sizeof(u64);
	bpf_loop(STACK_WORDS * 2, stack_word, &s, 0);
	return r->used - (s.first - offsetof(struct user_stack, regs));
}

/* Appends the kernel stack, addresses alone, and returns its bytes. */
static __always_inline u32 record_kernel_stack(void *ctx, struct record *r)
{
	long bytes;
	char *to;

	record_align(r);
	to = record_end(r);
	bytes = to ? bpf_get_stack(ctx, to, STACK_DEPTH * sizeof(u64), 0) : 0;
	if (bytes <= 0)
		return 0;
	r->used += bytes;
	return bytes;
}

#endif
