/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sandbox.h"

/* What the actions below work on; made before the sandbox is entered. */
static int null_fd, epoll_fd, map_fd;
static pid_t victim; /* a process of ours that waits for a signal */
static pid_t stranger;

/*
 * Not _exit(3): before a call that does not come back ASan asks for the signal stack, which the sandbox
 * does not know.
 */
static void leave(int status)
{
	syscall(SYS_exit_group, status);
}

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static pid_t start_waiting(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static int set_up(void **state)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	(void)state;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	map_fd = (int)bpf(BPF_MAP_CREATE, &attr);
	victim = start_waiting();
	stranger = start_waiting();
	return null_fd < 0 || epoll_fd < 0 || victim < 0 || stranger < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill(victim, SIGKILL);
	kill(stranger, SIGKILL);
	waitpid(victim, NULL, 0);
	waitpid(stranger, NULL, 0);
	close(null_fd);
	close(epoll_fd);
	if (map_fd >= 0)
		close(map_fd);
	return 0;
}

/*
 * What one may try to do in the sandbox. An action that comes back tells
 * whether it succeeded.
 */
static bool do_write(void)
{
	return write(null_fd, "x", 1) == 1;
}

static bool do_sleep(void)
{
	struct timespec t = { .tv_nsec = 1 };
	struct epoll_event event;

	return nanosleep(&t, NULL) == 0 && epoll_wait(epoll_fd, &event, 1, 0) == 0;
}

static bool do_allocate(void)
{
	char *small = malloc(100), *large = malloc(1 << 22);
	bool done = small && large;

	free(small);
	free(large);
	return done;
}

static bool do_fork(void)
{
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	int status;

	if (pid == 0)
		leave(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() > 0 ? 7 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 7;
}

static bool do_stat_fd(void)
{
	struct stat st;

	return fstat(null_fd, &st) == 0;
}

static bool do_map_lookup(void)
{
	uint32_t key = 0, value = 1;
	union bpf_attr attr = {
		.map_fd = (uint32_t)map_fd,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return map_fd < 0 || (bpf(BPF_MAP_LOOKUP_ELEM, &attr) == 0 && value == 0) || errno == EPERM;
}

static bool do_map_update(void)
{
	uint32_t key = 0, value = 1;
	union bpf_attr attr = {
		.map_fd = (uint32_t)map_fd,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr) == 0;
}

static bool do_map_create(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr) >= 0;
}

static bool do_open_read(void)
{
	char byte;
	int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &byte, 1) == 1 && close(fd) == 0;
}

static bool do_open_write(void)
{
	return open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0;
}

static bool do_open_both(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC) >= 0;
}

static bool do_open_create(void)
{
	return open("/tmp/test_sandbox.none", O_RDONLY | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool do_open_truncate(void)
{
	return open("/dev/null", O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0;
}

static bool do_stat_path(void)
{
	struct stat st;

	return stat("/", &st) == 0 && access("/", X_OK) == 0;
}

static bool do_unlink(void)
{
	return unlink("/tmp/test_sandbox.none") == 0 || errno == ENOENT;
}

static bool do_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool do_exec(void)
{
	char *argv[] = { NULL };

	execve("/bin/true", argv, argv);
	return false;
}

static bool do_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	       MAP_FAILED;
}

static bool do_make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED && mprotect(page, 4096, PROT_READ) == 0 &&
	       mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool do_thread(void)
{
	return syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
}

static bool do_namespace(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL) >= 0;
}

static bool do_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1) == 0;
}

static bool do_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool do_setuid(void)
{
	return setuid(getuid()) == 0;
}

static bool do_probe(void)
{
	return kill(stranger, 0) == 0 || errno == EPERM;
}

static bool do_kill_victim(void)
{
	return kill(victim, SIGCONT) == 0;
}

static bool do_kill_stranger(void)
{
	return kill(stranger, SIGCONT) == 0;
}

static bool do_kill_self(void)
{
	return kill(getpid(), SIGCONT) == 0;
}

static bool do_kill_group(void)
{
	return kill(0, SIGCONT) == 0;
}

static bool do_kill_victims_group(void)
{
	return kill(-victim, SIGCONT) == 0 || errno == ESRCH;
}

#ifdef __x86_64__
static bool do_x32(void)
{
	return syscall(0x40000000 | SYS_getpid) == getpid();
}

static bool do_int80(void)
{
	long result;

	/* getpid of i386, which has the number of writev here. */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "cc");
	return result == getpid();
}
#endif

static const struct {
	const char *name;
	bool (*action)(void);
	bool allowed, when_reading, with_child;
} actions[] = {
	{ "write", do_write, true, true, true },
	{ "sleep", do_sleep, true, true, true },
	{ "allocate", do_allocate, true, true, true },
	{ "fork", do_fork, true, true, true },
	{ "stat of a descriptor", do_stat_fd, true, true, true },
	{ "map look-up", do_map_lookup, true, true, true },
	{ "map update", do_map_update, false, false, false },
	{ "map create", do_map_create, false, false, false },
	{ "open to read", do_open_read, false, true, false },
	{ "stat of a path", do_stat_path, false, true, false },
	{ "open to write", do_open_write, false, false, false },
	{ "open to read and write", do_open_both, false, false, false },
	{ "open to create", do_open_create, false, false, false },
	{ "open to truncate", do_open_truncate, false, false, false },
	{ "unlink", do_unlink, false, false, false },
	{ "socket", do_socket, false, false, false },
	{ "execve", do_exec, false, false, false },
	{ "mmap of code", do_map_code, false, false, false },
	{ "mprotect to code", do_make_code, false, false, false },
	{ "clone of memory", do_thread, false, false, false },
	{ "clone of a name space", do_namespace, false, false, false },
	{ "prctl", do_dumpable, false, false, false },
	{ "ptrace", do_ptrace, false, false, false },
	{ "setuid", do_setuid, false, false, false },
	{ "kill with 0", do_probe, true, true, true },
	{ "kill of the child", do_kill_victim, false, false, true },
	{ "kill of another", do_kill_stranger, false, false, false },
	{ "kill of oneself", do_kill_self, false, false, false },
	{ "kill of the group", do_kill_group, false, false, false },
	{ "kill of the child's group", do_kill_victims_group, false, false, false },
#ifdef __x86_64__
	{ "x32 call", do_x32, false, false, false },
#endif
};

/* Where sandbox_enter() fails; no action has this status. */
#define NOT_ENTERED 99

static int run(const struct sandbox *s, bool (*action)(void))
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (sandbox_enter(s) < 0)
			leave(NOT_ENTERED);
		leave(action() ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void check_action(const struct sandbox *s, const char *name, bool (*action)(void),
			 bool allowed)
{
	int status = run(s, action);

	if (allowed && status)
		fail_msg("%s: status 0x%x", name, (unsigned int)status);
	if (!allowed && (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS))
		fail_msg("%s: not stopped, status 0x%x", name, (unsigned int)status);
}

static void alone(void **state)
{
	const struct sandbox s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		check_action(&s, actions[i].name, actions[i].action, actions[i].allowed);
}

static void reading_files(void **state)
{
	const struct sandbox s = { .read_files = true };

	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		check_action(&s, actions[i].name, actions[i].action, actions[i].when_reading);
}

static void with_child(void **state)
{
	const struct sandbox s = { .child = victim };

	(void)state;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		check_action(&s, actions[i].name, actions[i].action, actions[i].with_child);
}

#ifdef __x86_64__
/* A kernel without 32-bit calls answers with SIGSEGV. */
static void other_architecture(void **state)
{
	const struct sandbox s = { .child = victim, .read_files = true };
	int status = run(&s, do_int80);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_true(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
}
#endif

/* A process that is in the sandbox, as another sees it. */
struct seen {
	int entered;
	char status[8192]; /* /proc/PID/status */
	uid_t owner;	   /* of /proc/PID/environ: proc(5) on dumpable */
};

static void look_at(struct seen *seen, const struct sandbox *s, void (*before)(void))
{
	int ready[2], go[2], fd, status;
	char path[64];
	int result;
	struct stat st;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		if (before)
			before();
		result = sandbox_enter(s);
		leave(write(ready[1], &result, sizeof(result)) > 0 && read(go[0], &result, 1) == 0
			      ? 0
			      : 1);
	}
	assert_true(pid > 0);
	close(ready[1]);
	close(go[0]);
	assert_int_equal(read(ready[0], &result, sizeof(result)), sizeof(result));
	seen->entered = result;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, seen->status, sizeof(seen->status) - 1);
	assert_true(n > 0);
	seen->status[n] = '\0';
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	assert_int_equal(stat(path, &st), 0);
	seen->owner = st.st_uid;

	close(go[1]);
	close(ready[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void assert_field(const struct seen *seen, const char *name, const char *wanted)
{
	char start[32], value[256];
	const char *at;

	snprintf(start, sizeof(start), "\n%s:\t", name);
	at = strstr(seen->status, start);
	if (!at) {
		fail_msg("%s is not told", name);
		return;
	}
	at += strlen(start);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, "\n"), at);
	/* Groups ends in a space, or is nothing else. */
	value[strcspn(value, " ")] = '\0';
	if (strcmp(value, wanted) != 0)
		fail_msg("%s is %s, not %s", name, value, wanted);
}

static void assert_given_up(const struct seen *seen, const char *kept)
{
	assert_int_equal(seen->entered, 0);
	assert_field(seen, "NoNewPrivs", "1");
	assert_field(seen, "Seccomp", "2");
	assert_field(seen, "CapInh", "0000000000000000");
	assert_field(seen, "CapAmb", "0000000000000000");
	assert_field(seen, "CapPrm", kept);
	assert_field(seen, "CapEff", kept);
	assert_int_equal(seen->owner, 0);
}

/* As if the tool had been started with an ambient capability, and in a group. */
static void be_given_more(void)
{
	const gid_t group = 1234;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		leave(1);
	data[0].inheritable |= 1u << CAP_CHOWN;
	if (setgroups(1, &group) < 0 || syscall(SYS_capset, &header, data) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) < 0)
		leave(1);
}

static void lose_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capset, &header, data) < 0)
		leave(1);
}

static void become_user(void)
{
	if (setresuid(1234, 1234, 1234) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		leave(1);
}

static void nothing_is_kept(void **state)
{
	const struct sandbox s = { 0 };
	struct seen seen;

	(void)state;
	if (geteuid() != 0)
		skip();
	look_at(&seen, &s, be_given_more);
	assert_given_up(&seen, "0000000000000000");
	assert_field(&seen, "CapBnd", "0000000000000000");
	assert_field(&seen, "Uid", "2000000000\t2000000000\t2000000000\t2000000000");
	assert_field(&seen, "Gid", "2000000000\t2000000000\t2000000000\t2000000000");
	assert_field(&seen, "Groups", "");
}

static void one_is_kept(void **state)
{
	const struct sandbox s = { .child = victim };
	struct seen seen;

	(void)state;
	if (geteuid() != 0)
		skip();
	look_at(&seen, &s, NULL);
	assert_given_up(&seen, "0000000000000020"); /* 1 << CAP_KILL */
	assert_field(&seen, "CapBnd", "0000000000000000");
	assert_field(&seen, "Uid", "2000000000\t2000000000\t2000000000\t2000000000");
}

/* Who may do little gives up what there is. */
static void few_privileges(void **state)
{
	const struct sandbox s = { .child = victim };
	struct seen seen;

	(void)state;
	look_at(&seen, &s, lose_capabilities);
	assert_given_up(&seen, "0000000000000000");
	if (geteuid() != 0)
		skip();
	look_at(&seen, &s, become_user);
	assert_given_up(&seen, "0000000000000000");
	assert_field(&seen, "Uid", "1234\t1234\t1234\t1234");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),
		cmocka_unit_test(reading_files),
		cmocka_unit_test(with_child),
#ifdef __x86_64__
		cmocka_unit_test(other_architecture),
#endif
		cmocka_unit_test(nothing_is_kept),
		cmocka_unit_test(one_is_kept),
		cmocka_unit_test(few_privileges),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
