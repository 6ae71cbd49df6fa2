/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stacks in a record; see bpf/stack.bpf.h and common/stack.h. */
#ifndef BPF_STACK_H
#define BPF_STACK_H

#include "bpf/path.h"

#define STACK_DEPTH 64

/*
 * A frame of a user stack; behind it the path of the file that is mapped
 * there, leaf first and padded to 8 bytes.  A kernel stack is addresses alone.
 */
struct stack_frame {
	__u64 address;
	__u64 offset; /* of the address in the file */
	__u64 ino;
	__u32 dev; /* the kernel's own form: major << 20 | minor */
	__u32 pad;
	struct path_info path; /* len 0: no file is mapped there */
};

#endif
