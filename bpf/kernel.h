/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, as far as these programs look into them.
 *
 * This page is the whole contract with the kernel.  Only the fields that are
 * read stand here: libbpf finds where they really are when a program is loaded
 * (CO-RE, "compile once, run everywhere"), so order and size mean nothing, and
 * a build needs no kernel at hand.  A name with ___ in it is another form of
 * the same type, as some kernels have it; the part from ___ on is ignored.
 *
 * Build with VMLINUX_H=file to take the types from a complete header instead.
 */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#ifdef VMLINUX_H
#include VMLINUX_H
#else

#include <stdbool.h>
#include <linux/bpf.h>
#define __VMLINUX_H__ /* bpf_tracing.h: struct pt_regs is the kernel's, not ptrace's */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#define NULL ((void *)0) /* not from stddef.h, whose offsetof() CO-RE would not see */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* --- registers of a system call: arch/.../include/asm/ptrace.h --- */

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long ax, bx, cx, dx, si, di, bp, r8, r9, r10, r12, r13, r14, r15, orig_ax, ip, cs,
		sp;
};

struct thread_info {
	unsigned long flags;
	u32 status; /* TS_COMPAT: a system call by the 32-bit entry */
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	u64 regs[31], sp, pc, pstate;
};

struct pt_regs {
	u64 regs[31], sp, pc, pstate;
	u64 orig_x0;
	s32 syscallno;
};

struct thread_info {
	unsigned long flags; /* TIF_32BIT: a 32-bit task */
};
#else
#error "no system call registers known for this architecture"
#endif

/* --- tasks --- */

struct ns_common {
	unsigned int inum; /* what ls -l /proc/PID/ns shows */
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;	/* how deep its PID namespace is */
	struct upid numbers[1]; /* its number in every one, 0 to level */
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

typedef struct {
	int counter;
} atomic_t;

struct tty_struct {
	char name[64];
};

struct signal_struct {
	int nr_threads;	     /* of the process that have not been reaped */
	atomic_t live;	     /* threads of the process that have not begun to exit */
	struct pid *pids[4]; /* [3]: of the session */
	struct tty_struct *tty;
	unsigned int flags; /* SIGNAL_... */
	int group_exit_code;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags; /* PF_... */
	int pid, tgid;
	int exit_code;
	char comm[16];
	u64 start_time;	  /* CLOCK_MONOTONIC */
	u64 self_exec_id; /* how often it has executed a program */
	kuid_t loginuid;
	struct task_struct *group_leader, *real_parent;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct files_struct *files;
	struct fs_struct *fs;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
};

typedef struct {
	void *vdso; /* where the kernel has put the library of its own */
} mm_context_t;

struct mm_struct {
	struct file *exe_file;
	unsigned long start_code;  /* of the program that was executed */
	unsigned long start_stack; /* where it was when the program began: the arguments follow */
	unsigned long arg_start, arg_end,
		env_end; /* strings, each with its NUL; env begins at arg_end */
	mm_context_t context;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end;
	unsigned long vm_flags; /* VM_... */
	unsigned long vm_pgoff; /* in pages */
	struct file *vm_file;
};

struct linux_binprm {	      /* a program that is being executed */
	const char *filename; /* as it was asked for */
	const char *interp;   /* what is run in its place, such as the interpreter of a script */
	int argc;
};

/* --- cgroups: a cgroup is a directory of kernfs --- */

struct kernfs_node {
	const char *name;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the v2 hierarchy */
};

/* --- files: descriptor -> file -> (mount, dentry) -> names --- */

struct qstr {
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct dentry *d_parent; /* itself, at the top of a file system */
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	struct hlist_bl_node d_hash; /* pprev NULL: no name leads here any more */
};

struct file_system_type {
	const char *name;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic; /* which kind of file system: linux/magic.h */
	struct file_system_type *s_type;
};

struct address_space {
	atomic_t i_mmap_writable; /* mappings that are shared and can be stored into */
};

struct inode {
	unsigned short i_mode; /* type and permissions: inode(7) */
	unsigned long i_ino;
	u32 i_generation; /* another one when the number is used again */
	s64 i_size;
	struct super_block *i_sb;
	struct address_space *i_mapping;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent; /* itself, at the root of the namespace */
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns; /* NULL: taken off with umount -l */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;  /* FMODE_... */
	unsigned int f_flags; /* of open(2) */
	s64 f_pos;
	struct path f_path;
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds, *close_on_exec; /* a bit for each */
};

struct files_struct {
	atomic_t count; /* tasks that share it */
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root, pwd;
};

/* --- io_uring --- */

struct io_cqe {
	u64 user_data;
	s32 res;
	int fd; /* until there is a result */
};

struct io_kiocb {
	struct file *file;
	u8 opcode;
	u32 flags; /* REQ_F_..., the lower half */
	struct io_cqe cqe;
};

struct kiocb {
	s64 ki_pos; /* behind the bytes, when it is done */
};

struct open_how { /* linux/openat2.h */
	u64 flags, mode, resolve;
};

struct filename {
	const char *name;
};

struct io_open { /* the command part of an io_kiocb, for OPENAT and OPENAT2 */
	int dfd;
	u32 file_slot;
	struct filename *filename;
	struct open_how how;
};

struct io_rw { /* the same for all that reads and writes */
	struct kiocb kiocb;
	u64 addr;
	u32 len;
};

struct io_close {
	int fd;
	u32 file_slot;
};

struct io_sync { /* FSYNC, SYNC_FILE_RANGE, FALLOCATE */
	s64 len, off;
	int flags, mode;
};

struct io_rename {
	int old_dfd, new_dfd;
	struct filename *oldpath, *newpath;
	int flags;
};

struct io_unlink {
	int dfd, flags;
	struct filename *filename;
};

struct io_splice {
	s64 off_out, off_in;
	u64 len;
	int splice_fd_in;
	unsigned int flags;
};

#pragma clang attribute pop
#endif /* VMLINUX_H */

/*
 * Forms of kernel types that a complete header has at most one of: declared
 * under names of their own.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node___parent { /* until 6.14 */
	struct kernfs_node *parent;
};

struct kernfs_node___rcu { /* since 6.15 */
	struct kernfs_node *__parent;
};

struct file___count { /* until 6.12 */
	struct {
		s64 counter;
	} f_count;
};

struct file___ref { /* since 6.13: one less than there are */
	struct {
		struct {
			s64 counter;
		} refcnt;
	} f_ref;
};

struct delayed_filename { /* since 7.0 */
	struct filename *__incomplete_filename;
};

struct io_open___delayed {
	struct delayed_filename filename;
};

struct io_rename___delayed {
	struct delayed_filename oldpath, newpath;
};

struct io_unlink___delayed {
	struct delayed_filename filename;
};

#pragma clang attribute pop

/* What a classic sys_exit tracepoint hands to a program: events/syscalls/.../format. */
struct syscall_exit {
	u64 common;
	s32 nr;
	s64 ret;
};

#endif
