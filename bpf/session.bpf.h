/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The session of the current task. */
#ifndef BPF_SESSION_BPF_H
#define BPF_SESSION_BPF_H

#include "tool.bpf.h"
#include "session.h"

#define PIDTYPE_SID 3 /* linux/pid_types.h */

static __always_inline u32 session_number(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return pid_number(BPF_CORE_READ(task, signal, pids[PIDTYPE_SID]));
}

static __always_inline void session_of_current(struct session *s)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	s->id = session_number();
	BPF_CORE_READ_STR_INTO(&s->tty, task, signal, tty, name);
	s->loginuid = -1;
	if (bpf_core_field_exists(task->loginuid)) /* a kernel with auditing */
		s->loginuid = BPF_CORE_READ(task, loginuid.val);
	BPF_CORE_READ_INTO(&s->parent, task, real_parent, group_leader, comm);
}

#endif
