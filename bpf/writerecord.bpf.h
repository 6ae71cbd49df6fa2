/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record of writesnoop: a call, from whatever hook, is put beside it (struct
 * asked), and then what it was about is read: files, names, paths, and data.
 */
#ifndef BPF_WRITERECORD_BPF_H
#define BPF_WRITERECORD_BPF_H

#include "writesnoop.h"
#include "context.bpf.h"
#include "syscall.bpf.h"

#define O_ACCMODE 3 /* this and the next: asm-generic/fcntl.h */
#define O_TRUNC 01000
#define O_APPEND 02000
#define FMODE_WRITE 2 /* this and the next: linux/fs.h */
#define RWF_APPEND 0x10
#define RWF_NOAPPEND 0x20
#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFDIR 0040000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define OPEN_HOW_SIZE 24 /* linux/openat2.h: OPEN_HOW_SIZE_VER0 */

const volatile struct write_options options = {};

/* A call, from whatever hook. */
struct asked {
	struct ids ids;
	struct arguments args;
	s64 ret;
	u64 request, tag, began;
	struct file *file, *from; /* what it is about, and where the bytes come from */
	u64 offset;		  /* as asked; WRITE_NO_OFFSET: where the file is */
	u64 name[2];		  /* paths: user space addresses, of io_uring the kernel's */
	s32 dirfd[2], fd, from_fd;
	u32 call;
	u8 notes, stage;
	bool compat;
};

/* One for each of the records: what functions that are not static are told of a call. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct asked);
} calls SEC(".maps");

static __always_inline void path_asked(struct asked *a, u64 dirfd, u64 name)
{
	a->dirfd[0] = dirfd;
	a->name[0] = name;
}

static __always_inline bool is_wanted(u32 call)
{
	return options.calls >> call & 1;
}

/* --- open files --- */

static __always_inline u32 mode_of(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_mode);
}

/* A directory cannot be written, but when it is synced the names in it are. */
static __always_inline bool type_wanted(struct file *file, u32 call)
{
	u32 type;

	if (options.all)
		return true;
	if (!file)
		return false;
	type = mode_of(file) & S_IFMT;
	/* The reader says so if somebody else writes there. */
	if (type == S_IFIFO && channel.output && CALL_IS_WRITE(call))
		return BPF_CORE_READ(file, f_inode, i_ino) == channel.output;
	return type == S_IFREG || (type == S_IFDIR && call >= CALL_FSYNC && call <= CALL_SYNC);
}

static __always_inline bool flags_write(u64 flags)
{
	return flags & (O_ACCMODE | O_TRUNC);
}

/* A descriptor that is about to be closed is wanted if something could be written to it. */
static __always_inline bool closing_wanted(struct file *file)
{
	return file && BPF_CORE_READ(file, f_mode) & FMODE_WRITE && type_wanted(file, CALL_CLOSE);
}

static __always_inline bool fd_wanted(s32 fd)
{
	return !options.by_fd || fd == options.fd;
}

static __always_inline u32 references(struct file *file)
{
	struct file___count *old = (void *)file;
	struct file___ref *new = (void *)file;
	s64 count;

	if (bpf_core_field_exists(new->f_ref))
		count = BPF_CORE_READ(new, f_ref.refcnt.counter) + 1;
	else
		count = BPF_CORE_READ(old, f_count.counter);
	return count < 0 ? 0 : count;
}

/*
 * Says which file that is.  Not static, as other functions below: so it is looked
 * at by the verifier once, and its part of the stack is not that of its callers.
 */
__noinline int file_fill(u32 slot, u32 which, u64 address)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	struct file *file = (void *)address;
	struct write_file *to;
	struct inode *inode;

	if (!r || which > 1)
		return 0;
	to = &((struct write_event *)r->bytes)->file[which];
	inode = BPF_CORE_READ(file, f_inode);
	to->file = address;
	to->mode = BPF_CORE_READ(inode, i_mode);
	to->ino = BPF_CORE_READ(inode, i_ino);
	to->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	if (options.summary || CALL_IS_CLOSE(((struct write_event *)r->bytes)->call))
		to->refs = references(file);
	if (options.summary) {
		to->generation = BPF_CORE_READ(inode, i_generation);
		to->flags = BPF_CORE_READ(file, f_flags);
		to->magic = BPF_CORE_READ(inode, i_sb, s_magic);
	}
	return 0;
}

/* --- the data, in pieces --- */

/*
 * Where a record that has data is put together, for each CPU twice as the
 * records are; not a per-CPU map, whose values may have 32 KB at most.  The
 * command sets the sizes.
 */
struct payload {
	u64 vector; /* user space address of an array of struct iovec */
	u32 compat; /* of a 32-bit program */
	u32 left;   /* bytes of data that may follow */
	u32 used;   /* so far, with what stands in front of the pieces */
	u32 pieces;
	u64 total; /* bytes in all of the vector */
	char bytes[RECORD_FULL + WRITE_PIECES_MAX + WRITE_DATA_MAX + 8] __attribute__((aligned(8)));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(struct payload)); /* not its type, whose size is another then */
} payloads SEC(".maps");

/* Appends a piece with as many of its bytes as are wanted; 0: there is no room for it. */
static __always_inline int piece_append(struct payload *p, u64 base, u64 len)
{
	struct write_piece *piece;
	u64 used = p->used, want_bytes = len;
	char next;

	if (want_bytes > p->left)
		want_bytes = p->left;
	opaque(used);
	if (used > RECORD_FULL + options.room - sizeof(*piece))
		return 0;
	piece = (struct write_piece *)(p->bytes + used);
	piece->base = base;
	piece->len = len;
	piece->got = 0;
	piece->unreadable = 0;
	piece->index = p->pieces;
	opaque(want_bytes);
	if (want_bytes > options.data)
		return 0;
	if (want_bytes && bpf_probe_read_user(piece + 1, want_bytes, (void *)base)) {
		piece->unreadable = 1;
		want_bytes = 0;
	}
	/* strace reads one byte more, to know that there is one. */
	if (options.pieces && want_bytes < len &&
	    bpf_probe_read_user(&next, sizeof(next), (void *)(base + want_bytes)))
		piece->unreadable = 1;
	piece->got = want_bytes;
	if (!options.pieces)
		p->left -= want_bytes;
	p->used = used + sizeof(*piece) + ((want_bytes + 7) & ~7ULL);
	p->pieces++;
	return 1;
}

/*
 * One struct iovec; 0: there are no more.  Not static: so the verifier looks at
 * it once, and a plain loop over it suits the oldest kernel.
 */
__noinline int vector_step(u32 slot, u32 i)
{
	struct payload *p = bpf_map_lookup_elem(&payloads, &slot);
	struct {
		u64 base, len;
	} iov = {};
	u32 narrow[2];

	if (!p)
		return 0;
	if (p->compat) {
		if (bpf_probe_read_user(narrow, sizeof(narrow), (void *)(p->vector + i * 8ULL)))
			return 0;
		iov.base = narrow[0];
		iov.len = narrow[1];
	} else if (bpf_probe_read_user(&iov, sizeof(iov), (void *)(p->vector + i * 16ULL))) {
		return 0;
	}
	p->total += iov.len;
	if (!options.data)
		return 1;
	/* strace shows as many elements of an array as characters of a string. */
	if (options.pieces ? i > options.data : !p->left || !iov.len)
		return 1;
	piece_append(p, iov.base, iov.len);
	return 1;
}

static long vector_callback(u32 i, u32 *slot)
{
	return vector_step(*slot, i) ? 0 : 1;
}

static __always_inline u32 payload_slot(const struct record *r)
{
	return bpf_get_smp_processor_id() * 2 + r->slot;
}

/* Where the data of a call is, if it has any: *count is the number of vectors, 0 for plain bytes. */
static __always_inline bool data_of(const struct asked *a, u64 *base, u64 *len, u32 *count)
{
	*base = a->args.b;
	*len = a->args.c;
	*count = 0;
	switch (a->call) {
	case CALL_WRITE:
	case CALL_PWRITE64:
	case CALL_WRITE_FIXED:
		return true;
	case CALL_WRITEV:
	case CALL_PWRITEV:
	case CALL_PWRITEV2:
	case CALL_VMSPLICE:
	case CALL_WRITEV_FIXED:
		*count = *len > WRITE_VECTORS ? WRITE_VECTORS : *len;
		return true;
	case CALL_OPEN_BY_HANDLE_AT: /* struct file_handle */
		*len = 8;
		return options.pieces;
	case CALL_OPENAT2: /* behind the struct open_how that is known */
		*base = a->args.c + OPEN_HOW_SIZE;
		*len = (a->args.d > PAGE_SIZE ? PAGE_SIZE : a->args.d) - OPEN_HOW_SIZE;
		return options.pieces && !(a->notes & WRITE_IO_URING) && a->args.d > OPEN_HOW_SIZE;
	}
	return false;
}

static __always_inline bool is_vector(u32 call)
{
	return (call >= CALL_WRITEV && call <= CALL_PWRITEV2) || call == CALL_VMSPLICE ||
	       call == CALL_WRITEV_FIXED;
}

/* Hands over the record, with the pieces behind it if it has any. */
static __always_inline void submit(struct record *r, const struct asked *a, bool loops)
{
	struct write_event *e = (void *)r->bytes;
	u32 slot = payload_slot(r), vectors, handle_bytes;
	struct payload *p = bpf_map_lookup_elem(&payloads, &slot);
	u64 base, len, used;

	if (!p || a->stage == WRITE_ASKED || !data_of(a, &base, &len, &vectors)) {
		record_submit(r);
		return;
	}
	p->vector = base;
	p->compat = a->compat;
	p->left = options.data;
	/* Those that were written could be read; what is behind them perhaps not. */
	if (!options.pieces && a->ret >= 0 && a->ret < p->left)
		p->left = a->ret;
	p->pieces = 0;
	p->total = 0;
	if (options.data) {
		record_align(r);
		p->used = r->used;
	}
	if (is_vector(a->call)) {
		if (loops)
			bpf_loop(vectors, vector_callback, &slot, 0);
		for (u32 i = 0; !loops && i < WRITE_VECTORS && i < vectors; i++)
			if (!vector_step(slot, i))
				break;
		e->total = p->total;
	} else if (options.data) {
		if (a->call == CALL_OPEN_BY_HANDLE_AT &&
		    !bpf_probe_read_user(&handle_bytes, sizeof(handle_bytes), (void *)base))
			len += handle_bytes & 0xff;
		piece_append(p, base, len);
	}
	if (!options.data) {
		record_submit(r);
		return;
	}
	e->data = r->used;
	e->pieces = p->pieces;
	used = r->used;
	opaque(used);
	if (used > RECORD_FULL)
		used = RECORD_FULL;
	opaque(used);
	bpf_probe_read_kernel(p->bytes, used, r->bytes);
	used = p->used;
	opaque(used);
	if (used > RECORD_FULL + options.room + options.data ||
	    bpf_ringbuf_output(&ring, p->bytes, used, BPF_RB_NO_WAKEUP))
		count(channel.lost_ring);
	wake_reader();
	record_drop(r);
}

/* --- the record --- */

/* Appends a path that was asked for. */
static __always_inline void name_append(struct record *r, struct write_event *e,
					const struct asked *a, u32 which)
{
	char *to = record_end(r);
	long len = -1;

	/* One byte more than a path may have tells one that was cut from one that just fits. */
	if (to && a->request)
		len = bpf_probe_read_kernel_str(to, PATH_MAX + 1, (void *)a->name[which]);
	else if (to)
		len = bpf_probe_read_user_str(to, PATH_MAX + 1, (void *)a->name[which]);
	if (len < 0) {
		e->notes |= WRITE_UNREADABLE;
		e->unreadable |= UNREADABLE_ASKED(which);
	}
	if (len > PATH_MAX)
		e->notes |= WRITE_CUT;
	if (len > 0) {
		e->asked[which] = len - 1;
		r->used += len - 1;
	}
}

/* And of the directory that it starts from. */
static __always_inline void base_append(struct record *r, struct write_event *e,
					const struct asked *a, u32 which, u32 at, bool loops)
{
	char *text = at < RECORD_MAX ? r->bytes + at : NULL;
	bool absolute = text && e->asked[which] && *text == '/';

	record_base_path(r, a->dirfd[which], absolute && !options.paths, &e->base[which], loops);
}

static __always_inline u64 total_of(const struct asked *a)
{
	switch (a->call) {
	case CALL_WRITE:
	case CALL_PWRITE64:
	case CALL_WRITE_FIXED:
	case CALL_SYNC_FILE_RANGE:
		return a->args.c;
	case CALL_SENDFILE:
	case CALL_FALLOCATE:
		return a->args.d;
	case CALL_SPLICE:
	case CALL_COPY_FILE_RANGE:
		return a->args.e;
	case CALL_TRUNCATE:
	case CALL_FTRUNCATE:
		return a->args.b;
	}
	return 0;
}

/* Are the bytes put behind all others, whatever offset was asked for?  See pwrite(2) and pwritev2(2). */
static __always_inline bool appends(const struct asked *a)
{
	u64 flags = a->call == CALL_PWRITEV2 ? a->args.f : 0;
	struct file *file = a->file;

	return flags & RWF_APPEND ||
	       (BPF_CORE_READ(file, f_flags) & O_APPEND && !(flags & RWF_NOAPPEND));
}

/* Where the bytes went: the position, or the end of the file, has moved on by as many since. */
static __always_inline u64 offset_of(const struct asked *a, u32 mode)
{
	struct file *file = a->file;
	u64 type = mode & S_IFMT;
	u64 moved = a->ret > 0 ? a->ret : 0;

	if (!CALL_IS_WRITE(a->call) || (type != S_IFREG && type != S_IFBLK))
		return WRITE_NO_OFFSET;
	if (a->offset == WRITE_NO_OFFSET && (a->call == CALL_PWRITE64 || a->call == CALL_PWRITEV))
		return WRITE_NO_OFFSET; /* asked for as such; of pwritev2(2) it means the position */
	if (a->offset == WRITE_NO_OFFSET)
		return BPF_CORE_READ(file, f_pos) - moved;
	if (a->notes & WRITE_IO_URING) /* a position of its own, which has moved as well */
		return a->offset - moved;
	if (moved && appends(a))
		return BPF_CORE_READ(file, f_inode, i_size) - moved;
	return a->offset;
}

static __always_inline void copy_offset(struct write_event *e, u32 which, u64 pointer)
{
	if (pointer && bpf_probe_read_user(&e->at[which], sizeof(e->at[which]), (void *)pointer))
		e->unreadable |= UNREADABLE_AT(which);
}

/* Splices have pointers to offsets, which have moved on by now. */
static __always_inline void offsets_fill(struct write_event *e, const struct asked *a)
{
	if (a->call == CALL_SPLICE || a->call == CALL_COPY_FILE_RANGE) {
		copy_offset(e, 0, a->args.b);
		copy_offset(e, 1, a->args.d);
		if (a->args.d && e->offset != WRITE_NO_OFFSET)
			e->offset = e->unreadable & UNREADABLE_AT(1)
					    ? WRITE_NO_OFFSET
					    : e->at[1] - (a->ret > 0 ? a->ret : 0);
	} else if (a->call == CALL_SENDFILE) {
		copy_offset(e, 0, a->args.c);
	} else if (a->call == CALL_OPENAT2) {
		if (bpf_probe_read_user(e->how, sizeof(e->how), (void *)a->args.c))
			e->unreadable |= UNREADABLE_HOW;
	}
}

/* Not the end of a request, whose name stands in its first record. */
static __always_inline bool is_named(const struct asked *a)
{
	return CALL_HAS_NAME(a->call) && a->stage != WRITE_ENDED;
}

/*
 * What follows is long and the same for all calls.  Its parts are not static, so
 * that the verifier looks at each once, and not again for each call that leads
 * here; and several, because what they have on the stack together would be too
 * much.  First all that stands in the head, and the names.
 */
__noinline int write_describe(u32 slot)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	struct asked *a = bpf_map_lookup_elem(&calls, &slot);
	struct write_event *e;

	if (!r || !a)
		return 0;
	e = (void *)r->bytes;
	__builtin_memset(e, 0, sizeof(*e));
	event_init(&e->head, &a->ids);
	e->request = a->request;
	e->tag = a->tag;
	e->began = a->began;
	__builtin_memcpy(e->arg, &a->args, sizeof(e->arg));
	e->ret = a->ret;
	e->call = a->call;
	e->stage = a->stage;
	e->notes = a->notes;
	e->fd = a->fd;
	e->total = total_of(a);
	if (a->file)
		file_fill(slot, 0, (u64)a->file);
	if (a->from)
		file_fill(slot, 1, (u64)a->from);
	e->offset = offset_of(a, e->file[0].mode);
	if (!(a->notes & WRITE_IO_URING))
		offsets_fill(e, a);
	if (is_named(a))
		name_append(r, e, a, 0);
	if (is_named(a) && CALL_HAS_NAMES(a->call))
		name_append(r, e, a, 1);
	return 0;
}

/* Then the paths of files and directories. */
static __always_inline int write_locate(u32 slot, bool loops)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	struct asked *a = bpf_map_lookup_elem(&calls, &slot);
	struct write_event *e;

	if (!r || !a)
		return 0;
	e = (void *)r->bytes;
	/* Of an open that succeeded the file tells it all, but strace shows what it was asked as well. */
	if (options.paths ? is_named(a) || a->call == CALL_OPEN_BY_HANDLE_AT
			  : is_named(a) && !a->file) {
		base_append(r, e, a, 0, sizeof(*e), loops);
		if (CALL_HAS_NAMES(a->call))
			base_append(r, e, a, 1, sizeof(*e) + e->asked[0], loops);
	}
	record_file_path(r, a->file, &e->file[0].path, loops);
	record_file_path(r, a->from, &e->file[1].path, loops);
	return 0;
}

__noinline int write_paths(u32 slot)
{
	return write_locate(slot, true);
}

__noinline int write_paths_old(u32 slot)
{
	return write_locate(slot, false);
}

/* Then where it comes from. */
static __always_inline int write_surround(u32 slot, bool loops)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);

	if (r && ((struct write_event *)r->bytes)->stage != WRITE_ENDED)
		record_surroundings(r, (struct event *)r->bytes, loops);
	return 0;
}

__noinline int write_context(u32 slot)
{
	return write_surround(slot, true);
}

__noinline int write_context_old(u32 slot)
{
	return write_surround(slot, false);
}

/* And from which functions, where the stack of ours has room for that. */
__noinline int write_stack(u32 slot)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);

	if (r)
		record_user_part(r, (struct event *)r->bytes, true);
	return 0;
}

/* At last the data. */
static __always_inline int hand_over(u32 slot, bool loops)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	struct asked *a = bpf_map_lookup_elem(&calls, &slot);

	if (r && a)
		submit(r, a, loops);
	return 0;
}

__noinline int submit_record(u32 slot)
{
	return hand_over(slot, true);
}

__noinline int submit_record_old(u32 slot)
{
	return hand_over(slot, false);
}

/*
 * Takes a record and what belongs to it, all zero but what is given; NULL: there
 * is none.  To be handed over by happened(), or given back by record_drop().
 */
static __always_inline struct asked *call_take(struct record **r, const struct ids *ids, u32 call,
					       bool loops)
{
	struct asked *a;
	u32 slot;

	*r = record_take(sizeof(struct write_event), loops);
	if (!*r)
		return NULL;
	slot = (*r)->slot;
	a = bpf_map_lookup_elem(&calls, &slot);
	if (!a)
		return NULL;
	__builtin_memset(a, 0, sizeof(*a));
	a->ids = *ids;
	a->call = call;
	a->fd = a->from_fd = -1;
	a->offset = WRITE_NO_OFFSET;
	return a;
}

/* With the stacks that there is room for on our own: `ctx` is NULL for none of the kernel. */
static __always_inline int happened(void *ctx, struct record *r, bool user_stack, bool loops)
{
	u32 slot = r->slot;

	write_describe(slot);
	if (loops)
		write_paths(slot);
	else
		write_paths_old(slot);
	if (want & WANT_CONTEXT) {
		if (loops)
			write_context(slot);
		else
			write_context_old(slot);
		if (user_stack && loops)
			write_stack(slot);
		if (ctx)
			record_kernel_part(ctx, r, (struct event *)r->bytes);
	}
	return loops ? submit_record(slot) : submit_record_old(slot);
}

static __always_inline int dropped(struct record *r)
{
	record_drop(r);
	return 0;
}

#endif
