/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Looking into what others have made: what their processes map, and whether the
 * files read lines (common/editors.h).
 *
 * Any of it can take forever, if a file system does not answer, or be made to do
 * harm.  So it is done by other processes, one for each user whose processes it
 * is about, and each has a second for one thing: nobody waits for what others
 * run.
 */
#ifndef COMMON_EXAMINE_H
#define COMMON_EXAMINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "common/editors.h"
#include "common/mapped.h"

/* A file, and what it holds, as long as it is open. */
struct file_id {
	uint64_t dev, ino;
	uint64_t changed, size; /* nanoseconds; bytes */
	uint32_t links;		/* names that it has */
	uid_t owner;
};

struct finding {
	int err;    /* it could not be opened: an errno */
	bool known; /* struct examiner has said so, and nothing follows but `id` */
	bool late;  /* with EDITOR_SILENT: there was no answer in time */
	uid_t user; /* whose process it is about */
	struct file_id id;
	int fd; /* O_PATH; who wants to keep it puts -1 there.  -1: it could not even be found */
	const char *name;
	enum editor_found found;
	struct editor editor; /* without its number */
};

struct examiner {
	const char *symbol; /* see editor_read() */
	/* Need this one be looked into?  Is asked in another process, of the state as it was a moment ago. */
	bool (*known)(const struct file_id *id);
	/* What examine_process() and examine_usual() come upon. */
	void (*mapping)(const struct mapped *m, uid_t user);
	void (*file)(const struct mapped *m, struct finding *f);
};

/* Each of these returns at once.  0 or -ENOMEM, -EAGAIN where too much is to be done for that user already. */
int examine_process(uint32_t pid);
int examine_usual(const char *pattern); /* of glob(7) */
/* pid 0: by its path. */
int examine_file(const struct mapped *m, uid_t user);

void examine_all_processes(void);

/* The real user ID of a process; -1 if it has gone. */
uid_t examine_user_of(uint32_t pid);

/* By what is known here of a file: a server, far away perhaps, is not asked.  0 or an errno. */
int examine_identify(int fd, struct file_id *id);

/* Hands over what has been found out, until `other` can be read or so many milliseconds have passed; true in the first case. */
bool examine_wait(const struct examiner *e, int other, int timeout);
/* How much there is to do, and of that how many processes there are to look at. */
unsigned int examine_pending(void);
unsigned int examine_pending_processes(void);

#endif
