/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files whose code reads lines: found wherever a process runs one, listed,
 * and watched for by a process of their own, because the one that reads records
 * has given up what that takes.
 */
#ifndef COMMON_TARGETS_H
#define COMMON_TARGETS_H

#include <stdbool.h>
#include "common/editors.h"

struct target_hooks {
	/* To the code of a file: `path` is good for that only, `name` for messages.  NULL with errno set. */
	void *(*attach)(const struct editor *editor, const char *path, const char *name);
	void (*detach)(void *attached);
};

/* Where to look; set by the command. */
extern struct targets {
	const char *path;   /* this file only; NULL: all that there are */
	const char *symbol; /* see editor_read() */
	int shells;	    /* map, see common/shells.h */
} targets;

/* A line for each of them on standard output.  0 or a negative errno, after saying why. */
int targets_list(void);

/*
 * Starts the process that looks for them, and waits until those that there are
 * have been attached to, in that process.  It ends with this one.  0 or a negative
 * errno, after saying why.
 */
int targets_watch(const struct target_hooks *hooks);
/* Is it still there? */
bool targets_watched(void);

#endif
