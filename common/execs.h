/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of execsnoop (bpf/execsnoop.h): their columns, their order, and the end of each process put to its exec. */
#ifndef COMMON_EXECS_H
#define COMMON_EXECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/column.h"
#include "common/pending.h"
#include "bpf/execsnoop.h"

/* Set by the command before the first record. */
extern struct execs {
	bool failed;	    /* failed execs too; with `ends` nothing but failures */
	bool ends;	    /* a line for the end of each process */
	bool quote;	    /* every argument */
	uint64_t min_dur;   /* nanoseconds: ends of what ran that long, and nothing else; 0: all */
	uint64_t max_args;  /* shown; 0: all */
	uint64_t max_bytes; /* of arguments with their NULs, shown; 0: all */
	const char *line; /* the arguments, joined by blanks, contain it; NULL: whatever they are */
	const char *env;  /* "NAME,NAME": these variables only; NULL: all */
} execs;

extern struct table execs_table;
/* What has been executed by processes that have not ended, by their numbers. */
extern struct pending_table execs_pending;

/* For struct tool. */
void execs_handle(const void *record, size_t size);
void execs_settle(uint64_t now);
void execs_finish(void);

#endif
