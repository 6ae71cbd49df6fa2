/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an event comes from, as far as it was asked for: a part of the record
 * that every command may have, at the offset event.context.  Behind it, one
 * after the other: the path of the executable, that of the working directory,
 * the cgroup, the user stack and the kernel stack.
 */
#ifndef BPF_CONTEXT_H
#define BPF_CONTEXT_H

#include "bpf/path.h"

/* What a record has to bring; each costs something.  A command's own begin at WANT_OWN. */
#define WANT_PPID 1
#define WANT_EXE 2
#define WANT_CWD 4
#define WANT_CGROUP 8
#define WANT_NS 16
#define WANT_USER_STACK 32
#define WANT_KERNEL_STACK 64
#define WANT_CONTEXT 0xff
#define WANT_USER 0x100 /* the reader's business: names of users */
#define WANT_OWN 0x200

#define STACK_DEPTH 64 /* of a kernel stack */

struct event_context {
	__u32 ppid, mntns, pidns;
	__u32 user_stack, kernel_stack; /* bytes */
	__u32 pad;
	struct path_info exe, cwd, cgroup;
};

/*
 * What the reader needs to find the callers of a user stack: the registers that
 * a function has to keep for its caller, the stack from the stack pointer on,
 * and then a struct stack_mapping for every mapping with code that a word of
 * these points into.  Each part begins at a multiple of 8, as the kernel stack
 * does, which is addresses alone.
 */
enum {
	STACK_PC,
	STACK_SP,
	STACK_SAVED, /* x86-64: rbp rbx r12 to r15 rdi; arm64: x19 to x30 */
	STACK_REGS = 14,
};

struct user_stack {
	__u32 bytes;  /* of the stack */
	__u32 compat; /* a 32-bit program */
	__u64 regs[STACK_REGS];
};

/* Behind it the path of the file. */
struct stack_mapping {
	__u64 start, end;
	__u64 offset; /* of the start in the file */
	__u64 ino;
	__u32 dev;	       /* the kernel's own form: major << 20 | minor */
	__u32 vdso;	       /* the kernel's own library, not a file */
	struct path_info path; /* len 0: no file is mapped there */
};

#endif
