/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of a command, the same for all of them: parse the options, load and
 * attach the programs, give up all privileges, hand over records as they come,
 * and at the end drain, report, and leave with the right status.
 */
#ifndef COMMON_TOOL_H
#define COMMON_TOOL_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <bpf/libbpf.h>
#include "common/column.h"
#include "common/event.h"
#include "common/output.h"

/* What a command's skeleton shares with the rest: set by its open(). */
struct tool_bpf {
	struct bpf_object *object;
	struct filter *filter;	 /* skel->rodata->filter */
	uint32_t *want;		 /* skel->rodata->want, filled in before load() */
	struct channel *channel; /* skel->bss->channel */
};

struct tool {
	const char *name;
	const char *doc; /* for --help: one sentence, then after a \v what follows the options */
	const struct argp_option *options; /* its own; what all commands share is added */
	/* One of its own options: 0, EINVAL after a message, or ARGP_ERR_UNKNOWN. */
	error_t (*parse)(int key, char *arg);
	struct table *table;
	const char *columns;  /* shown by default, "PID,COMM,..." */
	const char *extended; /* "+COL,...", shown as well with -e */
	uint32_t want;	      /* WANT_... bits besides those of the columns, set by parse() */

	/* Opens the skeleton, before the options are parsed into its .rodata. */
	int (*open)(struct tool_bpf *bpf);
	/* Chooses the programs, and loads them. */
	int (*load)(void);
	int (*attach)(void);
	/* Shows a record, with tool_show() or not.  It is in the ring buffer, and gone afterwards. */
	void (*handle)(const void *record, size_t size);
	/* After the records that there were at a time (CLOCK_MONOTONIC, ns) have been handed over; may be NULL. */
	void (*settle)(uint64_t now);
	void (*finish)(void); /* the same for what is left at the end; may be NULL */
};

/* Prints a record, with its stacks if they were asked for: an event.  Those after --max-events are not printed. */
void tool_show(const void *record);
/* An event could not be kept until it could be shown. */
void tool_lose(void);

int tool_main(struct tool *tool, int argc, char **argv);

#endif
