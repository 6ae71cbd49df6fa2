// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * execsnoop, the kernel half: every program that is executed, seen once, when
 * the kernel has put it in place.
 *
 * At that moment the arguments lie in the new memory of the process, in one
 * piece, just written by the kernel; whoever called, and how, is no matter any
 * more.  So one hook sees everything in one read, and nothing is remembered
 * between a beginning and an end.
 */
#include "kernel.h"
#include "execsnoop.h"
#include "context.bpf.h"
#include "session.bpf.h"
#include "syscall.bpf.h"
#include <asm/unistd.h>

#define SIGNAL_GROUP_EXIT 4	   /* linux/sched/signal.h */
#define MAX_ARG_STRLEN (32 * 4096) /* linux/binfmts.h: one argument, with its NUL */
/* Arguments of a failure: a limit of ours.  A kernel takes no more than that in 2 MB, and a walk must end. */
#define ARGS_MAX (1 << 17)
#define AT_EXECVE_CHECK 0x10000 /* linux/fcntl.h: nothing is to be executed */
#define ARGS_FEW 32		/* where there is no bpf_loop() */
#define ANCESTORS_MAX 256
#define ANCESTORS_FEW 16

#if defined(__TARGET_ARCH_x86)
#define COMPAT_EXECVE 11
#define COMPAT_EXECVEAT 358
#else
#define COMPAT_EXECVE 11
#define COMPAT_EXECVEAT 387
#endif

const volatile struct exec_options options = {};

/*
 * Processes whose end is wanted, by their number in the reader's PID namespace.
 * There is room for all that there can be.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct exec_running);
} running SEC(".maps");

/* --- parts of the record that no other command has --- */

static __always_inline void record_name(struct record *r, struct exec_part *part, const char *name)
{
	char *to = record_end(r);
	long len = to ? bpf_probe_read_kernel_str(to, PATH_MAX, name) : 0;

	if (len <= 0)
		return;
	part->at = r->used;
	part->len = len - 1;
	r->used += len - 1;
}

struct ancestor_walk {
	struct record *record;
	struct task_struct *task;
	u32 end; /* all have been seen */
};

static __always_inline long ancestor_step(struct ancestor_walk *w)
{
	struct task_struct *task = w->task, *parent;
	struct exec_ancestor *a = (void *)record_end(w->record);
	u32 pid;

	parent = BPF_CORE_READ(task, real_parent, group_leader);
	pid = process_of(parent);
	if (!pid) { /* the kernel itself, or outside the reader's PID namespace */
		w->end = 1;
		return 1;
	}
	if (!a)
		return 1;
	a->pid = pid;
	BPF_CORE_READ_INTO(&a->comm, parent, comm);
	w->record->used += sizeof(*a);
	w->task = parent;
	return 0;
}

static long ancestor_callback(u32 i, void *w)
{
	return ancestor_step(w);
}

static __always_inline void record_ancestors(struct record *r, struct exec_start *e, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct ancestor_walk w = { .record = r };

	w.task = BPF_CORE_READ(task, group_leader);
	record_align(r);
	e->ancestors.at = r->used;
	if (loops) {
		bpf_loop(ANCESTORS_MAX, ancestor_callback, &w, 0);
	} else {
#pragma clang loop unroll(disable)
		for (int i = 0; i < ANCESTORS_FEW; i++)
			if (ancestor_step(&w))
				break;
	}
	e->ancestors.len = r->used - e->ancestors.at;
	if (!w.end)
		e->event.notes |= EXEC_ORPHANED;
}

static __always_inline void process_identity(struct exec_event *e)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	e->start_time = BPF_CORE_READ(task, group_leader, start_time);
	e->exec_id = BPF_CORE_READ(task, group_leader, self_exec_id);
}

/* Begins the record of an exec, done or failed. */
static __always_inline struct exec_start *exec_begin(struct record *r, const struct ids *ids)
{
	struct exec_start *e = (void *)r->bytes;

	__builtin_memset(e, 0, sizeof(*e));
	event_init(&e->event.head, ids);
	process_identity(&e->event);
	return e;
}

static __always_inline void exec_context(void *ctx, struct record *r, struct exec_start *e,
					 bool loops)
{
	if (want & WANT_SESSION)
		session_of_current(&e->session);
	if (want & WANT_ANCESTORS)
		record_ancestors(r, e, loops);
	record_context(ctx, r, &e->event.head, loops);
}

/* --- done --- */

#define LARGE (9 << 18) /* bytes: the 2 MB of strings that a kernel takes, and a head */

#define STRINGS_LEAST 1024

static __always_inline u64 at_most(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* The strings of a program: in its memory the environment follows the arguments. */
struct strings {
	u64 start;
	u64 args, all; /* bytes of the arguments, and of both; as far as wanted */
};

static __always_inline void strings_of(struct strings *s, struct exec_start *e)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u64 args;

	s->start = BPF_CORE_READ(task, mm, arg_start);
	args = BPF_CORE_READ(task, mm, arg_end) - s->start;
	e->args_len = args;
	s->args = s->all = args;
	if (want & WANT_ENV) {
		s->all = BPF_CORE_READ(task, mm, env_end) - s->start;
		e->env_len = s->all - args;
	} else if (options.max_bytes && args > options.max_bytes) {
		/* And a byte, to tell an argument that ends there from one that does not. */
		s->args = s->all = options.max_bytes + 1;
	}
}

/* Where they are in the record: `len` bytes of them, if they could be read. */
static __always_inline void strings_read(struct exec_start *e, const struct strings *s, u32 at,
					 u64 len, long err)
{
	u64 args;

	if (err) {
		e->event.notes |= EXEC_UNREADABLE;
		len = 0;
	}
	args = s->args < len ? s->args : len;
	e->args.at = at;
	e->args.len = args;
	e->env.at = at + args;
	e->env.len = len - args;
}

/*
 * More strings than the scratch has room for: into the ring buffer directly, in
 * one of a few sizes, because a reservation must be of a constant one.  False
 * when the ring has no room for it.
 */
static __always_inline bool strings_large(const struct record *r, const struct strings *s,
					  const u64 size)
{
	u64 head = 0, len = s->all;
	char *to = record_reserve(r, size, &head);

	if (!to)
		return false;
	opaque(len);
	if (len > size - RECORD_FULL)
		len = size - RECORD_FULL;
	opaque(len);
	strings_read((void *)to, s, head, len,
		     bpf_probe_read_user(to + head, len, (void *)s->start));
	/* A few of these fill the ring: the reader must not be asleep meanwhile. */
	bpf_ringbuf_submit(to, BPF_RB_FORCE_WAKEUP);
	return true;
}

/* Kernels take a quarter of what the stack may have, 2 MB of most, and 6 MB at most: bprm_stack_limits() in fs/exec.c. */
static __always_inline bool strings_reserved(const struct record *r, const struct strings *s)
{
	if (s->all <= (64 << 10) - RECORD_FULL)
		return strings_large(r, s, 64 << 10);
	if (s->all <= (128 << 10) - RECORD_FULL)
		return strings_large(r, s, 128 << 10);
	if (s->all <= (256 << 10) - RECORD_FULL)
		return strings_large(r, s, 256 << 10);
	if (s->all <= (512 << 10) - RECORD_FULL)
		return strings_large(r, s, 512 << 10);
	if (s->all <= (1 << 20) - RECORD_FULL)
		return strings_large(r, s, 1 << 20);
	if (s->all <= LARGE - RECORD_FULL)
		return strings_large(r, s, LARGE);
	return strings_large(r, s, 13 << 19);
}

/* Into the scratch, behind a head of at most that size; what has no room is cut, which the reader sees by the lengths. */
static __always_inline void strings_small(struct record *r, struct exec_start *e,
					  const struct strings *s, const u64 head)
{
	u64 used = r->used, len = s->all;

	opaque(used);
	if (used > head)
		return;
	opaque(used);
	opaque(len);
	if (len > RECORD_FULL - head)
		len = RECORD_FULL - head;
	opaque(len);
	strings_read(e, s, used, len, bpf_probe_read_user(r->bytes + used, len, (void *)s->start));
	r->used = used + len;
}

/* False: it is lost. */
static __always_inline bool strings_submit(struct record *r, struct exec_start *e)
{
	bool usual = r->used <= RECORD_USUAL;
	struct strings s;

	strings_of(&s, e);
	if (!usual || s.all > RECORD_FULL - RECORD_USUAL) {
		if (strings_reserved(r, &s)) {
			record_drop(r);
			return true;
		}
		/* The ring is as good as full: what is needed most, then. */
		s.all = at_most(s.all, STRINGS_LEAST);
		s.args = at_most(s.args, STRINGS_LEAST);
	}
	if (usual)
		strings_small(r, e, &s, RECORD_USUAL);
	else
		strings_small(r, e, &s, RECORD_MAX);
	return record_submit(r);
}

static __always_inline int exec_done(void *ctx, s32 old_pid, struct linux_binprm *bprm, bool loops)
{
	struct ids ids = current_ids();
	struct exec_running now;
	const char *filename, *interp;
	struct exec_start *e;
	struct record *r;

	/* The thread that called has become the only one, and has its process's number now. */
	if (!filter.pidns)
		ids.tid = old_pid;
	r = current_wanted(&ids) ? record_take(sizeof(*e), loops) : NULL;
	if (!r) {
		/* What it executed before has ended without an end of its own. */
		if (options.ends)
			bpf_map_delete_elem(&running, &ids.pid);
		return 0;
	}
	e = exec_begin(r, &ids);
	e->event.kind = EXEC_DONE;
	e->argc = BPF_CORE_READ(bprm, argc);
	filename = BPF_CORE_READ(bprm, filename);
	interp = BPF_CORE_READ(bprm, interp);
	if (interp != filename)
		e->event.notes |= EXEC_SCRIPT;
	if (want & WANT_FILE) {
		record_name(r, &e->file, filename);
		if (interp != filename)
			record_name(r, &e->interp, interp);
	}
	exec_context(ctx, r, e, loops);
	now.start_time = e->event.start_time;
	now.exec_id = e->event.exec_id;
	now.time = e->event.head.time;
	now.lost = !strings_submit(r, e);
	if (options.ends && bpf_map_update_elem(&running, &ids.pid, &now, BPF_ANY))
		count(channel.lost_map);
	return 0;
}

SEC("?raw_tp/sched_process_exec")
int BPF_PROG(done, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return exec_done(ctx, old_pid, bprm, true);
}

SEC("?raw_tp/sched_process_exec")
int BPF_PROG(done_old, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return exec_done(ctx, old_pid, bprm, false);
}

/* --- ended --- */

/* What wait(2) gives: wait_task_zombie() in kernel/exit.c. */
static __always_inline s32 exit_status(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT
		       ? BPF_CORE_READ(task, signal, group_exit_code)
		       : BPF_CORE_READ(task, group_leader, exit_code);
}

/* The whole process, with the last of its threads. */
SEC("?raw_tp/sched_process_exit")
int BPF_PROG(ended, struct task_struct *task)
{
	struct ids ids = current_ids();
	struct exec_running *found, was;
	struct exec_event e = {};

	if (channel.stopped || BPF_CORE_READ(task, signal, live.counter))
		return 0;
	found = bpf_map_lookup_elem(&running, &ids.pid);
	if (!found)
		return 0;
	was = *found;
	/* Two threads can both be the last here; or its number has been used again. */
	if (bpf_map_delete_elem(&running, &ids.pid) ||
	    was.start_time != BPF_CORE_READ(task, group_leader, start_time))
		return 0;
	event_init(&e.head, &ids);
	e.start_time = was.start_time;
	e.exec_id = was.exec_id;
	e.kind = EXEC_ENDED;
	e.ret = exit_status(task);
	if (e.head.time - was.time < options.min_dur || (options.failed && !e.ret))
		return 0;
	/* Nobody could tell whose end it is if the exec was lost: then that is lost as well. */
	if (was.lost || bpf_ringbuf_output(&ring, &e, sizeof(e), BPF_RB_NO_WAKEUP))
		count(channel.lost_ring);
	wake_reader();
	return 0;
}

/* --- failed: what was asked is where the program that goes on has it --- */

enum { EXECVE, EXECVEAT };

static __always_inline int call_of_native(u32 nr)
{
	return nr == __NR_execve ? EXECVE : nr == __NR_execveat ? EXECVEAT : -1;
}

static __always_inline int call_of_compat(u32 nr)
{
	return nr == COMPAT_EXECVE ? EXECVE : nr == COMPAT_EXECVEAT ? EXECVEAT : -1;
}

/* For the longest that a kernel takes, and a byte more to tell one that is longer; and for what stands before it. */
#define ARG_ROOM (MAX_ARG_STRLEN + 2)

/* Where they go: the scratch, or a part of the ring buffer. */
struct argument_walk {
	char *to;
	struct exec_start *e; /* the head of that; args.len is all that is used of it so far */
	u64 argv;
	u32 word; /* bytes of a pointer */
	u32 count;
	u32 full;	/* there was no room for one, or for all of it */
	u32 cut;	/* the last one is not all there */
	u32 end;	/* the NULL behind the last has been found */
	u32 unreadable; /* not an argument, but the pointer to it */
};

/* Appends an argument at `at`, if that is not behind `last`: into `most` bytes. Both are constants. */
static __always_inline bool argument_at(struct argument_walk *w, u64 pointer, u64 at,
					const u64 last, const u64 most)
{
	char *to;
	long len;

	opaque(at);
	if (at > last)
		return false;
	opaque(at);
	to = w->to + at;
	len = bpf_probe_read_user_str(to + 1, most - 1, (void *)pointer);
	if (len < 0) {
		to[0] = ARG_UNREADABLE;
		to[1] = '\0';
		len = 1;
	} else {
		to[0] = ARG_READ;
	}
	if ((u64)len == most - 1)
		w->full = w->cut = 1;
	w->e->args.len += len + 1;
	return true;
}

/* `size`, a constant, is all the room that there is. */
static __always_inline long argument_step(struct argument_walk *w, u32 i, const u64 size)
{
	const u64 half = at_most(size / 2, ARG_ROOM), eighth = at_most(size / 8, ARG_ROOM);
	u64 pointer = 0, at = w->e->args.len;

	if (bpf_probe_read_user(&pointer, w->word == 4 ? 4 : 8, (void *)(w->argv + i * w->word))) {
		w->unreadable = 1;
		return 1;
	}
	if (!pointer) {
		w->end = 1;
		return 1;
	}
	if (!argument_at(w, pointer, at, size - half, half) &&
	    !argument_at(w, pointer, at, size - eighth, eighth)) {
		w->full = 1;
		return 1;
	}
	w->count++;
	return w->full ? 1 : 0;
}

static __always_inline void arguments_walked(const struct argument_walk *w, u64 start)
{
	struct exec_start *e = w->e;

	e->argc = w->end ? w->count : 0; /* else nobody knows */
	e->args.at = start;
	e->args.len -= start;
	if (w->unreadable)
		e->event.notes |= EXEC_UNREADABLE;
	else if (w->cut || (w->argv && !w->end))
		e->event.notes |= EXEC_CUT;
}

#define SMALL RECORD_FULL
#define MEDIUM (64 << 10)
#define BIG (256 << 10)

/* What is returned must be seen to be 0 or 1. */
#define ARGUMENT_CALLBACK(name, size) \
	static long name(u32 i, struct argument_walk *w) \
	{ \
		u64 end = argument_step(w, i, size); \
\
		opaque(end); \
		return end ? 1 : 0; \
	}
ARGUMENT_CALLBACK(argument_small, SMALL)
ARGUMENT_CALLBACK(argument_medium, MEDIUM)
ARGUMENT_CALLBACK(argument_big, BIG)
ARGUMENT_CALLBACK(argument_large, LARGE)

/*
 * Once more, from the first argument on, where there is more room.  1: done; 0:
 * that is not enough either; negative: the ring has no such room.
 */
static __always_inline int arguments_reserved(const struct record *r, u64 argv, u32 word,
					      const u64 size, void *callback)
{
	struct argument_walk w = { .argv = argv, .word = word };
	u64 head = 0;

	w.to = record_reserve(r, size, &head);
	if (!w.to)
		return -1;
	w.e = (void *)w.to;
	w.e->event.head.time = bpf_ktime_get_ns();
	w.e->args.len = head;
	bpf_loop(ARGS_MAX, callback, &w, 0);
	if (w.full && size < LARGE) {
		bpf_ringbuf_discard(w.to, BPF_RB_NO_WAKEUP);
		return 0;
	}
	arguments_walked(&w, head);
	bpf_ringbuf_submit(w.to, BPF_RB_FORCE_WAKEUP);
	return 1;
}

static __always_inline void arguments_submit(struct record *r, struct exec_start *e, u64 argv,
					     u32 word, bool loops)
{
	struct argument_walk w = { .to = r->bytes, .e = e, .argv = argv, .word = word };
	u32 start = r->used;
	int done = 0;

	e->args.len = start;
	if (argv && loops) {
		bpf_loop(ARGS_MAX, argument_small, &w, 0);
	} else if (argv) {
#pragma clang loop unroll(disable)
		for (int i = 0; i < ARGS_FEW; i++)
			if (argument_step(&w, i, SMALL))
				break;
	}
	if (loops && w.full) {
		done = arguments_reserved(r, argv, word, MEDIUM, argument_medium);
		if (!done)
			done = arguments_reserved(r, argv, word, BIG, argument_big);
		if (!done)
			done = arguments_reserved(r, argv, word, LARGE, argument_large);
	}
	if (done > 0) {
		record_drop(r);
		return;
	}
	r->used = e->args.len;
	/* After the walk, so that the time is that of its place in the ring. */
	e->event.head.time = bpf_ktime_get_ns();
	arguments_walked(&w, start);
	record_submit(r);
}

static __always_inline int call_returned(void *ctx, struct pt_regs *regs, int call, bool compat,
					 s64 ret, bool loops)
{
	struct ids ids = current_ids();
	struct arguments args;
	struct exec_start *e;
	struct record *r;
	u64 path, argv;
	s32 dirfd;
	long len;
	char *to;

	if (call < 0 || ret >= 0 || !current_wanted(&ids))
		return 0;
	arguments_read(&args, regs, compat);
	if (call == EXECVEAT && args.e & AT_EXECVE_CHECK)
		return 0;
	dirfd = call == EXECVEAT ? (s32)args.a : AT_FDCWD;
	path = call == EXECVEAT ? args.b : args.a;
	argv = call == EXECVEAT ? args.c : args.b;
	r = record_take(sizeof(*e), loops);
	if (!r)
		return 0;
	e = exec_begin(r, &ids);
	e->event.kind = EXEC_FAILED;
	e->event.ret = ret;
	e->event.notes = compat ? EXEC_COMPAT : 0;
	to = record_end(r);
	len = to ? bpf_probe_read_user_str(to, PATH_MAX, (void *)path) : 0;
	if (len > 0) {
		e->file.at = r->used;
		e->file.len = len - 1;
		r->used += len;
	}
	if (len > 0 && want & WANT_EXE) {
		e->base.at = r->used;
		record_base_path(r, dirfd, *to == '/', &e->base_info, loops);
		e->base.len = e->base_info.len;
	}
	exec_context(ctx, r, e, loops);
	arguments_submit(r, e, argv, compat ? 4 : 8, loops);
	return 0;
}

/*
 * 32-bit callers at no cost to anybody else, where the kernel lets a program
 * onto a function's return; the name is set when the kernel is known.
 */
static __always_inline int compat_returned(void *ctx, int call, long ret)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	return call_returned(ctx, regs, call, true, ret, true);
}

SEC("?fexit")
int BPF_PROG(compat_execve, const struct pt_regs *regs, long ret)
{
	return compat_returned(ctx, EXECVE, ret);
}

SEC("?fexit")
int BPF_PROG(compat_execveat, const struct pt_regs *regs, long ret)
{
	return compat_returned(ctx, EXECVEAT, ret);
}
