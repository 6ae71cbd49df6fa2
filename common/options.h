/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options that all commands share, and the grammar of the command line. */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include "common/filter.h"
#include "common/tool.h"

struct options {
	struct filters filters;
	char **command;		   /* NULL: there is none */
	const struct passwd *user; /* to run it as; NULL: as we are */
	const char *to;		   /* file for records; NULL: standard output */
	bool json, timestamp, uid, extended, no_header, verbose;
	uint64_t duration;   /* nanoseconds; 0: no end */
	uint64_t interval;   /* nanoseconds, of a command that counts */
	uint64_t count;	     /* of intervals; 0: no end */
	uint64_t max_events; /* 0: no end */
};

/*
 * Parses the command line: filters into `filter`, in the read-only data of the
 * program, columns into the tool's table, the rest into `options`.  0, or a
 * negative errno after one line that names what is wrong.  --help and the like
 * end the process.
 */
int options_parse(struct options *options, struct tool *tool, struct filter *filter, int argc,
		  char **argv);

#endif
