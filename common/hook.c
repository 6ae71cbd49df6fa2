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

static int events[16]; /* that are open, in the order of their names */

static int open_event(const char *group, const char *name)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int id = tracefs_event_id(group, name), event;

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
static int open_events(const char *const *names)
{
	int err = -ENOENT, opened = 0;

	for (size_t i = 0; names[i]; i++) {
		events[i] = open_event("syscalls", names[i]);
		if (events[i] >= 0) {
			opened++;
			continue;
		}
		err = events[i];
		log_info("tracepoint %s cannot be had: %s", names[i], strerror(-err));
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

/* They cost something even without a program. */
static void close_events(const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		if (events[i] > 0)
			close(events[i]);
}

static int attach_events(struct bpf_program *program, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		if (events[i] < 0)
			continue;
		if (!bpf_program__attach_perf_event(program, events[i]))
			return log_err(-errno, "%s", names[i]);
		log_info("attached: tracepoint %s", names[i]);
	}
	return 0;
}

/* The programs of bpf/syscall.bpf.h. */
struct exits {
	struct bpf_program *single, *returned, *any, *any_old;
};

static struct exits exits_of(const struct bpf_object *object)
{
	return (struct exits){
		bpf_object__find_program_by_name(object, "syscall_exit"),
		bpf_object__find_program_by_name(object, "syscall_return"),
		bpf_object__find_program_by_name(object, "any_syscall_exit"),
		bpf_object__find_program_by_name(object, "any_syscall_exit_old"),
	};
}

bool hook_choose_exits(struct bpf_object *object, const char *const *calls, bool compat)
{
	struct exits exits = exits_of(object);
	bool loops = hook_has_loops();
	bool returned = loops && hook_has_function("trace_call_bpf_faultable");
	bool any = compat || !loops || open_events(calls);

	bpf_program__set_autoload(exits.returned, returned);
	bpf_program__set_autoload(exits.single, !any);
	bpf_program__set_autoload(exits.any, any && loops);
	bpf_program__set_autoload(exits.any_old, !loops);
	return any || returned;
}

/*
 * The functions of these system calls, for each kind of caller.  0 or a negative
 * errno, about which only -v says something.
 */
static int attach_returns(struct bpf_program *program, const char *const *calls)
{
#if defined(__x86_64__)
	static const char *const prefixes[] = { "__x64_sys_", "__ia32_sys_", "__ia32_compat_sys_",
						"__ia32_compat_sys_ia32_" };
#else
	static const char *const prefixes[] = { "__arm64_sys_", "__arm64_compat_sys_" };
#endif
	enum { KINDS = sizeof(prefixes) / sizeof(*prefixes), MAX = 64 };
	struct btf *types = btf__load_vmlinux_btf();
	char names[MAX][64];
	const char *syms[MAX];
	LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = syms, .retprobe = true);
	int err;

	for (size_t i = 0; types && calls[i]; i++) {
		for (size_t k = 0; k < KINDS && opts.cnt < MAX; k++) {
			snprintf(names[opts.cnt], sizeof(*names), "%s%s", prefixes[k],
				 calls[i] + strlen("sys_exit_"));
			syms[opts.cnt] = names[opts.cnt];
			/* All of them must be there. */
			if (btf__find_by_name_kind(types, names[opts.cnt], BTF_KIND_FUNC) > 0)
				opts.cnt++;
		}
	}
	btf__free(types);
	err = bpf_program__attach_kprobe_multi_opts(program, NULL, &opts) ? 0 : -errno;
	if (err)
		log_info("the returns of %s and others cannot be had: %s", syms[0], strerror(-err));
	else
		log_info("attached: returns of %zu functions, such as %s", opts.cnt, syms[0]);
	return err;
}

int hook_attach_exits(struct bpf_object *object, const char *const *calls, const char *what)
{
	struct exits exits = exits_of(object);

	if (bpf_program__autoload(exits.returned) && !attach_returns(exits.returned, calls)) {
		close_events(calls);
		return 0;
	}
	if (bpf_program__autoload(exits.single))
		return attach_events(exits.single, calls);
	return hook_attach(bpf_program__autoload(exits.any) ? exits.any : exits.any_old, true,
			   what);
}
