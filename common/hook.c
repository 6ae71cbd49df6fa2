// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/hook.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "common/log.h"
#include "common/tracefs.h"

#define LOCKED (32U << 20) /* bytes that the maps of any command fit into */

bool hook_has_loops(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_loop, NULL) > 0;
}

bool hook_has_lazy_maps(void)
{
	/* It came with the same kernel. */
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_ktime_get_tai_ns,
				       NULL) > 0;
}

bool hook_has_fexit(bool nested)
{
	static const struct bpf_insn exit_0[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	/* No function has this ID: a kernel that would take the program says so, one that refuses its kind says that. */
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FEXIT,
		    .attach_btf_id = 1);
	int fd;

	/* The end of a PID namespace in which a trampoline is given back can deadlock Linux 6.1. */
	if (nested)
		return false;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", exit_0, 2, &opts);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == EINVAL;
}

bool hook_has_function(const char *name)
{
	return libbpf_find_vmlinux_btf_id(name, BPF_TRACE_FEXIT) > 0;
}

int hook_check_reading(void)
{
	/* Not libbpf_probe_bpf_helper(): it does not know the words in which kernels since 6.12 refuse. */
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_K /* BPF_ADD is 0 */, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "probe", "GPL", code,
			       sizeof(code) / sizeof(*code), NULL);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || (errno != EINVAL && errno != EPERM))
		return 0;
	if (errno == EINVAL) /* kernel_lockdown(7), confidentiality */
		return log_err(0, "the kernel is locked down: no program may read its memory");
	return log_err(-EPERM, "bpf(2) is refused here, or needs the initial user namespace");
}

int hook_check_memory(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur >= LOCKED)
		return 0;
	/* The helper came with the same kernel (5.11) as the end of that limit. */
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCKET_FILTER, BPF_FUNC_ktime_get_coarse_ns,
				    NULL))
		return 0;
	return log_err(
		-EPERM,
		"the limit of locked memory is too low: this kernel counts maps (ulimit -l)");
}

int hook_attach_raw(struct bpf_program *program, const char *const *names, const char *what)
{
	int err = -ENOENT;

	for (size_t i = 0; names[i]; i++) {
		if (bpf_program__attach_raw_tracepoint(program, names[i])) {
			log_info("attached: raw_tp/%s: %s", names[i], what);
			return 0;
		}
		err = -errno;
	}
	log_warn("%s are not seen: raw_tp/%s: %s", what, names[0], strerror(-err));
	return err;
}

void hook_attach_requests(struct bpf_program *submit, struct bpf_program *complete,
			  const char *what)
{
	static const char *const submitted[] = { "io_uring_submit_req", "io_uring_submit_sqe",
						 NULL };
	static const char *const completed[] = { "io_uring_complete", NULL };

	/* The ends of requests are of no use without their beginnings. */
	if (!bpf_program__autoload(submit))
		log_warn("%s are not seen: this kernel is too old", what);
	else if (!hook_attach_raw(submit, submitted, what))
		hook_attach_raw(complete, completed, what);
}

int hook_attach(struct bpf_program *program, bool essential, const char *what)
{
	const char *section = bpf_program__section_name(program);
	struct bpf_link *link;
	int err;

	if (bpf_program__fd(program) < 0)
		return -ENOENT;
	link = bpf_program__attach(program);
	err = link ? 0 : -errno;
	if (err && essential)
		return log_err(err, "%s", section);
	/* ENOTSUPP: loaded, but there are no trampolines on this architecture yet, as on arm64 before Linux 6.4. */
	if (err == -524)
		log_info("%s are not seen: %s: the kernel attaches no such programs", what,
			 section);
	else if (err)
		log_warn("%s are not seen: %s: %s", what, section, strerror(-err));
	else
		log_info("attached: %s: %s", section, what);
	return err;
}

#define EVENTS_MAX 64

/* Where system calls are looked at: the programs for it, and the tracepoints of single calls. */
struct side {
	const char *prefix;			       /* of the tracepoints' names */
	const char *single, *function, *any, *any_old; /* programs */
	int events[EVENTS_MAX]; /* that are open, in the order of the calls */
};

/* bpf/syscall.bpf.h and bpf/entry.bpf.h */
static struct side exits = { .prefix = "sys_exit_",
			     .single = "syscall_exit",
			     .function = "syscall_return",
			     .any = "any_syscall_exit",
			     .any_old = "any_syscall_exit_old" };
static struct side entries = { .prefix = "sys_enter_",
			       .single = "syscall_entry",
			       .function = "syscall_begin",
			       .any = "any_syscall_entry",
			       .any_old = "any_syscall_entry_old" };

static int open_event(const char *name)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int id = tracefs_event_id("syscalls", name), event;

	if (id < 0)
		return id;
	attr.config = id;
	/* A program runs on every CPU, whichever its event is opened on. */
	event = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return event < 0 ? -errno : event;
}

/*
 * Classic tracepoints, opened before the programs are chosen, because not every
 * kernel lets everybody do that: those that the kernel has, or none and a
 * negative errno, about which only -v says something.
 */
static int open_events(struct side *side, const char *const *calls)
{
	int err = -ENOENT, opened = 0, *events = side->events;
	char name[64];

	for (size_t i = 0; calls[i]; i++) {
		snprintf(name, sizeof(name), "%s%s", side->prefix, calls[i]);
		events[i] = open_event(name);
		if (events[i] >= 0) {
			opened++;
			continue;
		}
		err = events[i];
		log_info("tracepoint %s cannot be had: %s", name, strerror(-err));
		if (err == -ENOENT)
			continue;
		while (i--)
			if (events[i] >= 0)
				close(events[i]);
		opened = 0;
		break;
	}
	tracefs_close();
	return opened ? 0 : err;
}

static int attach_events(struct bpf_program *program, const struct side *side,
			 const char *const *calls)
{
	for (size_t i = 0; calls[i]; i++) {
		if (side->events[i] < 0)
			continue;
		if (!bpf_program__attach_perf_event(program, side->events[i]))
			return log_err(-errno, "%s%s", side->prefix, calls[i]);
		log_info("attached: tracepoint %s%s", side->prefix, calls[i]);
	}
	return 0;
}

/* They cost something even without a program. */
static void close_events(const struct side *side, const char *const *calls)
{
	for (size_t i = 0; calls[i]; i++)
		if (side->events[i] > 0)
			close(side->events[i]);
}

static struct bpf_program *find(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_program_by_name(object, name);
}

/* Can what runs at a tracepoint be preempted?  Since Linux 7, as a function tells that came with it. */
static bool prefers_functions(void)
{
	static bool known, prefers;

	/* Once: each time all types of the kernel are read. */
	if (!known)
		prefers = hook_has_loops() && hook_has_function("trace_call_bpf_faultable");
	known = true;
	return prefers;
}

static void choose(struct bpf_object *object, const struct side *side, bool any)
{
	bool loops = hook_has_loops();

	bpf_program__set_autoload(find(object, side->function), prefers_functions());
	bpf_program__set_autoload(find(object, side->single), !any);
	bpf_program__set_autoload(find(object, side->any), any && loops);
	bpf_program__set_autoload(find(object, side->any_old), any && !loops);
}

/*
 * The functions of these system calls, for each kind of caller.  0 or a negative
 * errno, about which only -v says something.
 */
static int attach_functions(struct bpf_program *program, const char *const *calls, bool returns)
{
#if defined(__x86_64__)
	static const char *const prefixes[] = { "__x64_sys_", "__ia32_sys_", "__ia32_compat_sys_",
						"__ia32_sys_ia32_", "__ia32_compat_sys_ia32_" };
#else
	static const char *const prefixes[] = { "__arm64_sys_", "__arm64_compat_sys_" };
#endif
	enum { KINDS = sizeof(prefixes) / sizeof(*prefixes), MAX = 4 * EVENTS_MAX };
	struct btf *types = btf__load_vmlinux_btf();
	static char names[MAX][64];
	const char *syms[MAX];
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = syms, .retprobe = returns);
	int err;

	for (size_t i = 0; types && calls[i]; i++) {
		for (size_t k = 0; k < KINDS && opts.cnt < MAX; k++) {
			snprintf(names[opts.cnt], sizeof(*names), "%s%s", prefixes[k], calls[i]);
			syms[opts.cnt] = names[opts.cnt];
			/* All of them must be there. */
			if (btf__find_by_name_kind(types, names[opts.cnt], BTF_KIND_FUNC) > 0)
				opts.cnt++;
		}
	}
	btf__free(types);
	err = bpf_program__attach_kprobe_multi_opts(program, NULL, &opts) ? 0 : -errno;
	if (err)
		log_info("functions of system calls cannot be had: %s", strerror(-err));
	else
		log_info("attached: %s of %zu functions, such as %s",
			 returns ? "returns" : "entries", opts.cnt, syms[0]);
	return err;
}

static int attach(struct bpf_object *object, const struct side *side, const char *const *calls,
		  const char *what)
{
	struct bpf_program *single = find(object, side->single), *any = find(object, side->any);
	struct bpf_program *function = find(object, side->function);

	if (bpf_program__autoload(function) && !attach_functions(function, calls, side == &exits)) {
		close_events(side, calls);
		return 0;
	}
	if (bpf_program__autoload(single))
		return attach_events(single, side, calls);
	return hook_attach(bpf_program__autoload(any) ? any : find(object, side->any_old), true,
			   what);
}

bool hook_choose_exits(struct bpf_object *object, const char *const *calls, bool compat)
{
	bool any = compat || !hook_has_loops() || open_events(&exits, calls);

	choose(object, &exits, any);
	return any || prefers_functions();
}

int hook_attach_exits(struct bpf_object *object, const char *const *calls, const char *what)
{
	return attach(object, &exits, calls, what);
}

void hook_choose_entries(struct bpf_object *object, const char *const *calls, bool any)
{
	choose(object, &entries, any || open_events(&entries, calls));
}

int hook_attach_entries(struct bpf_object *object, const char *const *calls, const char *what)
{
	return attach(object, &entries, calls, what);
}
