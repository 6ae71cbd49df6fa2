/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of writesnoop (bpf/writesnoop.h): their columns, and the two records of one event put together. */
#ifndef COMMON_WRITES_H
#define COMMON_WRITES_H

#include <stdbool.h>
#include <stddef.h>
#include "common/column.h"
#include "common/pattern.h"
#include "bpf/writesnoop.h"

/* Set by the command before the first record. */
extern struct writes {
	bool hex;			 /* DATA in hexadecimal */
	bool calls;			 /* all calls are shown, also if nothing came of them */
	const struct patterns *patterns; /* NULL: any path */
	const struct write_options
		*options; /* for requests whose result the kernel half did not know */
	/* What to do with an event that is wanted, once it is whole; at first that is a row. */
	void (*show)(const struct write_event *e, size_t size);
} writes;

extern struct table writes_table;

/* One of -P.  0, or -EINVAL after saying why no path can match it. */
int writes_add_pattern(struct patterns *patterns, const char *text);

/* For struct tool. */
void writes_handle(const void *record, size_t size);
void writes_finish(void);

/* The name of the system call of each enum write_call; NULL: there is none. */
extern const char *const writes_syscalls[CALLS];

/* What an event is called: that, but "close" whatever has closed the file. */
const char *writes_call_name(const struct write_event *e);
/* A path that was asked for, as it was: untrusted bytes; `which` is 0, or 1 for the new name. */
const char *writes_asked(const struct write_event *e, int which, size_t *len);
/* The names of the directory it starts from, see path_text(), for e->base[which]. */
const char *writes_base_names(const struct write_event *e, int which);
/* The names of an open file, for e->file[which].path. */
const char *writes_file_names(const struct write_event *e, int which);
/*
 * The absolute path of what an event is about: 0 the file written to, synced,
 * closed, opened, or the old name; 1 the file that the bytes came from, or the
 * new name.  Bytes in `buf` of CELL_BUF; 0: there is none, or it is not known.
 */
size_t writes_path(const struct write_event *e, int which, char *buf);
/* The first piece of data, and the one after `piece`; NULL: no more. */
const struct write_piece *writes_piece(const struct write_event *e,
				       const struct write_piece *piece);
/* Did the bytes get to where fsync(2) gets them, for the file was opened so or the call was told to? */
bool writes_is_synced(const struct write_event *e);

#endif
