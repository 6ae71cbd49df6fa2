/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * True paths: from an open file, through its directories and mounts, up to the
 * root of the mount namespace.
 *
 * A path is found from its end: a dentry knows its parent, and the root of a
 * mount knows the directory that it covers.  So the names are put into the
 * record leaf first, each with its NUL, and the reader turns them round.
 */
#ifndef BPF_PATH_BPF_H
#define BPF_PATH_BPF_H

#include "tool.bpf.h"
#include "path.h"

#define MNT_NS_ANON_INO 0xEFFFFFF7U

#define WALK_STEPS 4096 /* more than a path of PATH_MAX bytes has parts */
/* Where the kernel has no bpf_loop(); more would be too much for the verifier. */
#define WALK_STEPS_OLD 128

struct walk {
	struct record *record;
	struct mount *mount;
	struct dentry *dentry, *top; /* top: the root of the mount */
	u64 end;		     /* no name begins past it */
	u64 state;		     /* PATH_... bits */
};

/* At the top of all mounts: is that the root of a namespace that somebody can be in? */
static __always_inline bool is_detached(struct mount *mount)
{
	struct mnt_namespace *ns = BPF_CORE_READ(mount, mnt_ns);
	u32 inum = ns ? BPF_CORE_READ(ns, ns.inum) : 0;

	/* That of fsmount(2) and open_tree(2) has no number, or this one: linux/nsfs.h. */
	return !inum || inum == MNT_NS_ANON_INO;
}

static __always_inline long walk_step(struct walk *w)
{
	/* Copies, because BPF_CORE_READ(w->dentry, ...) would also look for struct walk in the kernel. */
	struct dentry *dentry = w->dentry, *parent;
	struct mount *mount = w->mount, *above;
	const void *name;
	char *to;
	long len;

	if (dentry == w->top) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount) {
			w->state |= PATH_WHOLE;
			if (is_detached(mount))
				w->state |= PATH_DETACHED;
			return 1;
		}
		w->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		w->mount = above;
		w->top = BPF_CORE_READ(above, mnt.mnt_root);
		return 0;
	}
	to = record_end(w->record);
	if (!to || w->record->used >= w->end)
		return 1;
	name = BPF_CORE_READ(dentry, d_name.name);
	len = bpf_probe_read_kernel_str(to, NAME_MAX + 1, name);
	if (len < 0)
		return 1;
	w->record->used += len;
	parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == parent) { /* the top of a file system that is mounted nowhere */
		w->state |= PATH_NOWHERE | PATH_WHOLE;
		return 1;
	}
	w->dentry = parent;
	return 0;
}

static long walk_callback(u32 i, void *w)
{
	return walk_step(w);
}

/*
 * The same for older kernels, in a plain loop: what the walk knows is kept in
 * the record.  Not static, and so looked at by the verifier once, and not again
 * for each step.
 */
__noinline int walk_next(u32 slot)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	struct walk w = { .record = r };
	long ended;

	if (!r)
		return 1;
	w.mount = (void *)r->walk[0];
	w.dentry = (void *)r->walk[1];
	w.top = (void *)r->walk[2];
	w.end = r->walk[3];
	ended = walk_step(&w);
	r->walk[0] = (u64)w.mount;
	r->walk[1] = (u64)w.dentry;
	r->walk[2] = (u64)w.top;
	r->walk[4] |= w.state;
	return ended;
}

static __always_inline void walk_old(struct walk *w)
{
	struct record *r = w->record;
	u32 slot = r->slot;

	r->walk[0] = (u64)w->mount;
	r->walk[1] = (u64)w->dentry;
	r->walk[2] = (u64)w->top;
	r->walk[3] = w->end;
	r->walk[4] = w->state;
	for (u32 i = 0; i < WALK_STEPS_OLD; i++)
		if (walk_next(slot))
			break;
	w->state = r->walk[4];
}

static __always_inline int append_path(u32 slot, u64 mount, u64 dentry_of, u32 info_at, bool loops)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	struct dentry *dentry = (void *)dentry_of;
	struct vfsmount *mnt = (void *)mount;
	struct walk w = { .record = r, .dentry = dentry };
	struct path_info *info;
	const void *fs;
	u32 start;
	char *to;
	long len;

	if (!r || info_at >= RECORD_MAX)
		return 0;
	info = (struct path_info *)(r->bytes + info_at);
	start = r->used;
	w.end = start + PATH_MAX;
	w.mount = container_of(mnt, struct mount, mnt);
	w.top = BPF_CORE_READ(mnt, mnt_root);
	/* Unlinked: not in the hash of names, where the top of a file system never is. */
	if (dentry != BPF_CORE_READ(dentry, d_parent) && !BPF_CORE_READ(dentry, d_hash.pprev))
		w.state |= PATH_DELETED;
	if (loops)
		bpf_loop(WALK_STEPS, walk_callback, &w, 0);
	else
		walk_old(&w);
	if (w.state & PATH_NOWHERE) {
		info->ino = BPF_CORE_READ(dentry, d_inode, i_ino);
		fs = BPF_CORE_READ(dentry, d_sb, s_type, name);
		to = record_end(r);
		len = to ? bpf_probe_read_kernel_str(to, NAME_MAX + 1, fs) : 0;
		if (len > 0)
			r->used += len;
	}
	info->state = w.state;
	info->len = r->used - start;
	return 0;
}

/* Not static, and so looked at by the verifier once, however many paths a record has. */
__noinline int path_append(u32 slot, u64 mnt, u64 dentry, u32 info_at)
{
	return append_path(slot, mnt, dentry, info_at, true);
}

__noinline int path_append_old(u32 slot, u64 mnt, u64 dentry, u32 info_at)
{
	return append_path(slot, mnt, dentry, info_at, false);
}

/*
 * Appends the path of a dentry in a mount, leaf first, and says in `info`, which is in the record, what it is.
 * `loops` is a constant: whether the kernel has bpf_loop() (5.17).
 */
static __always_inline void record_path(struct record *r, struct vfsmount *mnt,
					struct dentry *dentry, struct path_info *info, bool loops)
{
	u32 info_at = (char *)info - r->bytes;

	if (loops)
		path_append(r->slot, (u64)mnt, (u64)dentry, info_at);
	else
		path_append_old(r->slot, (u64)mnt, (u64)dentry, info_at);
}

/* Appends the path of a file, if there is one. */
static __always_inline void record_file_path(struct record *r, struct file *file,
					     struct path_info *info, bool loops)
{
	if (file)
		record_path(r, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry),
			    info, loops);
}

/* An open file of the current task; NULL where there is no such descriptor. */
static __always_inline struct file *file_of_fd(u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL, **slots;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	slots = BPF_CORE_READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

/* Appends its path; nothing where there is none. */
static __always_inline void record_fd_path(struct record *r, u32 fd, struct path_info *info,
					   bool loops)
{
	record_file_path(r, file_of_fd(fd), info, loops);
}

static __always_inline void record_cwd_path(struct record *r, struct path_info *info, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	record_path(r, BPF_CORE_READ(task, fs, pwd.mnt), BPF_CORE_READ(task, fs, pwd.dentry), info,
		    loops);
}

/* Appends the directory that a path given to a system call starts from. */
static __always_inline void record_base_path(struct record *r, s32 dirfd, bool absolute,
					     struct path_info *info, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	if (absolute)
		record_path(r, BPF_CORE_READ(task, fs, root.mnt),
			    BPF_CORE_READ(task, fs, root.dentry), info, loops);
	else if (dirfd == AT_FDCWD)
		record_cwd_path(r, info, loops);
	else
		record_fd_path(r, dirfd, info, loops);
}

/* --- cgroups --- */

static __always_inline struct kernfs_node *cgroup_parent(struct kernfs_node *node)
{
	struct kernfs_node___parent *old = (void *)node;
	struct kernfs_node___rcu *new = (void *)node;

	return bpf_core_field_exists(new->__parent) ? BPF_CORE_READ(new, __parent)
						    : BPF_CORE_READ(old, parent);
}

#define CGROUP_STEPS_OLD 32 /* as WALK_STEPS_OLD, unrolled */

struct cgroup_walk {
	struct record *record;
	struct kernfs_node *node;
	u64 end;   /* no name begins past it */
	u32 state; /* PATH_... bits */
};

static __always_inline long cgroup_step(struct cgroup_walk *w)
{
	struct kernfs_node *node = w->node, *parent = cgroup_parent(node);
	char *to = record_end(w->record);
	long len;

	if (!parent) {
		w->state |= PATH_WHOLE;
		return 1;
	}
	if (!to || w->record->used >= w->end)
		return 1;
	len = bpf_probe_read_kernel_str(to, NAME_MAX + 1, BPF_CORE_READ(node, name));
	if (len < 0)
		return 1;
	w->record->used += len;
	w->node = parent;
	return 0;
}

static long cgroup_callback(u32 i, void *w)
{
	return cgroup_step(w);
}

/* Appends the current task's cgroup in the v2 hierarchy, leaf first. */
static __always_inline void record_cgroup_path(struct record *r, struct path_info *info, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct cgroup_walk w = { .record = r, .node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn) };
	u32 start = r->used;

	w.end = start + PATH_MAX;
	if (loops) {
		bpf_loop(WALK_STEPS, cgroup_callback, &w, 0);
	} else {
#pragma unroll
		for (int i = 0; i < CGROUP_STEPS_OLD; i++)
			if (cgroup_step(&w))
				break;
	}
	info->state = w.state;
	info->len = r->used - start;
}

#endif
