/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * family        descendants of every kind open /family/KIND, which does not
 *               exist; ends when all of them have.
 * family late   the same, and a daemon that opens /family/late only after
 *               this process has ended.
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include "say.h"

extern char **environ;

static char stack[65536] __attribute__((aligned(16)));

static int look(const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/family/%s", kind);
	return say("openat", path, (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY));
}

static int in_clone(void *kind)
{
	look(kind);
	syscall(SYS_exit, 0);
	return 0;
}

static void *in_thread(void *kind)
{
	look(kind);
	return NULL;
}

static void thread(const char *kind)
{
	pthread_t id;

	if (pthread_create(&id, NULL, in_thread, (void *)kind))
		die("family: pthread_create");
	pthread_join(id, NULL);
}

static void by_clone(const char *kind, int flags)
{
	int status;
	pid_t pid = clone(in_clone, stack + sizeof(stack), flags, (void *)kind);

	if (pid < 0)
		die("family: clone");
	/* with CLONE_PARENT it is a brother, which only init or the tool can wait for */
	if (!(flags & CLONE_PARENT))
		waitpid(pid, &status, __WALL);
}

static void by_clone3(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		die("family: clone3");
	if (!pid) {
		look("clone3");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void by_vfork(void)
{
	pid_t pid = vfork();

	if (pid < 0)
		die("family: vfork");
	if (!pid) {
		look("vfork");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* An orphan with its own session. @wait_for: a descriptor at whose end it goes to work. */
static void orphan(const char *kind, int wait_for)
{
	pid_t pid = fork();
	char c;

	if (pid < 0)
		die("family: fork");
	if (pid) {
		waitpid(pid, NULL, 0);
		return;
	}
	setsid();
	if (fork())
		_exit(0);
	if (wait_for >= 0) {
		while (read(wait_for, &c, 1) > 0)
			;
	}
	look(kind);
	_exit(0);
}

int main(int argc, char **argv)
{
	char *child_argv[] = { argv[0], (char *)"child", (char *)"spawned", NULL };
	char *exec_argv[] = { argv[0], (char *)"child", (char *)"executed", NULL };
	char command[4200];
	int done[2], late[2];
	pid_t pid;
	char c;

	if (argc == 3) {
		look(argv[2]);
		return 0;
	}
	if (pipe2(done, O_CLOEXEC) || pipe2(late, O_CLOEXEC))
		die("family: pipe");
	look("self");
	thread("thread");
	pid = fork();
	if (!pid) {
		look("fork");
		thread("thread-of-child");
		if (!fork()) {
			look("grandchild");
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	by_vfork();
	by_clone("clone", SIGCHLD);
	by_clone("clone-vm", CLONE_VM | SIGCHLD);
	by_clone("clone-files", CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD);
	by_clone("clone-no-signal", 0);
	by_clone("clone-parent", CLONE_PARENT | SIGCHLD);
	if (geteuid() == 0)
		by_clone("clone-pidns", CLONE_NEWPID | SIGCHLD);
	by_clone3();
	if (posix_spawn(&pid, argv[0], NULL, NULL, child_argv, environ))
		die("family: posix_spawn");
	waitpid(pid, NULL, 0);
	snprintf(command, sizeof(command), "'%s' child system", argv[0]);
	if (system(command))
		die("family: system");
	pid = fork();
	if (!pid) {
		execv(argv[0], exec_argv);
		die("family: execv");
	}
	waitpid(pid, NULL, 0);
	orphan("daemon", -1);
	/* the write end is held by all that is still at work: wait for the end of it */
	if (argc == 2) {
		pid = fork();
		if (!pid) {
			close(late[1]);
			close(done[1]);
			orphan("late", late[0]);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	close(done[1]);
	while (read(done[0], &c, 1) > 0)
		;
	return 0;
}
