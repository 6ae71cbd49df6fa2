// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

#define STATUS_FAILED 125 /* the tool's own failure; these three as in env(1) */
#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND 127

static int become(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) || setuid(user->pw_uid))
		return log_err(-errno, "--user %s", user->pw_name);
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	return 0;
}

/*
 * The file that execvp(3) would find.  Looked for while the command is held:
 * otherwise the first thing that is seen of it is a failure in each directory
 * of PATH.
 */
static const char *found(const char *name)
{
	static char path[PATH_MAX];
	const char *dirs = getenv("PATH");
	struct stat st;
	int len;

	for (; dirs && *name && !strchr(name, '/'); dirs += len + 1) {
		len = strcspn(dirs, ":");
		/* An empty one is the working directory. */
		snprintf(path, sizeof(path), "%.*s/%s", len ? len : 1, len ? dirs : ".", name);
		if (!stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK))
			return path;
		if (!dirs[len])
			break;
	}
	return name;
}

static void __attribute__((noreturn))
run(int hold, char *const argv[], const struct passwd *user, int *error)
{
	const char *file;
	char go;

	if (user && become(user))
		_exit(STATUS_FAILED);
	file = found(argv[0]);
	/* The page is there when it is needed: a fault would be traced, by who traces these. */
	*(volatile int *)error = 0;
	if (read(hold, &go, 1) != 1)
		_exit(STATUS_FAILED); /* the tool failed, and said why */
	execvp(file, argv);
	*error = errno;
	_exit(*error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

int child_start(struct child *c, char *const argv[], const struct passwd *user)
{
	int ends[2];

	c->name = argv[0];
	c->error = mmap(NULL, sizeof(*c->error), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (c->error == MAP_FAILED)
		return log_err(-errno, "%s", argv[0]);
	if (pipe2(ends, O_CLOEXEC))
		return log_err(-errno, "%s", argv[0]);
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return log_err(-errno, "%s", argv[0]);
	}
	if (!c->pid) {
		close(ends[1]);
		run(ends[0], argv, user, c->error);
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

bool child_ended(const struct child *c, int timeout)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	return poll(&p, 1, timeout) > 0;
}

int child_wait(struct child *c)
{
	int status;

	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return STATUS_FAILED;
	c->pid = 0;
	if (*c->error)
		log_err(-*c->error, "%s", c->name);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
