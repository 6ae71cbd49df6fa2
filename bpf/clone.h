/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kinds of new tasks, for both halves of the commands that are about them. */
#ifndef BPF_CLONE_H
#define BPF_CLONE_H

enum task_kind {
	KIND_PROCESS,
	KIND_THREAD,
	KIND_VFORK,
	KIND_KTHREAD,
	KIND_IOWRK,
	KINDS,
	KIND_UNKNOWN = KINDS /* of a call that failed, whose flags could not be read */
};

#endif
