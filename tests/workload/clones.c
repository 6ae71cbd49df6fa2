/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * clones                makes tasks in every way, and fails in several; a line
 *                       for each, "KIND PID CHILD ERR FLAGS" as clonesnoop -J
 *                       has them; a * is what cannot be known here
 * clones -c N [-p P]    P processes (1) make N processes in all, as fast as
 *                       they can; says how many that were with the P
 * clones -w ...         only when a line comes on standard input
 *
 * Failures by RLIMIT_NPROC need root, to become somebody else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK 65536

extern char **environ;

/* One write() a line: children share the descriptor. */
static void say(const char *kind, long child, int err, const char *flags)
{
	char line[512], number[24] = "null";
	int n;

	if (!child)
		strcpy(number, "*");
	else if (child > 0)
		snprintf(number, sizeof(number), "%ld", child);
	n = snprintf(line, sizeof(line), "%s %d %s %d ", kind, getpid(), number, err);
	for (; *flags; flags++)
		if (*flags != ' ')
			line[n++] = *flags;
	line[n++] = '\n';
	if (write(1, line, (size_t)n) != n)
		_exit(99);
}

/* What a system call returned; a child ends here. */
static void said(const char *kind, long ret, const char *flags)
{
	int err = ret < 0 ? errno : 0;

	if (!ret)
		_exit(0);
	say(kind, ret, err, flags);
	if (ret > 0)
		waitpid((pid_t)ret, NULL, __WALL);
}

static char stack[STACK] __attribute__((aligned(16)));
static pid_t gone; /* CLONE_CHILD_CLEARTID: 0 when the thread has ended */

static int end(void *unused)
{
	(void)unused;
	syscall(SYS_exit, 0); /* the thread, not the process */
	return 0;
}

static void *nothing(void *unused)
{
	return unused;
}

#define CLONE(kind, flags) said(kind, syscall(SYS_clone, (flags) | SIGCHLD, 0, 0, 0, 0), #flags)

static void clone3_args(const char *kind, struct clone_args *args, size_t size, const char *flags)
{
	said(kind, syscall(SYS_clone3, args, size), flags);
}

static void clone3_flags(const char *kind, unsigned long long flags, const char *text)
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };

	clone3_args(kind, &args, sizeof(args), text);
}

#define CLONE3(kind, flags) clone3_flags(kind, flags, #flags)

static void by_hand(void)
{
#ifdef SYS_fork /* newer architectures have neither */
	said("process", syscall(SYS_fork), "0");
#endif
	CLONE("process", 0);
	CLONE("process", CLONE_FS);
	CLONE("process", CLONE_FILES | CLONE_IO);
	CLONE("process", CLONE_PARENT_SETTID);
	CLONE3("process", 0);
	CLONE3("process", CLONE_FS);
	said("vfork", clone(end, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL),
	     "CLONE_VM|CLONE_VFORK");
	said("process", clone(end, stack + STACK, CLONE_VM | SIGCHLD, NULL), "CLONE_VM");
	gone = 1;
	said("thread",
	     clone(end, stack + STACK,
		   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			   CLONE_CHILD_CLEARTID,
		   NULL, NULL, NULL, &gone),
	     "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_CHILD_CLEARTID");
	while (__atomic_load_n(&gone, __ATOMIC_ACQUIRE))
		sched_yield();
}

/* What these ask the kernel for is the C library's business. */
static void by_libc(void)
{
	char *argv[] = { (char[]){ "true" }, NULL };
	pthread_t thread;
	pid_t pid;
	FILE *pipe;

	said("process", fork(), "*");
	pid = vfork();
	if (!pid)
		_exit(0);
	say("vfork", pid, 0, "*");
	waitpid(pid, NULL, 0);
	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
		exit(99);
	say("thread", 0, 0, "*");
	if (posix_spawnp(&pid, "true", NULL, NULL, argv, environ))
		exit(99);
	say("vfork", pid, 0, "*");
	waitpid(pid, NULL, 0);
	/* Whether these wait for the exec differs. */
	if (system(":"))
		exit(99);
	say("*", 0, 0, "*");
	pipe = popen(":", "r");
	if (!pipe || pclose(pipe))
		exit(99);
	say("*", 0, 0, "*");
}

static void refused(void)
{
	struct clone_args args = { .flags = CLONE_FS, .exit_signal = SIGCHLD };

	CLONE("thread", CLONE_THREAD);
	CLONE("process", CLONE_FS | CLONE_NEWNS);
	CLONE3("process", CLONE_SIGHAND);
	CLONE3("process", 0x1000000000000000);
	clone3_args("process", &args, 8, "CLONE_FS");
	clone3_args("null", NULL, sizeof(args), "null");
	clone3_args("null", NULL, 0, "null");
}

/* A child that is somebody else, who may have no more processes.  It waits until its line has been said. */
static void limited(void)
{
	struct rlimit none = { 0, 0 };
	pid_t pid = fork();
	pthread_t thread;

	if (pid) {
		waitpid(pid, NULL, WUNTRACED);
		say("process", pid, 0, "*");
		kill(pid, SIGCONT);
		waitpid(pid, NULL, 0);
		return;
	}
	raise(SIGSTOP);
	if (setrlimit(RLIMIT_NPROC, &none) || setgid(12345) || setuid(12345))
		_exit(99);
	CLONE("process", 0);
	CLONE3("process", CLONE_FS);
	if (pthread_create(&thread, NULL, nothing, NULL) != EAGAIN)
		_exit(99);
	say("thread", -1, EAGAIN, "*");
	CLONE("process", CLONE_NEWUTS);
	_exit(0);
}

/* The children are not waited for: they are gone at once. */
static void storm(long count)
{
	signal(SIGCHLD, SIG_IGN);
	while (count)
		count -= clone(end, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL) > 0;
}

int main(int argc, char **argv)
{
	long count = 0, processes = 1;
	char line[8];
	int opt;

	while ((opt = getopt(argc, argv, "c:p:w")) != -1) {
		switch (opt) {
		case 'c':
			count = atol(optarg);
			break;
		case 'p':
			processes = atol(optarg);
			break;
		case 'w':
			if (read(0, line, sizeof(line)) < 0)
				return 99;
			break;
		default:
			return 2;
		}
	}
	if (count) {
		for (long i = 0; i < processes; i++) {
			if (!fork()) {
				storm(count / processes);
				_exit(0);
			}
		}
		while (wait(NULL) > 0)
			;
		printf("%ld\n", count / processes * processes + processes);
		return 0;
	}
	by_hand();
	by_libc();
	refused();
	if (!getuid())
		limited();
	return 0;
}
