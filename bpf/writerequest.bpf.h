/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* io_uring, for writesnoop: requests as they are handed over, and as they end. */
#ifndef BPF_WRITEREQUEST_BPF_H
#define BPF_WRITEREQUEST_BPF_H

#include "writerecord.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define O_LARGEFILE 0100000
#else
#define O_LARGEFILE 0400000
#endif

#define IORING_OP_WRITEV 2 /* linux/io_uring.h */
#define IORING_OP_FSYNC 3
#define IORING_OP_WRITE_FIXED 5
#define IORING_OP_SYNC_FILE_RANGE 8
#define IORING_OP_FALLOCATE 17
#define IORING_OP_OPENAT 18
#define IORING_OP_CLOSE 19
#define IORING_OP_WRITE 23
#define IORING_OP_OPENAT2 28
#define IORING_OP_SPLICE 30
#define IORING_OP_RENAMEAT 35
#define IORING_OP_UNLINKAT 36
#define IORING_OP_FTRUNCATE 55
#define IORING_OP_WRITEV_FIXED 61
#define IORING_FSYNC_DATASYNC 1
#define IORING_FILE_INDEX_ALLOC (~0U)
#define REQ_F_FIXED_FILE 1 /* linux/io_uring_types.h */

static __always_inline int call_of_request(struct io_kiocb *req)
{
	struct io_sync *sync = (void *)req;

	/* A kernel without io_uring; or one before 5.19, whose tracepoints give other things. */
	if (!bpf_core_field_exists(req->cqe))
		return -1;
	switch (BPF_CORE_READ(req, opcode)) {
	case IORING_OP_WRITE:
		return CALL_WRITE;
	case IORING_OP_WRITEV:
		return CALL_WRITEV;
	case IORING_OP_WRITE_FIXED:
		return CALL_WRITE_FIXED;
	case IORING_OP_WRITEV_FIXED:
		return CALL_WRITEV_FIXED;
	case IORING_OP_SPLICE:
		return CALL_SPLICE;
	case IORING_OP_FSYNC:
		return BPF_CORE_READ(sync, flags) & IORING_FSYNC_DATASYNC ? CALL_FDATASYNC
									  : CALL_FSYNC;
	case IORING_OP_SYNC_FILE_RANGE:
		return CALL_SYNC_FILE_RANGE;
	case IORING_OP_FALLOCATE:
		return CALL_FALLOCATE;
	case IORING_OP_FTRUNCATE:
		return CALL_FTRUNCATE;
	case IORING_OP_OPENAT:
		return CALL_OPENAT;
	case IORING_OP_OPENAT2:
		return CALL_OPENAT2;
	case IORING_OP_CLOSE:
		return CALL_CLOSE;
	case IORING_OP_RENAMEAT:
		return CALL_RENAMEAT;
	case IORING_OP_UNLINKAT:
		return CALL_UNLINKAT;
	}
	return -1;
}

/* Where a path stands that a request has brought: `field` of its command, a struct of that type. */
#define NAME_OF(type, cmd, field) \
	({ \
		struct type *__now = (void *)(cmd); \
		struct type##___delayed *__later = (void *)(cmd); \
		struct filename *__name; \
		if (bpf_core_field_exists(__later->field.__incomplete_filename)) \
			__name = BPF_CORE_READ(__later, field.__incomplete_filename); \
		else \
			__name = BPF_CORE_READ(__now, field); \
		(u64) BPF_CORE_READ(__name, name); \
	})

/* What a request asks for, as the system call of that name has it; its commands begin where it does. */
static __always_inline void asked_by_request(struct asked *a, struct io_kiocb *req)
{
	struct arguments *args = &a->args;
	struct io_splice *splice = (void *)req;
	struct io_rename *rename = (void *)req;
	struct io_unlink *unlink = (void *)req;
	struct io_close *close = (void *)req;
	struct io_sync *sync = (void *)req;
	struct io_open *open = (void *)req;
	struct io_rw *rw = (void *)req;
	u32 slot = 0;

	a->request = (u64)req;
	a->tag = BPF_CORE_READ(req, cqe.user_data);
	a->notes = WRITE_IO_URING;
	switch (a->call) {
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_WRITE_FIXED:
	case CALL_WRITEV_FIXED:
		args->b = BPF_CORE_READ(rw, addr);
		args->c = BPF_CORE_READ(rw, len);
		args->d = BPF_CORE_READ(rw, kiocb.ki_pos);
		a->offset = args->d;
		break;
	case CALL_SPLICE:
		a->offset = BPF_CORE_READ(splice, off_out);
		args->a = BPF_CORE_READ(splice, splice_fd_in);
		args->e = BPF_CORE_READ(splice, len);
		args->f = BPF_CORE_READ(splice, flags);
		break;
	case CALL_SYNC_FILE_RANGE:
		args->b = BPF_CORE_READ(sync, off);
		args->c = BPF_CORE_READ(sync, len);
		args->d = (u32)BPF_CORE_READ(sync, flags);
		break;
	case CALL_FALLOCATE:
		args->b = (u32)BPF_CORE_READ(sync, mode);
		args->c = BPF_CORE_READ(sync, off);
		args->d = BPF_CORE_READ(sync, len);
		break;
	case CALL_FTRUNCATE:
		/* Its own struct has the length in the same place, and is not known before 6.9. */
		args->b = BPF_CORE_READ(sync, len);
		break;
	case CALL_OPENAT:
	case CALL_OPENAT2:
		args->a = BPF_CORE_READ(open, dfd);
		args->c = BPF_CORE_READ(open, how.flags) & ~O_LARGEFILE; /* io_uring's own */
		args->d = BPF_CORE_READ(open, how.mode);
		slot = BPF_CORE_READ(open, file_slot);
		break;
	case CALL_CLOSE:
		args->a = BPF_CORE_READ(close, fd);
		a->fd = args->a;
		slot = BPF_CORE_READ(close, file_slot);
		break;
	case CALL_RENAMEAT:
		args->a = BPF_CORE_READ(rename, old_dfd);
		args->c = BPF_CORE_READ(rename, new_dfd);
		args->e = (u32)BPF_CORE_READ(rename, flags);
		break;
	case CALL_UNLINKAT:
		args->a = BPF_CORE_READ(unlink, dfd);
		args->c = (u32)BPF_CORE_READ(unlink, flags);
		break;
	}
	if (slot) {
		a->notes |= WRITE_DIRECT;
		a->fd = slot == IORING_FILE_INDEX_ALLOC ? -1 : slot - 1;
	}
}

/* The paths, which are gone when the request has ended. */
static __always_inline void names_of_request(struct asked *a, struct io_kiocb *req)
{
	switch (a->call) {
	case CALL_OPENAT:
	case CALL_OPENAT2:
		path_asked(a, a->args.a, NAME_OF(io_open, req, filename));
		break;
	case CALL_UNLINKAT:
		path_asked(a, a->args.a, NAME_OF(io_unlink, req, filename));
		break;
	case CALL_RENAMEAT:
		path_asked(a, a->args.a, NAME_OF(io_rename, req, oldpath));
		a->dirfd[1] = a->args.c;
		a->name[1] = NAME_OF(io_rename, req, newpath);
		break;
	}
}

static __always_inline bool request_has_file(u32 call)
{
	return CALL_IS_WRITE(call) || (call >= CALL_FSYNC && call <= CALL_FALLOCATE);
}

/*
 * A request is handed over.  By its end its paths and its descriptor are gone,
 * so there are two records, and the reader joins them: the kernel half keeps
 * nothing that requests which never end could fill.
 */
static __always_inline bool request_wanted(const struct asked *a)
{
	bool direct = a->notes & WRITE_DIRECT;

	if (CALL_IS_OPEN(a->call))
		return flags_write(a->args.c);
	if (!fd_wanted(a->fd))
		return false;
	if (CALL_IS_CLOSE(a->call))
		return !direct && closing_wanted(a->file);
	/* What is behind a descriptor of the other table is known at the end. */
	return !request_has_file(a->call) || direct || type_wanted(a->file, a->call);
}

SEC("?raw_tp")
int BPF_PROG(io_submit, struct io_kiocb *req)
{
	int call = call_of_request(req);
	struct record *r;
	struct asked *a;
	struct ids ids;

	if (call < 0 || !is_wanted(call))
		return 0;
	ids = current_ids();
	if (!current_wanted(&ids))
		return 0;
	a = call_take(&r, &ids, call, true);
	if (!a)
		return 0;
	a->stage = WRITE_ASKED;
	asked_by_request(a, req);
	names_of_request(a, req);
	if (request_has_file(call)) {
		a->fd = BPF_CORE_READ(req, cqe.fd);
		if (BPF_CORE_READ(req, flags) & REQ_F_FIXED_FILE)
			a->notes |= WRITE_DIRECT;
	}
	if (a->fd >= 0 && !(a->notes & WRITE_DIRECT))
		a->file = file_of_fd(a->fd);
	if (call == CALL_SPLICE)
		a->from = file_of_fd(a->args.a);
	return request_wanted(a) ? happened(ctx, r, true, true) : dropped(r);
}

/*
 * Is an end wanted by itself, of a request that the reader does not know?  It
 * was handed over before the tracing began.  Not if filters that look at the
 * thread or the descriptor may have left out its beginning: any thread of the
 * process can be the one that ends it.
 */
static __always_inline bool end_wanted(const struct ids *ids)
{
	return !filter.tid && !filter.comm_len && !options.by_fd && current_wanted(ids);
}

SEC("?raw_tp")
int BPF_PROG(io_complete, void *ring_ctx, struct io_kiocb *req)
{
	struct record *r;
	struct asked *a;
	struct ids ids;
	int call;

	if (!req)
		return 0;
	call = call_of_request(req);
	if (call < 0 || !is_wanted(call))
		return 0;
	ids = current_ids();
	if (!process_wanted(&ids))
		return 0;
	a = call_take(&r, &ids, call, true);
	if (!a)
		return 0;
	a->stage = WRITE_ENDED;
	a->ret = BPF_CORE_READ(req, cqe.res);
	asked_by_request(a, req);
	a->fd = -1;
	if (CALL_IS_OPEN(call)) {
		if (!flags_write(a->args.c))
			return dropped(r);
		if (a->ret >= 0 && !(a->notes & WRITE_DIRECT)) {
			a->fd = a->ret;
			a->file = file_of_fd(a->fd);
		}
	} else if (request_has_file(call)) {
		/* None: it was cancelled before it was begun. */
		a->file = BPF_CORE_READ(req, file);
		if (a->file && !type_wanted(a->file, call) &&
		    !(BPF_CORE_READ(req, flags) & REQ_F_FIXED_FILE))
			return dropped(r);
	}
	if ((a->file || !request_has_file(call)) && end_wanted(&ids))
		a->notes |= WRITE_WANTED;
	return happened(ctx, r, true, true);
}

#endif
