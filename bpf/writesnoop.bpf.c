// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * writesnoop, the kernel half: what is written to which file, and what happens
 * to that file besides.
 *
 * A program gives the kernel a number, the descriptor.  Behind it is the open
 * file (struct file: what was opened, how, and where the next byte goes), and
 * behind that the names that lead to it (dentries).  When a call returns all of
 * this is still there, so one program sees what was asked, what came of it, and
 * where it went.  Not so a close: its descriptor is looked at when it begins.
 */
#include "kernel.h"
#include "writesnoop.h"
#include "writerecord.bpf.h"
#include "writecall.bpf.h"
#include "writerequest.bpf.h"
#include "entry.bpf.h"

#define CLOSE_RANGE_UNSHARE 2 /* linux/close_range.h */
#define BITS 64
#define CLOSES_BYTES (512 * 1024) /* of records by one exit, about a thousand */
#define EBUSY 16		  /* this and the next: asm-generic/errno-base.h */
#define ENXIO 6			  /* of an open, that it is a device or a FIFO */
#define WORDS_MAX_OLD 1024 /* of descriptors, where the kernel has no bpf_loop(): 65536 of them */

/* --- system calls as they return --- */

/* What the arguments mean in each call; and finds its files. */
static __always_inline void asked_by(struct asked *a)
{
	const struct arguments *args = &a->args;

	switch (a->call) {
	case CALL_PWRITE64:
	case CALL_PWRITEV:
	case CALL_PWRITEV2:
		a->offset = args->d;
		/* fallthrough */
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_VMSPLICE:
	case CALL_FSYNC:
	case CALL_FDATASYNC:
	case CALL_SYNC_FILE_RANGE:
	case CALL_SYNCFS:
	case CALL_FTRUNCATE:
	case CALL_FALLOCATE:
		a->fd = args->a;
		break;
	case CALL_SENDFILE:
		a->fd = args->a;
		a->from_fd = args->b;
		break;
	case CALL_SPLICE:
	case CALL_COPY_FILE_RANGE:
		a->fd = args->c;
		a->from_fd = args->a;
		break;
	case CALL_OPEN:
	case CALL_CREAT:
		path_asked(a, AT_FDCWD, args->a);
		a->fd = a->ret;
		break;
	case CALL_OPENAT:
	case CALL_OPENAT2:
		path_asked(a, args->a, args->b);
		a->fd = a->ret;
		break;
	case CALL_OPEN_BY_HANDLE_AT:
		a->dirfd[0] = args->a;
		a->fd = a->ret;
		break;
	case CALL_TRUNCATE:
	case CALL_UNLINK:
		path_asked(a, AT_FDCWD, args->a);
		break;
	case CALL_UNLINKAT:
		path_asked(a, args->a, args->b);
		break;
	case CALL_RENAME:
		path_asked(a, AT_FDCWD, args->a);
		a->dirfd[1] = AT_FDCWD;
		a->name[1] = args->b;
		break;
	case CALL_RENAMEAT:
	case CALL_RENAMEAT2:
		path_asked(a, args->a, args->b);
		a->dirfd[1] = args->c;
		a->name[1] = args->d;
		break;
	}
	if (a->fd >= 0)
		a->file = file_of_fd(a->fd);
	if (a->from_fd >= 0)
		a->from = file_of_fd(a->from_fd);
}

static __always_inline bool open_writes(const struct asked *a)
{
	u64 flags = 0;

	switch (a->call) {
	case CALL_OPEN:
		return flags_write(a->args.b);
	case CALL_CREAT:
		return true;
	case CALL_OPENAT:
	case CALL_OPEN_BY_HANDLE_AT:
		return flags_write(a->args.c);
	case CALL_OPENAT2:
		bpf_probe_read_user(&flags, sizeof(flags), (void *)a->args.c);
		return flags_write(flags);
	}
	return true;
}

/* Whether a call is about a file that is wanted. */
static __always_inline bool file_wanted(const struct asked *a)
{
	if (!fd_wanted(a->fd))
		return false;
	if (CALL_IS_OPEN(a->call))
		return open_writes(a) && (a->ret == -ENXIO ? options.all
					  : a->ret < 0	   ? true
							   : type_wanted(a->file, a->call));
	/* These have paths, and no file. */
	if ((a->call >= CALL_TRUNCATE && a->call <= CALL_UNLINKAT && a->call != CALL_FALLOCATE) ||
	    a->call == CALL_SYNC)
		return true;
	return type_wanted(a->file, a->call);
}

static __always_inline bool result_wanted(u32 call, s64 ret)
{
	if (options.failed && ret >= 0)
		return false;
	return !options.min_bytes || ret >= (s64)options.min_bytes;
}

/* --- what was seen at the entry of a call --- */

struct begun {
	u64 time;
	u64 file; /* that is being closed; 0: none that is wanted */
	u32 call;
	u32 pad;
};

/* By thread, with room for all that there can be. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct begun);
} begun SEC(".maps");

/* The second record of a close: its result, and whether anything still holds the file open. */
static __always_inline int close_returned(const struct begun *b, s64 ret, bool loops)
{
	struct record *r = record_take(sizeof(struct write_event), loops);
	struct ids ids = current_ids();
	struct write_event *e;

	if (!r)
		return 0;
	e = (void *)r->bytes;
	__builtin_memset(e, 0, sizeof(*e));
	event_init(&e->head, &ids);
	e->request = (u32)bpf_get_current_pid_tgid();
	e->tag = b->time;
	e->ret = ret;
	e->call = b->call;
	e->stage = WRITE_ENDED;
	e->file[0].refs = references((void *)b->file);
	record_submit(r);
	return 0;
}

static __always_inline int call_returned(void *ctx, struct pt_regs *regs, int call, bool compat,
					 s64 ret, bool loops)
{
	u32 tid = bpf_get_current_pid_tgid(), nr;
	struct begun b = {}, *found;
	struct record *r;
	struct asked *a;
	struct ids ids;

	if (call < 0 || !is_wanted(call))
		return 0;
	if (options.latency || CALL_IS_CLOSE(call)) {
		found = bpf_map_lookup_elem(&begun, &tid);
		if (found && found->call == (u32)call)
			b = *found;
		if (found)
			bpf_map_delete_elem(&begun, &tid);
	}
	if (CALL_IS_CLOSE(call))
		return b.file ? close_returned(&b, ret, loops) : 0;
	ids = current_ids();
	if (!result_wanted(call, ret) || !current_wanted(&ids))
		return 0;
	a = call_take(&r, &ids, call, loops);
	if (!a)
		return 0;
	a->ret = ret;
	a->began = b.time;
	a->compat = compat;
	arguments_read(&a->args, regs, compat);
	if (compat) {
		nr = syscall_number(regs);
		a->notes = WRITE_COMPAT;
		if (nr == COMPAT_SENDFILE64 || nr == COMPAT_TRUNCATE64 || nr == COMPAT_FTRUNCATE64)
			a->notes |= WRITE_64;
		arguments_widen(&a->args, call, nr);
	}
	asked_by(a);
	return file_wanted(a) ? happened(ctx, r, true, loops) : dropped(r);
}

/* --- and as they begin --- */

static __always_inline u8 mapped_note(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_mapping, i_mmap_writable.counter) > 0 ? WRITE_MAPPED
										    : 0;
}

/* What one exit may still put into records: who has many descriptors keeps the processor for that long. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} budget SEC(".maps");

/*
 * A close that nobody has asked for by that descriptor.  Not static, and so
 * looked at by the verifier once, and not again for each descriptor.
 */
static __always_inline int closed_silently(u32 fd, u32 call, bool loops)
{
	struct file *file = file_of_fd(fd);
	struct ids ids;
	struct record *r;
	struct asked *a;
	u32 zero = 0;
	u64 *left;

	if (!fd_wanted(fd) || !closing_wanted(file))
		return 0;
	left = bpf_map_lookup_elem(&budget, &zero);
	if (!left || !*left) {
		count(channel.lost_busy);
		return 0;
	}
	ids = current_ids();
	a = call_take(&r, &ids, call, loops);
	if (!a)
		return 0;
	a->fd = fd;
	a->file = file;
	a->notes = mapped_note(file);
	if (call == CALL_CLOSE_RANGE && is_compat())
		a->notes |= WRITE_COMPAT;
	happened(NULL, r, false, loops);
	*left = r->used < *left ? *left - r->used : 0;
	return 0;
}

__noinline int close_one(u32 fd, u32 call)
{
	return closed_silently(fd, call, true);
}

__noinline int close_one_old(u32 fd, u32 call)
{
	return closed_silently(fd, call, false);
}

/* Those of 64 descriptors that are open, and in the range. */
static __always_inline int close_word(u32 word, u32 first, u32 last, u32 call, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	unsigned long *open = BPF_CORE_READ(table, open_fds);
	unsigned long *on_exec = BPF_CORE_READ(table, close_on_exec);
	u64 bits = 0, more = 0;
	u32 fd;

	bpf_probe_read_kernel(&bits, sizeof(bits), open + word);
	if (call == CALL_EXEC) {
		bpf_probe_read_kernel(&more, sizeof(more), on_exec + word);
		bits &= more;
	}
	for (u32 i = 0; i < BITS && bits; i++, bits >>= 1) {
		fd = word * BITS + i;
		if (!(bits & 1) || fd < first || fd > last)
			continue;
		if (loops)
			close_one(fd, call);
		else
			close_one_old(fd, call);
	}
	return 0;
}

__noinline int close_some(u32 word, u32 first, u32 last, u32 call)
{
	return close_word(word, first, last, call, true);
}

__noinline int close_some_old(u32 word, u32 first, u32 last, u32 call)
{
	return close_word(word, first, last, call, false);
}

struct closing {
	u32 first, last, call;
};

static long close_callback(u32 word, struct closing *c)
{
	close_some(word, c->first, c->last, c->call);
	return 0;
}

static __always_inline int close_all(u32 first, u32 last, u32 call, bool loops)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	u32 words = BPF_CORE_READ(task, files, fdt, max_fds) / BITS, zero = 0;
	struct closing c = { first, last, call };
	u64 *left = bpf_map_lookup_elem(&budget, &zero);

	if (left)
		*left = CLOSES_BYTES;
	if (loops) {
		bpf_loop(words, close_callback, &c, 0);
		return 0;
	}
	for (u32 word = 0; word < WORDS_MAX_OLD && word < words; word++)
		close_some_old(word, first, last, call);
	return 0;
}

/* For when the call returns.  Not static: the programs that call it have no room for it on their stacks. */
__noinline int note_begin(u32 call, u64 time, u64 file)
{
	struct begun b = { .call = call, .time = time, .file = file };
	u32 tid = bpf_get_current_pid_tgid();
	long err = bpf_map_update_elem(&begun, &tid, &b, BPF_ANY);

	if (err)
		count(channel.lost_map);
	return err;
}

/* The first record of a close, by its arguments. */
static __always_inline int close_begins(u32 call, u64 first, u64 second, u64 third, bool compat,
					bool loops)
{
	struct file *file, *from = NULL;
	u64 now = bpf_ktime_get_ns();
	struct ids ids = current_ids();
	s32 fd = first;
	struct record *r;
	struct asked *a;

	if (call != CALL_CLOSE) {
		fd = second;
		from = file_of_fd(first);
		/* Fails, or does nothing. */
		if (!from || first == second)
			return 0;
	}
	file = file_of_fd(fd);
	if (!fd_wanted(fd) || !closing_wanted(file))
		return 0;
	if (note_begin(call, now, (u64)file))
		return 0;
	a = call_take(&r, &ids, call, loops);
	if (!a)
		return 0;
	a->args.a = first;
	a->args.b = second;
	a->args.c = third;
	a->fd = fd;
	a->file = file;
	a->from = from;
	a->notes = mapped_note(file) | (compat ? WRITE_COMPAT : 0);
	a->stage = WRITE_ASKED;
	a->request = ids.tid; /* which joins the two records; it can have one close under way */
	a->tag = now;
	a->began = now;
	return happened(NULL, r, true, loops);
}

__noinline int close_asked(u32 call, u64 first, u64 second, u64 third, u32 compat)
{
	return close_begins(call, first, second, third, compat, true);
}

__noinline int close_asked_old(u32 call, u64 first, u64 second, u64 third, u32 compat)
{
	return close_begins(call, first, second, third, compat, false);
}

static __always_inline int call_entered(void *ctx, struct pt_regs *regs, int call, bool compat,
					bool loops)
{
	struct arguments args;
	struct ids ids;

	if (call < 0 || !is_wanted(call))
		return 0;
	ids = current_ids();
	if (!current_wanted(&ids))
		return 0;
	if (options.latency)
		note_begin(call, bpf_ktime_get_ns(), 0);
	if (!CALL_IS_CLOSE(call))
		return 0;
	arguments_read(&args, regs, compat);
	if (call == CALL_CLOSE_RANGE)
		return options.failed || args.c & ~CLOSE_RANGE_UNSHARE
			       ? 0
			       : close_all(args.a, args.b, call, loops);
	return loops ? close_asked(call, args.a, args.b, args.c, compat)
		     : close_asked_old(call, args.a, args.b, args.c, compat);
}

/* --- closes that are no call --- */

static __always_inline int closes_silently(u32 call, bool loops)
{
	struct ids ids = current_ids();

	if (options.failed || !current_wanted(&ids))
		return 0;
	return close_all(0, ~0U, call, loops);
}

/* Processes whose exit has been seen: several of their threads can take themselves for the last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u8);
} exited SEC(".maps");

/*
 * The descriptors go with the last thread of a process, unless another process
 * shares them, by CLONE_FILES: then more hold them than there are threads that
 * may not have let go yet.
 */
static __always_inline int exiting(struct task_struct *task, bool loops)
{
	u64 process = BPF_CORE_READ(task, group_leader, start_time) ^ (u64)BPF_CORE_READ(task, tgid)
									      << 32;
	u8 one = 1;

	if (BPF_CORE_READ(task, signal, live.counter) ||
	    BPF_CORE_READ(task, files, count.counter) > BPF_CORE_READ(task, signal, nr_threads) ||
	    bpf_map_update_elem(&exited, &process, &one, BPF_NOEXIST))
		return 0;
	return closes_silently(CALL_EXIT, loops);
}

SEC("?raw_tp/sched_process_exit")
int BPF_PROG(closes_exit, struct task_struct *task)
{
	return exiting(task, true);
}

SEC("?raw_tp/sched_process_exit")
int BPF_PROG(closes_exit_old, struct task_struct *task)
{
	return exiting(task, false);
}

/* Just before an exec closes the descriptors that are to be closed then: since Linux 6.10. */
SEC("?raw_tp/sched_prepare_exec")
int BPF_PROG(closes_exec, struct task_struct *task)
{
	return closes_silently(CALL_EXEC, true);
}

/* --- stores into mapped files --- */

#define VM_SHARED 8 /* linux/mm.h, and VM_WRITE */
#define VM_WRITE 2
#if defined(__TARGET_ARCH_x86)
#define FAULT_WRITE 2 /* asm/trap_pf.h */
#else
#define FAULT_WRITE 0x40 /* asm/esr.h */
#endif

struct store {
	u64 address, offset;
	struct file *file;
};

static long store_vma(struct task_struct *task, struct vm_area_struct *vma, struct store *s)
{
	u64 flags = BPF_CORE_READ(vma, vm_flags);

	if ((flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return 0;
	s->file = BPF_CORE_READ(vma, vm_file);
	s->offset = ((s->address - BPF_CORE_READ(vma, vm_start)) & -(u64)PAGE_SIZE) +
		    (BPF_CORE_READ(vma, vm_pgoff) << PAGE_SHIFT);
	return 0;
}

/*
 * The kernel maps a page of a file so that the first store faults, to know which
 * pages it has to write out; and again once it has.  Faults of the program, and
 * of the kernel on its behalf, such as read(2) into a mapped buffer.
 */
SEC("?raw_tp")
int BPF_PROG(page_fault, u64 address, struct pt_regs *regs, u64 error)
{
	struct store s = { .address = address };
	struct record *r;
	struct asked *a;
	struct ids ids;

	if (!(error & FAULT_WRITE))
		return 0;
	ids = current_ids();
	if (!current_wanted(&ids))
		return 0;
	/* Another thread is changing what is mapped. */
	if (bpf_find_vma(bpf_get_current_task_btf(), address, store_vma, &s, 0) == -EBUSY)
		count(channel.lost_busy);
	if (!s.file || options.by_fd || !type_wanted(s.file, CALL_STORE))
		return 0;
	a = call_take(&r, &ids, CALL_STORE, true);
	if (!a)
		return 0;
	a->file = s.file;
	a->offset = s.offset;
	return happened(ctx, r, true, true);
}
