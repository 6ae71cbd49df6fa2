/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* COMMAND: started before there is anything to trace it with, held, and released when there is. */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include <pwd.h>
#include <stdbool.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* 0: there is none */
	int pidfd; /* readable when it has ended */
	int hold;  /* it waits for a byte from here, and ends when this is closed without one */
	const char *name;
	int *error; /* in memory that both have: why it could not be run */
};

/*
 * Forks a process that will run `argv`, as `user` if that is not NULL (with its
 * groups, HOME, USER and LOGNAME).  It inherits how signals are handled: call it
 * before they are.  Returns 0 or a negative errno, after saying
 * why.  A command that cannot be run ends with 126 or 127, as it does in a
 * shell, and child_wait() says why: it may not write itself, where that is traced.
 */
int child_start(struct child *c, char *const argv[], const struct passwd *user);
void child_release(struct child *c);
/* Has it ended within `timeout` milliseconds?  A signal can make that shorter. */
bool child_ended(const struct child *c, int timeout);
/* Waits for its end, and says so if it could not be run.  Returns its exit status, 128 + n if signal n ended it. */
int child_wait(struct child *c);

#endif
