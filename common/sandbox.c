/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/hook.h"
#include "common/log.h"

/*
 * A user and group that nobody else is, not nobody (65534), which services run
 * as: they could send us signals and set our limits.  Past 1879048191 no system
 * gives out numbers, see systemd's "Users, Groups, UIDs and GIDs".
 */
#define NOBODY_ELSE 2000000000U

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "no seccomp filter is written for this architecture"
#endif

#define ALL_BITS UINT32_MAX

/*
 * A system call that stays allowed, if (argument & mask) == value; with mask 0
 * always. Several rows for one call are alternatives. Only the low half of an
 * argument is looked at: no argument used here has a meaning in the high one.
 */
struct row {
	uint32_t nr;
	uint32_t argument, mask, value;
};

/* Those that each batch of events needs come first. */
static const struct row always[] = {
	{ SYS_write, 0, 0, 0 },
	{ SYS_epoll_pwait, 0, 0, 0 },
#ifdef SYS_epoll_wait /* arm64 has none of the old calls */
	{ SYS_epoll_wait, 0, 0, 0 },
#endif
	{ SYS_clock_nanosleep, 0, 0, 0 },
	{ SYS_read, 0, 0, 0 },
	{ SYS_writev, 0, 0, 0 },
	{ SYS_bpf, 0, ALL_BITS, BPF_MAP_LOOKUP_ELEM },
	{ SYS_bpf, 0, ALL_BITS, BPF_MAP_DELETE_ELEM },
	{ SYS_bpf, 0, ALL_BITS, BPF_MAP_GET_NEXT_KEY },
	{ SYS_bpf, 0, ALL_BITS, BPF_MAP_LOOKUP_AND_DELETE_ELEM },
	{ SYS_bpf, 0, ALL_BITS, BPF_MAP_LOOKUP_BATCH },
	{ SYS_bpf, 0, ALL_BITS, BPF_OBJ_GET_INFO_BY_FD },
	{ SYS_ppoll, 0, 0, 0 },
#ifdef SYS_poll
	{ SYS_poll, 0, 0, 0 },
#endif
#ifdef SYS_epoll_pwait2 /* Linux 5.11 */
	{ SYS_epoll_pwait2, 0, 0, 0 },
#endif
	{ SYS_epoll_ctl, 0, 0, 0 },
	{ SYS_nanosleep, 0, 0, 0 },
	{ SYS_clock_gettime, 0, 0, 0 }, /* where the vDSO has no clock */
	{ SYS_setitimer, 0, 0, 0 },
	{ SYS_restart_syscall, 0, 0, 0 },
	{ SYS_rt_sigreturn, 0, 0, 0 },
	{ SYS_rt_sigaction, 0, 0, 0 },
	{ SYS_rt_sigprocmask, 0, 0, 0 },
	{ SYS_getpid, 0, 0, 0 },
	{ SYS_getppid, 0, 0, 0 },

	/* memory, for malloc(3); none of it can be run */
	{ SYS_brk, 0, 0, 0 },
	{ SYS_mmap, 2, PROT_EXEC, 0 },
	{ SYS_mprotect, 2, PROT_EXEC, 0 },
	{ SYS_mremap, 0, 0, 0 },
	{ SYS_munmap, 0, 0, 0 },
	{ SYS_madvise, 0, 0, 0 },
	{ SYS_futex, 0, 0, 0 },
	{ SYS_getrandom, 0, 0, 0 },
	{ SYS_sysinfo, 0, 0, 0 }, /* glibc's qsort(3), before 2.37 */

	/* stdio asks what a descriptor is; which call that is depends on the
	 * C library. A path besides the flag cannot be told from none, but
	 * all that it gives is stat(2). */
	{ SYS_fstat, 0, 0, 0 },
	{ SYS_newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH },
	{ SYS_close, 0, 0, 0 },

	/* The end: fork() and nothing else, so no thread and no name space;
	 * a death signal, which can only be our own. */
	{ SYS_wait4, 0, 0, 0 },
	{ SYS_waitid, 0, 0, 0 },
	{ SYS_clone, 0, ALL_BITS, SIGCHLD },
	{ SYS_prctl, 0, ALL_BITS, PR_SET_PDEATHSIG },
	{ SYS_kill, 1, ALL_BITS, 0 }, /* is it there? */
	{ SYS_exit, 0, 0, 0 },
	{ SYS_exit_group, 0, 0, 0 },
};

static const struct row reading[] = {
	{ SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ SYS_pread64, 0, 0, 0 },
	{ SYS_lseek, 0, 0, 0 },
	{ SYS_newfstatat, 0, 0, 0 },
	{ SYS_statx, 0, 0, 0 },
	{ SYS_readlinkat, 0, 0, 0 },
	{ SYS_faccessat, 0, 0, 0 },
#ifdef SYS_faccessat2 /* Linux 5.8 */
	{ SYS_faccessat2, 0, 0, 0 },
#endif
#ifdef SYS_open
	{ SYS_open, 1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY },
	{ SYS_stat, 0, 0, 0 },
	{ SYS_lstat, 0, 0, 0 },
	{ SYS_readlink, 0, 0, 0 },
	{ SYS_access, 0, 0, 0 },
#endif
	{ SYS_fcntl, 1, ALL_BITS, F_GETFD },
	{ SYS_fcntl, 1, ALL_BITS, F_SETFD },
	{ SYS_fcntl, 1, ALL_BITS, F_GETFL },
	{ SYS_getcwd, 0, 0, 0 },
};

/* At most six instructions for a row, and six around them all. */
#define ROWS (sizeof(always) / sizeof(always[0]))
#define READING_ROWS (sizeof(reading) / sizeof(reading[0]))
#define FILTER_MAX (6 * (ROWS + READING_ROWS + 1) + 6)

struct seccomp_program {
	unsigned short len;
	struct sock_filter code[FILTER_MAX];
};

static void emit(struct seccomp_program *f, uint16_t code, uint8_t when_false, uint32_t k)
{
	f->code[f->len++] = (struct sock_filter){ code, 0, when_false, k };
}

static void emit_load(struct seccomp_program *f, size_t offset)
{
	emit(f, BPF_LD | BPF_W | BPF_ABS, 0, (uint32_t)offset);
}

/* Both architectures are little-endian: the low half of an argument first. */
static void emit_row(struct seccomp_program *f, const struct row *row)
{
	if (row->mask) {
		emit(f, BPF_JMP | BPF_JEQ | BPF_K, 5, row->nr);
		emit_load(f, offsetof(struct seccomp_data, args) + 8 * row->argument);
		emit(f, BPF_ALU | BPF_AND | BPF_K, 0, row->mask);
		emit(f, BPF_JMP | BPF_JEQ | BPF_K, 1, row->value);
		emit(f, BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW);
		emit_load(f, offsetof(struct seccomp_data, nr));
	} else {
		emit(f, BPF_JMP | BPF_JEQ | BPF_K, 1, row->nr);
		emit(f, BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW);
	}
}

static void emit_filter(struct seccomp_program *f, const struct sandbox *s)
{
	const struct row kill_child = { SYS_kill, 0, ALL_BITS, (uint32_t)s->child };

	emit_load(f, offsetof(struct seccomp_data, arch));
	f->code[f->len++] = (struct sock_filter){ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, NATIVE_ARCH };
	emit(f, BPF_RET | BPF_K, 0, SECCOMP_RET_KILL_PROCESS);
	emit_load(f, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ROWS; i++)
		emit_row(f, &always[i]);
	for (size_t i = 0; s->read_files && i < READING_ROWS; i++)
		emit_row(f, &reading[i]);
	if (s->child > 0)
		emit_row(f, &kill_child);
	emit(f, BPF_RET | BPF_K, 0, SECCOMP_RET_KILL_PROCESS);
}

static int install_filter(const struct sandbox *s)
{
	struct seccomp_program f = { .len = 0 };
	struct sock_fprog program = { .filter = f.code };

	emit_filter(&f, s);
	program.len = f.len;
	/* We run nobody else's code, so we need not pay for the guard against
	 * speculation that a filter brings before Linux 5.16. */
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
			    &program);
}

/* What we may not do, or what the kernel cannot, we go on without. */
static void attempt(int result, const char *what)
{
	if (result < 0)
		log_info("sandbox: %s: %s", what, strerror(errno));
}

static int drop_bounding_set(void)
{
	/* EINVAL tells the end: the kernel may know more of them than we do. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -1;
	return 0;
}

/* Of what we have; no set keeps anything else. */
static int keep_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	keep &= data[0].permitted | (uint64_t)data[1].permitted << 32;
	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = (uint32_t)keep;
	data[1].effective = data[1].permitted = keep >> 32;
	/* Takes them from the ambient set too, which is never more than the
	 * permitted and the inheritable have in common: capabilities(7). */
	return (int)syscall(SYS_capset, &header, data);
}

int sandbox_enter(const struct sandbox *s)
{
	/* Another user's process takes no signal from us: kill(2). */
	uint64_t keep = s->child > 0 ? 1ULL << CAP_KILL : 0;

	if (s->read_maps && !hook_has_lazy_maps())
		keep |= 1ULL << CAP_BPF;

	attempt(drop_bounding_set(), "bounding set");
	if (geteuid() == 0) {
		/* Else all of them go with the user: capabilities(7). */
		if (keep)
			attempt(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "keep capabilities");
		attempt(setgroups(0, NULL), "setgroups");
		attempt(setresgid(NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE), "setresgid");
		attempt(setresuid(NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE), "setresuid");
	}
	if (keep_capabilities(keep) < 0)
		return log_err(-errno, "cannot give up capabilities");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return log_err(-errno, "cannot give up privileges");
	attempt(install_filter(s), "seccomp");
	return 0;
}
