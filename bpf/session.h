/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which login and which terminal a process belongs to, and who has started it: a part of a record. */
#ifndef BPF_SESSION_H
#define BPF_SESSION_H

#include "common/event.h"

#define TTY_LEN 16

struct session {
	__u32 id;
	__u32 loginuid; /* UINT32_MAX: nobody has logged in */
	char parent[EVENT_COMM_LEN];
	char tty[TTY_LEN]; /* as the kernel names it; empty: there is none */
};

#endif
