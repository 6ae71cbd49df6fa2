/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the two halves of clonesnoop share: options and the record. */
#ifndef BPF_CLONESNOOP_H
#define BPF_CLONESNOOP_H

#include "common/event.h"
#include "bpf/clone.h"
#include "bpf/context.h"

struct clone_options {
	__u8 failed; /* failures only */
};

/* Behind it: the context. */
struct clone_event {
	struct event head;
	__u64 flags;   /* CLONE_..., without the signal */
	__s32 ret;     /* the child in the reader's PID namespace, or a negative errno */
	__u32 nschild; /* and in its own */
	__u32 kind;    /* enum task_kind; KIND_UNKNOWN: so are the flags */
	__u32 pad;
};

#endif
