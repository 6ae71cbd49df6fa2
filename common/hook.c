// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/hook.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "common/log.h"
#include "common/tracefs.h"

#define PID_NS_INITIAL 0xEFFFFFFCU /* PROC_PID_INIT_INO, linux/proc_ns.h */
#define LOCKED (32U << 20)	   /* bytes that the maps of any command fit into */

bool hook_has_loops(void)
{
	static int has = -1;

	/* Once: each time a program is loaded. */
	if (has < 0)
		has = libbpf_probe_bpf_helper(BPF_PROG_TYPE_TRACEPOINT, BPF_FUNC_loop, NULL) > 0;
	return has;
}

bool hook_has_lazy_maps(void)
{
	/* It came with the same kernel. */
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_ktime_get_tai_ns,
				       NULL) > 0;
}

uint32_t hook_pidns(void)
{
	struct stat ns;

	if (stat("/proc/self/ns/pid", &ns) || ns.st_ino == PID_NS_INITIAL)
		return 0;
	return ns.st_ino;
}

/* The least that a program can be. */
static const struct bpf_insn exit_0[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};
#define EXIT_0 (sizeof(exit_0) / sizeof(*exit_0))

bool hook_has_fexit(void)
{
	/* No function has this ID: a kernel that would take the program says so, one that refuses its kind says that. */
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FEXIT,
		    .attach_btf_id = 1);
	int fd;

	/* The end of a PID namespace in which a trampoline is given back can deadlock Linux 6.1. */
	if (hook_pidns())
		return false;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", exit_0, EXIT_0, &opts);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == EINVAL;
}

static struct btf *types; /* of the kernel; to read them takes a while */

static struct btf *kernel_types(void)
{
	types = types ?: btf__load_vmlinux_btf();
	return types;
}

void hook_done(void)
{
	btf__free(types);
	types = NULL;
}

bool hook_has_function(const char *name)
{
	return kernel_types() && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;
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
	bool every;		/* the exits or entries of all calls were chosen */
};

/* The functions of system calls, and those that 32-bit callers alone arrive at. */
#ifdef __x86_64__
static const char *const functions[] = { "__x64_sys_",
					 "__ia32_sys_",
					 "__ia32_compat_sys_",
					 "__ia32_sys_ia32_",
					 "__ia32_compat_sys_ia32_",
					 NULL };
static const char *const *const compat_functions = functions + 1;
#else
static const char *const functions[] = { "__arm64_sys_", "__arm64_compat_sys_", NULL };
static const char *const *const compat_functions;
#endif

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
		if (side->events[i] <= 0)
			continue;
		if (!bpf_program__attach_perf_event(program, side->events[i]))
			return log_err(-errno, "%s%s", side->prefix, calls[i]);
		log_info("attached: tracepoint %s%s", side->prefix, calls[i]);
	}
	return 0;
}

static struct bpf_program *find(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_program_by_name(object, name);
}

/*
 * Without a function of that name an attachment fails in a way that tells whether
 * one could have succeeded: kernels before 5.18 and hosts that refuse it say so first.
 */
static bool has_function_programs(void)
{
	static const char *const none[] = { "no function" };
	LIBBPF_OPTS(bpf_prog_load_opts, load, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	LIBBPF_OPTS(bpf_link_create_opts, link, .kprobe_multi.syms = (const char **)none,
		    .kprobe_multi.cnt = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "probe", "GPL", exit_0, EXIT_0, &load), err;

	if (fd < 0)
		return false;
	err = bpf_link_create(fd, 0, BPF_TRACE_KPROBE_MULTI, &link);
	close(fd);
	return err == -ESRCH || err == -ENOENT;
}

/* Can what runs at a tracepoint be preempted?  Since Linux 7, as a function tells that came with it. */
static bool prefers_functions(void)
{
	static bool known, prefers;

	if (!known)
		prefers = hook_has_loops() && has_function_programs() &&
			  hook_has_function("trace_call_bpf_faultable");
	known = true;
	return prefers;
}

/* The program for the functions of calls, for the exits or entries of all, or for the tracepoint of each. */
static void choose(struct bpf_object *object, struct side *side, const char *const *calls,
		   bool every)
{
	bool by_function = prefers_functions(), loops = hook_has_loops();

	side->every = !by_function && (every || open_events(side, calls));
	bpf_program__set_autoload(find(object, side->function), by_function);
	bpf_program__set_autoload(find(object, side->single), !by_function && !side->every);
	bpf_program__set_autoload(find(object, side->any), side->every && loops);
	bpf_program__set_autoload(find(object, side->any_old), side->every && !loops);
}

#define FUNCTIONS_MAX (4 * EVENTS_MAX)

/* The call that a function is of by its name behind this prefix, or -1. */
static int call_of(const char *function, const char *prefix, const char *const *calls)
{
	size_t len = strlen(prefix);

	if (strncmp(function, prefix, len) != 0)
		return -1;
	for (int i = 0; calls[i]; i++)
		if (!strcmp(function + len, calls[i]))
			return i;
	return -1;
}

/* The names of the functions of these calls, which belong to `types`; returns how many. */
static size_t find_functions(const char *const *prefixes, const char *const *calls,
			     const char **names)
{
	const char *of_all[EVENTS_MAX] = {};
	bool found[EVENTS_MAX] = {};
	size_t count = 0;

	for (__u32 id = 1; id < btf__type_cnt(types); id++) {
		const struct btf_type *type = btf__type_by_id(types, id);
		const char *name = btf__name_by_offset(types, type->name_off);
		int call = -1;

		if (!btf_is_func(type))
			continue;
		for (size_t k = 0; call < 0 && prefixes[k]; k++)
			call = call_of(name, prefixes[k], calls);
		if (call >= 0 && count < FUNCTIONS_MAX - EVENTS_MAX) {
			found[call] = true;
			names[count++] = name;
		} else if (call < 0 && (call = call_of(name, "__do_sys_", calls)) >= 0) {
			of_all[call] = name;
		}
	}
	/* A call without arguments has one function for callers of each kind; their names for it are not among the types. */
	for (size_t i = 0; i < EVENTS_MAX; i++)
		if (of_all[i] && !found[i])
			names[count++] = of_all[i];
	return count;
}

/* Those functions of these system calls.  0 or a negative errno, about which only -v says something. */
static int attach_functions(struct bpf_program *program, const char *const *prefixes,
			    const char *const *calls, bool returns)
{
	const char *names[FUNCTIONS_MAX];
	__u64 cookies[FUNCTIONS_MAX];
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = names, .cookies = cookies,
		    .retprobe = returns);
	int err = kernel_types() ? 0 : -errno;

	if (!err)
		opts.cnt = find_functions(prefixes, calls, names);
	for (size_t i = 0; i < opts.cnt; i++)
		cookies[i] = prefixes == compat_functions;
	if (!err && !bpf_program__attach_kprobe_multi_opts(program, NULL, &opts))
		err = -errno;
	if (err)
		log_info("functions of system calls cannot be had: %s", strerror(-err));
	else
		log_info("attached: %s of %zu functions, such as %s",
			 returns ? "returns" : "entries", opts.cnt, names[0]);
	return err;
}

static int attach(struct bpf_object *object, const struct side *side, const char *const *calls,
		  const char *what)
{
	struct bpf_program *any = find(object, side->any), *function = find(object, side->function);
	bool returns = side == &exits;
	int err;

	if (prefers_functions()) {
		err = attach_functions(function, functions, calls, returns);
		return err ? log_err(err, "%s: functions of system calls", what) : 0;
	}
	if (side->every)
		return hook_attach(bpf_program__autoload(any) ? any : find(object, side->any_old),
				   true, what);
	if (bpf_program__autoload(function) &&
	    attach_functions(function, compat_functions, calls, returns))
		log_warn("32-bit programs are not seen without --compat");
	return attach_events(find(object, side->single), side, calls);
}

bool hook_choose_exits(struct bpf_object *object, const char *const *calls, bool compat)
{
	choose(object, &exits, calls, compat || !hook_has_loops());
	return exits.every || prefers_functions();
}

bool hook_choose_compat(struct bpf_object *object, bool begins)
{
	/* To give it back in a PID namespace can deadlock as well. */
	if (!compat_functions || hook_pidns() || !has_function_programs())
		return false;
	bpf_program__set_autoload(find(object, exits.function), true);
	if (begins)
		bpf_program__set_autoload(find(object, entries.function), true);
	return true;
}

int hook_attach_exits(struct bpf_object *object, const char *const *calls, const char *what)
{
	return attach(object, &exits, calls, what);
}

void hook_choose_entries(struct bpf_object *object, const char *const *calls)
{
	choose(object, &entries, calls, exits.every);
}

int hook_attach_entries(struct bpf_object *object, const char *const *calls, const char *what)
{
	return attach(object, &entries, calls, what);
}
