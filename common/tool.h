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
#include "common/readers.h"

/* What a command's skeleton shares with the rest: set by its open(). */
struct tool_bpf {
	struct bpf_object *object;
	struct filter *filter;	 /* skel->rodata->filter */
	uint32_t *want;		 /* skel->rodata->want, filled in before load() */
	struct channel *channel; /* skel->bss->channel */
};

/* Why a command that counts is called: an interval is over, the run is (before its interval is), or all of it is to be told. */
enum tick { TICK_INTERVAL, TICK_LAST, TICK_TOTAL };

struct tool {
	const char *name;
	const char *doc; /* for --help: one sentence, then after a \v what follows the options */
	const struct argp_option *options; /* its own; what all commands share is added */
	/* One of its own options: 0, EINVAL after a message, or ARGP_ERR_UNKNOWN. */
	error_t (*parse)(int key, char *arg);
	struct table *table;
	const char *columns;  /* shown by default, "PID,COMM,..." */
	const char *extended; /* "+COL,...", shown as well with -e */
	const char *in_json,
		*on_terminal; /* the same, with -J and in rows on a terminal; may be NULL */
	bool late_columns;    /* one of its options chooses another table: -o is looked at last */
	bool admin;	      /* needs CAP_SYS_ADMIN, as programs in files of others do */
	uint32_t want;	      /* WANT_... bits besides those of the columns, set by parse() */
	enum readers readers; /* the same: of what is printed, whose own writes would be events */

	/* Opens the skeleton, before the options are parsed into its .rodata. */
	int (*open)(struct tool_bpf *bpf);
	/* Chooses the programs, and loads them. */
	int (*load)(void);
	int (*attach)(void);
	/* Prints an event in a notation of its own, that of the option `notation`; NULL: as the table has it. */
	void (*print)(struct output *o, const void *record);
	const char *notation;
	/* Shows a record, with tool_show() or not.  It is in the ring buffer, and gone afterwards. */
	void (*handle)(const void *record, size_t size);
	/* After the records that there were at a time (CLOCK_MONOTONIC, ns) have been handed over; may be NULL. */
	void (*settle)(uint64_t now);
	void (*finish)(void); /* the same for what is left at the end; may be NULL */
	/* NULL: no user can have too much of them; set by open(). */
	const volatile struct excess *excess;
	/*
	 * Of a command that counts, else NULL: it takes the arguments "[interval
	 * [count]]", and at each end of an interval this shows rows; see enum tick.
	 */
	void (*tick)(enum tick why, struct output *o);
};

/* Prints a record, with its stacks if they were asked for: an event.  Those after --max-events are not printed. */
void tool_show(const void *record);
/* Ends the tracing, as a failure, after saying why. */
void tool_fail(const char *why);
/* An event could not be kept until it could be shown. */
void tool_lose(void);

/* For commands that count.  Prints a row; in JSON it has that type, if not NULL. */
void tool_show_row(const char *type, const void *record);
/* Prints the heading, unless it is not wanted. */
void tool_heading(void);
/* Hands over the records that have come by now. */
void tool_drain(void);

int tool_main(struct tool *tool, int argc, char **argv);

#endif
