// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

#define STATUS_FAILED 125 /* the tool's own failure; these three as in env(1) */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

static int become(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (!user)
		return log_err(0, "--user: no such user: '%s'", name);
	if (initgroups(name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
		return log_err(-errno, "--user %s", name);
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", name, 1);
	setenv("LOGNAME", name, 1);
	return 0;
}

static void __attribute__((noreturn)) run(int hold, char *const argv[], const char *user)
{
	char go;
	int err;

	if (user && become(user))
		_exit(STATUS_FAILED);
	if (read(hold, &go, 1) != 1)
		_exit(STATUS_FAILED); /* the tool failed, and said why */
	execvp(argv[0], argv);
	err = errno;
	log_err(-err, "%s", argv[0]);
	_exit(err == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

/* As it was before the tool: no handlers, and SIGPIPE not ignored, which execve(2) would keep. */
static void reset_signals(void)
{
	struct sigaction action;

	for (int i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &action) && (i == SIGPIPE || action.sa_handler != SIG_IGN))
			signal(i, SIG_DFL);
}

int child_start(struct child *c, char *const argv[], const char *user)
{
	sigset_t all, before;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC))
		return log_err(-errno, "%s", argv[0]);
	/* No signal is to be handled in the child as if that were the tool. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	c->pid = fork();
	err = errno;
	if (!c->pid) {
		reset_signals();
		sigprocmask(SIG_SETMASK, &before, NULL);
		close(ends[1]);
		run(ends[0], argv, user);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (c->pid < 0) {
		c->pid = 0;
		return log_err(-err, "%s", argv[0]);
	}
	close(ends[0]);
	c->hold = ends[1];
	c->pidfd = syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return log_err(-errno, "pidfd_open");
	return 0;
}

void child_release(struct child *c)
{
	/* It can be gone only by a signal; then its status tells. */
	if (write(c->hold, "", 1) < 0)
		log_info("the command ended before it began");
	close(c->hold);
	c->hold = -1;
}

int child_wait(struct child *c)
{
	int status;

	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_FAILED;
	c->pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
