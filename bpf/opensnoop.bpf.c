// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * opensnoop, the kernel half: every open of a file, seen once, as it returns.
 *
 * When a system call returns, its arguments still stand in the registers that
 * were saved when it began, and the path has just been read by the kernel, so
 * one program at the exit sees both what was asked and what came of it.  There
 * is nothing to remember between an entry and an exit, so nothing that threads
 * parked in open() could fill up.
 */
#include "kernel.h"
#include "opensnoop.h"
#define RECORD_TEXT sizeof(struct open_event) /* where in a record the path begins */
#include "context.bpf.h"
#include "pattern.bpf.h"
#include "syscall.bpf.h"
#include <asm/unistd.h>

#define O_WRONLY 1
#define O_CREAT 0100 /* this and the next: asm-generic/fcntl.h */
#define O_TRUNC 01000
#define RESOLVE_IN_ROOT 0x10 /* linux/openat2.h: an absolute path starts at dirfd too */

#define IORING_OP_OPENAT 18 /* linux/io_uring.h */
#define IORING_OP_OPENAT2 28
#define IORING_FILE_INDEX_ALLOC (~0U)

#if defined(__TARGET_ARCH_x86)
#define COMPAT_OPEN 5
#define COMPAT_CREAT 8
#define COMPAT_OPENAT 295
#define COMPAT_HANDLE 342
#define COMPAT_OPENAT2 437
#define O_LARGEFILE 0100000
#else
#define COMPAT_OPEN 5
#define COMPAT_CREAT 8
#define COMPAT_OPENAT 322
#define COMPAT_HANDLE 371
#define COMPAT_OPENAT2 437
#define O_LARGEFILE 0400000
#endif

const volatile struct open_options options = {};

/* A call as it was asked, from whatever hook. */
struct asked {
	u64 path; /* user space address; for io_uring the kernel's */
	u64 flags;
	u32 mode;
	s32 dirfd;
	u64 resolve;
	s64 ret;
	u8 call, notes, stage;
	u64 request, tag;
};

static __always_inline bool result_wanted(s64 ret)
{
	if (options.failed && ret >= 0)
		return false;
	if (options.by_errno) {
		u64 err = -ret;

		opaque(err);
		if (err >= OPEN_ERRNOS || !options.errnos[err])
			return false;
	}
	return true;
}

static __always_inline bool flags_wanted(u64 flags)
{
	if (!options.flag_filters)
		return true;
	for (u32 i = 0; i < OPEN_FLAG_FILTERS && i < options.flag_filters; i++)
		if ((flags & options.flag_filter[i].mask) == options.flag_filter[i].value)
			return true;
	return false;
}

/* --- the record --- */

/* Fills the record for a call; false: it is not wanted after all. */
static __always_inline bool open_fill(void *ctx, struct record *r, const struct ids *ids,
				      const struct asked *a, bool loops)
{
	struct open_event *e = (void *)r->bytes;
	bool absolute;
	long len;

	__builtin_memset(e, 0, sizeof(*e));
	e->request = a->request;
	e->tag = a->tag;
	e->flags = a->flags;
	e->mode = a->mode;
	e->ret = a->ret;
	e->call = a->call;
	e->stage = a->stage;
	e->notes = a->notes;

	if (a->call != OPEN_HANDLE && a->stage != OPEN_ENDED) {
		/* One byte more than a path may have tells one that was cut from one that just fits. */
		if (a->request)
			len = bpf_probe_read_kernel_str(e + 1, PATH_MAX + 1, (void *)a->path);
		else
			len = bpf_probe_read_user_str(e + 1, PATH_MAX + 1, (void *)a->path);
		if (len < 0)
			e->notes |= OPEN_UNREADABLE;
		else if (len > PATH_MAX)
			e->notes |= OPEN_CUT;
		if (len > 0) {
			e->asked = len - 1;
			r->used += len - 1;
		}
	}
	if (a->stage != OPEN_ENDED && !pattern_wanted(r, e->asked, loops))
		return false;
	event_init(&e->head, ids);

	if (want & WANT_FULL || (a->call == OPEN_HANDLE && a->ret >= 0)) {
		absolute = *(char *)(e + 1) == '/' && e->asked && !(a->resolve & RESOLVE_IN_ROOT);
		if (a->stage != OPEN_ASKED && a->ret >= 0)
			record_fd_path(r, a->ret, &e->full, loops);
		else if (a->stage != OPEN_ENDED)
			record_base_path(r, a->dirfd, absolute, &e->full, loops);
	}
	if (a->stage != OPEN_ENDED)
		record_context(ctx, r, &e->head, loops);
	return true;
}

static __always_inline int opened(void *ctx, const struct ids *ids, const struct asked *a,
				  bool loops)
{
	struct record *r = record_take(sizeof(struct open_event), loops);

	if (!r)
		return 0;
	if (open_fill(ctx, r, ids, a, loops))
		record_submit(r);
	else
		record_drop(r);
	return 0;
}

/* --- system calls --- */

static __always_inline int call_of_native(u32 nr)
{
	switch (nr) {
#ifdef __NR_open
	case __NR_open:
		return OPEN_OPEN;
	case __NR_creat:
		return OPEN_CREAT;
#endif
	case __NR_openat:
		return OPEN_OPENAT;
	case __NR_openat2:
		return OPEN_OPENAT2;
	case __NR_open_by_handle_at:
		return OPEN_HANDLE;
	}
	return -1;
}

static __always_inline int call_of_compat(u32 nr)
{
	switch (nr) {
	case COMPAT_OPEN:
		return OPEN_OPEN;
	case COMPAT_CREAT:
		return OPEN_CREAT;
	case COMPAT_OPENAT:
		return OPEN_OPENAT;
	case COMPAT_OPENAT2:
		return OPEN_OPENAT2;
	case COMPAT_HANDLE:
		return OPEN_HANDLE;
	}
	return -1;
}

/* What the arguments mean in each call. */
static __always_inline void asked_by(struct asked *a, const struct arguments *args)
{
	struct open_how how = {};

	a->dirfd = AT_FDCWD;
	switch (a->call) {
	case OPEN_OPEN:
		a->path = args->a;
		a->flags = (u32)args->b;
		a->mode = args->c;
		break;
	case OPEN_CREAT:
		a->path = args->a;
		a->flags = O_CREAT | O_WRONLY | O_TRUNC;
		a->mode = args->b;
		break;
	case OPEN_OPENAT:
		a->dirfd = args->a;
		a->path = args->b;
		a->flags = (u32)args->c;
		a->mode = args->d;
		break;
	case OPEN_OPENAT2:
		bpf_probe_read_user(&how, sizeof(how), (void *)args->c);
		a->dirfd = args->a;
		a->path = args->b;
		a->flags = how.flags;
		a->mode = how.mode;
		a->resolve = how.resolve;
		break;
	case OPEN_HANDLE:
		a->dirfd = args->a;
		a->flags = (u32)args->c;
		break;
	}
}

static __always_inline int call_returned(void *ctx, struct pt_regs *regs, int call, bool compat,
					 s64 ret, bool loops)
{
	struct asked a = { .ret = ret, .call = call, .notes = compat ? OPEN_COMPAT : 0 };
	struct arguments args;
	struct ids ids;

	if (call < 0 || !result_wanted(ret))
		return 0;
	ids = current_ids();
	if (!current_wanted(&ids))
		return 0;
	arguments_read(&args, regs, compat);
	asked_by(&a, &args);
	if (!flags_wanted(a.flags))
		return 0;
	return opened(ctx, &ids, &a, loops);
}

/*
 * 32-bit callers at no cost to anybody else, where the kernel lets a program
 * onto a function's return.  Calls of 64-bit programs have been seen already.
 */
SEC("?fexit/do_sys_openat2")
int BPF_PROG(compat_open, int dirfd, const char *path, struct open_how *how, long ret)
{
	struct asked a = { .path = (u64)path, .ret = ret, .dirfd = dirfd, .notes = OPEN_COMPAT };
	struct pt_regs *regs;
	struct ids ids;
	int call;

	if (!is_compat() || !result_wanted(ret))
		return 0;
	regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	call = call_of_compat(syscall_number(regs));
	ids = current_ids();
	a.call = call;
	a.flags = BPF_CORE_READ(how, flags);
	a.mode = BPF_CORE_READ(how, mode);
	a.resolve = BPF_CORE_READ(how, resolve);
	if (call < 0 || !current_wanted(&ids) || !flags_wanted(a.flags))
		return 0;
	return opened(ctx, &ids, &a, true);
}

/* This call has a way of its own into the kernel. */
SEC("?fexit/do_handle_open")
int BPF_PROG(compat_handle, int dirfd, void *handle, int flags, long ret)
{
	struct pt_regs *regs;

	if (!is_compat())
		return 0;
	regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return call_returned(ctx, regs, OPEN_HANDLE, true, (int)ret, true);
}

/* --- io_uring: opens without a system call of that name --- */

static __always_inline struct filename *request_filename(struct io_open *open)
{
	struct io_open___delayed *delayed = (void *)open;

	if (bpf_core_field_exists(delayed->filename.__incomplete_filename))
		return BPF_CORE_READ(delayed, filename.__incomplete_filename);
	return BPF_CORE_READ(open, filename);
}

static __always_inline int call_of_request(struct io_kiocb *req)
{
	u8 opcode;

	/* A kernel without io_uring; or one before 5.19, whose tracepoints give other things. */
	if (!bpf_core_field_exists(req->cqe))
		return -1;
	opcode = BPF_CORE_READ(req, opcode);
	return opcode == IORING_OP_OPENAT    ? OPEN_IO_OPENAT
	       : opcode == IORING_OP_OPENAT2 ? OPEN_IO_OPENAT2
					     : -1;
}

/*
 * A request is handed over, its path copied in.  By its end the path is gone,
 * so there are two records, and the reader joins them: the kernel half keeps
 * nothing that requests which never end could fill.
 */
SEC("?raw_tp")
int BPF_PROG(io_submit, struct io_kiocb *req)
{
	struct asked a = { .request = (u64)req, .stage = OPEN_ASKED };
	struct io_open *open = (void *)req; /* the first part of a request is its command's */
	int call = call_of_request(req);
	struct filename *name;
	struct ids ids;
	u32 slot;

	if (call < 0)
		return 0;
	ids = current_ids();
	a.call = call;
	a.flags = BPF_CORE_READ(open, how.flags) & ~O_LARGEFILE; /* io_uring's own */
	a.mode = BPF_CORE_READ(open, how.mode);
	a.resolve = BPF_CORE_READ(open, how.resolve);
	a.dirfd = BPF_CORE_READ(open, dfd);
	a.tag = BPF_CORE_READ(req, cqe.user_data);
	name = request_filename(open);
	a.path = (u64)BPF_CORE_READ(name, name);
	slot = BPF_CORE_READ(open, file_slot);
	if (slot) {
		a.notes |= OPEN_DIRECT;
		a.ret = slot == IORING_FILE_INDEX_ALLOC ? 0 : slot - 1;
	}
	if (!current_wanted(&ids) || !flags_wanted(a.flags))
		return 0;
	return opened(ctx, &ids, &a, true);
}

/*
 * Is an end wanted by itself, of a request that the reader does not know?  It
 * was handed over before the tracing began, or refused before it was one.  Not
 * if filters that look at the thread, the flags or the path may have left out
 * its beginning: any thread of the process can be the one that ends it.
 */
static __always_inline bool end_wanted(const struct ids *ids)
{
	return !filter.tid && !filter.comm_len && !options.flag_filters && !patterns.count &&
	       current_wanted(ids);
}

SEC("?raw_tp")
int BPF_PROG(io_complete, void *ring_ctx, struct io_kiocb *req)
{
	struct asked a = { .request = (u64)req, .stage = OPEN_ENDED };
	struct io_open *open = (void *)req;
	struct ids ids;
	int call;

	if (!req)
		return 0;
	call = call_of_request(req);
	if (call < 0)
		return 0;
	ids = current_ids();
	if (!process_wanted(&ids))
		return 0;
	a.call = call;
	a.ret = BPF_CORE_READ(req, cqe.res);
	a.tag = BPF_CORE_READ(req, cqe.user_data);
	if (BPF_CORE_READ(open, file_slot))
		a.notes |= OPEN_DIRECT;
	if (end_wanted(&ids))
		a.notes |= OPEN_WANTED;
	return opened(ctx, &ids, &a, true);
}
