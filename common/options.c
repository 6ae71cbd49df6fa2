// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/column.h"
#include "common/log.h"
#include "common/parse.h"
#include "bpf/context.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

enum { OPT_TO = 0x2000, OPT_NO_HEADER, OPT_MAX_EVENTS, OPT_USER, OPT_STACK, OPT_KERNEL_STACK };

/* argp hands its input to one parser only; there are three, for the groups of --help. */
static struct options *options;
static struct tool *tool;

static const char *run_as; /* the value of --user */
static uint32_t run_as_uid;

#define COLUMN_SPECS 16
static const char *column_spec[COLUMN_SPECS]; /* the values of -o */
static unsigned int column_specs;

/* "interval" and "count", of a command that has these. */
static int parse_argument(const char *arg, unsigned int number)
{
	if (tool->tick && number == 0)
		return parse_seconds("interval", arg, &options->interval);
	if (tool->tick && number == 1)
		return parse_number("count", arg, 1, UINT64_MAX, &options->count);
	return log_err(0, "unexpected argument: '%s' (a command goes after --)", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream =
			NULL; /* one line on stderr is enough, and argp would add its own */
		state->child_inputs[0] = &options->filters;
		return 0;
	case 'd':
		return -parse_seconds("-d", arg, &options->duration);
	case 'v':
		options->verbose = true;
		log_init(tool->name, true);
		return 0;
	case OPT_USER:
		run_as = arg;
		return parse_user("--user", arg, &run_as_uid) ? EINVAL : 0;
	case ARGP_KEY_ARG:
		if (!state->quoted || state->next - 1 < state->quoted)
			return -parse_argument(arg, state->arg_num);
		options->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (state->quoted && !options->command)
			return -log_err(0, "no command after --");
		if (options->command &&
		    (options->filters.pid_count || options->filters.kernel->tid))
			return -log_err(0, "%s and a command exclude each other",
					options->filters.pid_count ? "-p" : "--tid");
		if (options->filters.follow && !options->filters.pid_count && !options->command)
			return -log_err(0, "--follow needs -p or a command");
		if (!run_as)
			return 0;
		if (!options->command)
			return -log_err(0, "--user needs a command");
		/* Last of all: the entry is libc's, and any other look-up overwrites it. */
		options->user = getpwnam(run_as) ?: getpwuid(run_as_uid);
		return options->user ? 0 : -log_err(0, "--user: no such user: '%s'", run_as);
	}
	return ARGP_ERR_UNKNOWN;
}

/* The value of -o, or the list that it asks for. */
static error_t choose_these(const char *spec)
{
	if (!strcmp(spec, "list") || !strcmp(spec, "help")) {
		table_list(tool->table, stdout);
		exit(0);
	}
	return -table_choose(tool->table, spec);
}

/* Which columns, when all else is known. */
static error_t choose_columns(void)
{
	const char *asked = column_specs	 ? "-o"
			    : options->timestamp ? "-T"
			    : options->uid	 ? "-U"
			    : options->extended	 ? "-e"
			    : options->json	 ? "-J"
						 : NULL;

	if (tool->print && asked)
		return -log_err(0, "not with %s, which has no columns: %s", tool->notation, asked);
	for (unsigned int i = 0; tool->late_columns && i < column_specs; i++)
		if (choose_these(column_spec[i]))
			return EINVAL;
	if (options->timestamp)
		table_show(tool->table, "TIME");
	return options->extended ? -table_choose(tool->table, tool->extended) : 0;
}

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'T':
		options->timestamp = true;
		return 0;
	case 'e':
		options->extended = true;
		return 0;
	case 'o':
		if (column_specs == COLUMN_SPECS)
			return -log_err(0, "-o: more than %d times", COLUMN_SPECS);
		column_spec[column_specs++] = arg;
		return tool->late_columns ? 0 : choose_these(arg);
	case 'J':
		options->json = true;
		return 0;
	case OPT_TO:
		if (!*arg)
			return -log_err(0, "--to: an empty value");
		options->to = arg;
		return 0;
	case OPT_NO_HEADER:
		options->no_header = true;
		return 0;
	case ARGP_KEY_END:
		return choose_columns();
	}
	(void)state;
	return ARGP_ERR_UNKNOWN;
}

/* What only commands have that show single events. */
static error_t parse_events(int key, char *arg, struct argp_state *state)
{
	(void)state;
	switch (key) {
	case 'U':
		options->uid = true;
		return 0;
	case OPT_STACK:
		tool->want |= WANT_USER_STACK;
		return 0;
	case OPT_KERNEL_STACK:
		tool->want |= WANT_KERNEL_STACK;
		return 0;
	case OPT_MAX_EVENTS:
		return -parse_number("--max-events", arg, 1, UINT64_MAX, &options->max_events);
	case ARGP_KEY_END:
		if (options->uid)
			table_show(tool->table, "UID");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
	(void)state;
	return tool->parse(key, arg);
}

static const struct argp_option run_options[] = {
	{ "duration", 'd', "SECONDS", 0, "Trace for that long", 0 },
	{ "user", OPT_USER, "USER", 0, "Run COMMAND as USER", 0 },
	{ "verbose", 'v', NULL, 0, "Say what is attached, what is not and why", 0 },
	{},
};

static const struct argp_option output_options[] = {
	{ "timestamp", 'T', NULL, 0, "Show the TIME", 0 },
	{ "extended", 'e', NULL, 0, "Show more columns", 0 },
	{ "output", 'o', "COL[,COL...]", 0,
	  "Show these columns; +COL,... these as well; list: list them", 0 },
	{ "json", 'J', NULL, 0, "Print a JSON object a line", 0 },
	{ "to", OPT_TO, "FILE", 0, "Print records into FILE, not to standard output", 0 },
	{ "no-header", OPT_NO_HEADER, NULL, 0, "Print no heading", 0 },
	{},
};

static const struct argp_option event_options[] = {
	{ "print-uid", 'U', NULL, 0, "Show the UID", 0 },
	{ "stack", OPT_STACK, NULL, 0, "Show the user stack of each event", 0 },
	{ "kernel-stack", OPT_KERNEL_STACK, NULL, 0, "Show the kernel stack of each event", 0 },
	{ "max-events", OPT_MAX_EVENTS, "N", 0, "End after N events", 0 },
	{},
};

int options_parse(struct options *to, struct tool *of, struct filter *filter, int argc, char **argv)
{
	const struct argp own = { .options = of->options, .parser = parse_own };
	const struct argp events = { .options = event_options, .parser = parse_events };
	const struct argp_child more_output[] = { { &events, 0, NULL, 0 }, {} };
	const struct argp output = {
		.options = output_options,
		.parser = parse_output,
		.children = of->tick ? NULL : more_output,
	};
	const struct argp_child children[] = {
		{ &filter_argp, 0, "Which processes:", 1 },
		{ &own, 0, of->tick ? "What is counted, and how:" : "Which events, and how:", 2 },
		{ &output, 0, "Output:", 3 },
		{},
	};
	const struct argp argp = {
		.options = run_options,
		.parser = parse,
		.args_doc = of->tick ? "[INTERVAL [COUNT]] [-- COMMAND [ARG...]]"
				     : "[-- COMMAND [ARG...]]",
		.doc = of->doc,
		.children = children,
	};
	static char version[64];

	snprintf(version, sizeof(version), "%s %s", of->name, VERSION);
	argv[0] = (char *)of->name; /* how messages of getopt(3) begin */
	argp_program_version = version;
	options = to;
	tool = of;
	options->filters.kernel = filter;
	options->filters.cgroup = -1;
	options->interval = 1000000000;
	if (table_choose(tool->table, tool->columns))
		return -EINVAL;
	filter_leave_letters(of->options);
	return -argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
}
