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
#define WANT_OWN 0x100

#define STACK_DEPTH 64

struct context {
	__u32 ppid, mntns, pidns;
	__u32 cgroup, user_stack, kernel_stack; /* bytes */
	struct path_info exe, cwd;
};

/*
 * A frame of a user stack; behind it the path of the file that is mapped
 * there.  Each begins at a multiple of 8, as the kernel stack does, which is
 * addresses alone.
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
