// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clonecount, the kernel half: a map of counters, which only ever grow.  The
 * reader takes what has been added since it looked last, so nothing that comes
 * meanwhile can be missed or counted twice.
 */
#include "kernel.h"
#include "clonecount.h"
#include "context.bpf.h"
#include "clone.bpf.h"
#include "session.bpf.h"

/* The number of entries is set when the program is loaded. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct clone_key);
	__type(value, struct clone_counts);
} counts SEC(".maps");

static __always_inline void key_fill(struct clone_key *key, const struct ids *ids, s32 ret)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct inode *inode;

	if (want & BY_UID)
		key->uid = bpf_get_current_uid_gid();
	if (want & BY_PID)
		key->pid = ids->pid;
	if (want & BY_PPID)
		key->ppid = current_parent();
	if (want & BY_SESSION)
		key->session = session_number();
	if (want & BY_COMM)
		current_comm(&key->comm);
	if (want & BY_EXE) {
		inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
		key->exe = BPF_CORE_READ(inode, i_ino);
		key->exe_generation = BPF_CORE_READ(inode, i_generation);
		key->exe_dev = BPF_CORE_READ(inode, i_sb, s_dev);
	}
	if (want & BY_CGROUP)
		key->cgroup = bpf_get_current_cgroup_id();
	if (want & BY_ERRNO)
		key->err = ret;
}

/* The names behind a key, while there is somebody to ask. */
static __always_inline void send_names(void *ctx, const struct clone_key *key,
				       const struct ids *ids, bool loops)
{
	struct record *r = record_take(sizeof(struct clone_row), loops);
	struct clone_row *row;

	if (!r)
		return;
	row = (void *)r->bytes;
	__builtin_memset(row, 0, sizeof(*row));
	row->key = *key;
	event_init(&row->head, ids);
	record_context(ctx, r, &row->head, loops);
	record_submit(r);
}

/* The counters of a key, new ones if need be.  Another processor may be adding the same. */
static __always_inline struct clone_counts *counts_of(void *ctx, const struct clone_key *key,
						      const struct ids *ids, bool loops)
{
	struct clone_counts *c = bpf_map_lookup_elem(&counts, key), none = {};

	if (c)
		return c;
	if (!bpf_map_update_elem(&counts, key, &none, BPF_NOEXIST) &&
	    want & (WANT_EXE | WANT_CGROUP))
		send_names(ctx, key, ids, loops);
	return bpf_map_lookup_elem(&counts, key);
}

static __always_inline int count_one(void *ctx, u32 which, s32 ret, bool loops)
{
	struct ids ids = current_ids();
	struct clone_key key = {};
	struct clone_counts *c;

	if (!current_wanted(&ids))
		return 0;
	key_fill(&key, &ids, ret);
	c = counts_of(ctx, &key, &ids, loops);
	if (c)
		count(c->n[which]);
	else
		count(channel.lost_map);
	return 0;
}

static __always_inline int task_made(void *ctx, struct task_struct *child, u64 flags,
				     enum task_kind kind, bool loops)
{
	u64 which = kind;

	opaque(which);
	return which < KINDS ? count_one(ctx, which, 0, loops) : 0;
}

static __always_inline int task_failed(void *ctx, struct pt_regs *regs, enum clone_call call,
				       bool compat, s32 ret, bool loops)
{
	return count_one(ctx, COUNT_FAILED, ret, loops);
}
