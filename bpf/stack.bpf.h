/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Stacks, with what a name for each frame needs: a process may be gone, and its
 * /proc/PID/maps with it, before the reader looks.  So the file that is mapped
 * at each address is looked up here, while the call is still going on.
 */
#ifndef BPF_STACK_BPF_H
#define BPF_STACK_BPF_H

#include "path.bpf.h"

#define PAGE_SHIFT 12
#define VM_EXEC 4 /* linux/mm.h */
#define EBUSY 16 /* the mappings are being changed by another thread */

struct stack_place {
	u64 address;
	u64 offset;
	struct file *file;
	bool code;
};

static long stack_vma(struct task_struct *task, struct vm_area_struct *vma, struct stack_place *place)
{
	place->code = BPF_CORE_READ(vma, vm_flags) & VM_EXEC;
	place->file = BPF_CORE_READ(vma, vm_file);
	place->offset = place->address - BPF_CORE_READ(vma, vm_start) + (BPF_CORE_READ(vma, vm_pgoff) << PAGE_SHIFT);
	return 0;
}

static long stack_one(u32 i, struct record **ctx)
{
	struct record *r = *ctx;
	struct stack_place place = {};
	struct stack_frame *frame;
	struct file *file;

	if (i >= STACK_DEPTH)
		return 1;
	frame = (struct stack_frame *)record_end(r);
	if (!frame)
		return 1;
	place.address = r->stack[i];
	/* Where a caller kept no frame pointer, what follows is whatever the register held: not code, so not shown. */
	if (bpf_find_vma(bpf_get_current_task_btf(), place.address, stack_vma, &place, 0) != -EBUSY && !place.code)
		return 1;
	__builtin_memset(frame, 0, sizeof(*frame));
	r->used += sizeof(*frame);
	frame->address = place.address;
	file = place.file;
	if (!file)
		return 0;
	frame->offset = place.offset;
	frame->ino = BPF_CORE_READ(file, f_inode, i_ino);
	frame->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	record_file_path(r, file, &frame->path, true);
	record_align(r);
	return 0;
}

/* Appends the user stack and returns its bytes in the record. */
static __always_inline u32 record_user_stack(void *ctx, struct record *r)
{
	u32 start;
	long bytes = bpf_get_stack(ctx, r->stack, sizeof(r->stack), BPF_F_USER_STACK);

	record_align(r);
	start = r->used;
	if (bytes > 0)
		bpf_loop(bytes / sizeof(u64), stack_one, &r, 0);
	return r->used - start;
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
