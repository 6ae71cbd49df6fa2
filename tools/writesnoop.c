// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* writesnoop: what is written to which file, and when it is flushed, synced and closed. */
#include "common/filestats.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/tool.h"
#include "common/writehooks.h"
#include "common/straced.h"
#include "common/writes.h"
#include "writesnoop.skel.h"

#include <errno.h>
#include <limits.h>

static struct writesnoop_bpf *skel;
static struct write_options *options; /* in .rodata */
static struct patterns patterns;
static bool compat, data_asked, writes_only, stores;

#define DATA_USUAL 32 /* bytes, as strace shows */

enum { OPT_COMPAT = 1, OPT_FD, OPT_MIN_BYTES, OPT_WRITES_ONLY, OPT_MMAP, OPT_HEX, OPT_STRACE };

static const struct argp_option argp_options[] = {
	{ "all", 'a', NULL, 0,
	  "Pipes, sockets, terminals and the like too, not regular files alone", 0 },
	{ "failed", 'x', NULL, 0, "Failures only", 0 },
	{ "path", 'P', "TEXT", 0,
	  "This path only; TEXT* begins, *TEXT ends with, *TEXT* contains; may be repeated", 0 },
	{ "fd", OPT_FD, "FD", 0, "Calls with this file descriptor only", 0 },
	{ "min-bytes", OPT_MIN_BYTES, "N", 0, "Writes of N bytes or more only", 0 },
	{ "writes-only", OPT_WRITES_ONLY, NULL, 0, "No opens, syncs, renames, closes and the like",
	  0 },
	{ "mmap", OPT_MMAP, NULL, 0, "The first store into each page of a mapped file too", 0 },
	{ "strsize", 's', "N", 0, "Show N bytes of the DATA, up to 65536", 0 },
	{ "hex", OPT_HEX, NULL, 0, "Show the DATA in hexadecimal", 0 },
	{ "strace", OPT_STRACE, NULL, 0, "Print calls as strace -f -y does", 0 },
	{ "summary", 'S', NULL, 0, "A line for each file, when it is closed", 0 },
	{ "compat", OPT_COMPAT, NULL, 0,
	  "32-bit callers too; every system call on the machine pays a little", 0 },
	{},
};

static struct tool tool;

/* What a line for each file has no place for. */
static const char *no_summary(void)
{
	return tool.print	    ? "--strace"
	       : data_asked	    ? "-s"
	       : options->failed    ? "-x"
	       : options->by_fd	    ? "--fd"
	       : options->min_bytes ? "--min-bytes"
	       : writes_only	    ? "--writes-only"
	       : tool.want	    ? "--stack and --kernel-stack"
				    : NULL;
}

/* What is printed: rows of calls, strace's notation, or rows of files. */
static error_t choose_output(void)
{
	if (tool.table == &filestats_table && no_summary())
		return -log_err(0, "not with -S: %s", no_summary());
	if (tool.print) {
		options->paths = options->pieces = 1;
		options->data = data_asked ? options->data : DATA_USUAL;
	} else if (options->data) {
		table_show(tool.table, "DATA");
	}
	return 0;
}

static error_t parse(int key, char *arg)
{
	uint64_t number;

	switch (key) {
	case 'a':
		options->all = 1;
		return 0;
	case 'x':
		options->failed = 1;
		return 0;
	case 'P':
		return -writes_add_pattern(&patterns, arg);
	case OPT_FD:
		if (parse_number("--fd", arg, 0, INT_MAX, &number))
			return EINVAL;
		options->by_fd = 1;
		options->fd = number;
		return 0;
	case OPT_MIN_BYTES:
		if (parse_number("--min-bytes", arg, 1, INT64_MAX, &number))
			return EINVAL;
		writes_only = true;
		options->min_bytes = number;
		return 0;
	case OPT_WRITES_ONLY:
		writes_only = true;
		return 0;
	case OPT_MMAP:
		stores = true;
		return 0;
	case 's':
		if (parse_number("-s", arg, 0, WRITE_DATA_MAX, &number))
			return EINVAL;
		data_asked = true;
		options->data = number;
		return 0;
	case OPT_HEX:
		writes.hex = true;
		return 0;
	case OPT_STRACE:
		tool.print = straced_print;
		tool.notation = "--strace";
		writes.calls = true;
		return 0;
	case 'S':
		writes.show = filestats_add;
		tool.table = &filestats_table;
		tool.extended = FILESTATS_EXTENDED;
		tool.in_json = NULL;
		return -table_choose(tool.table, FILESTATS_COLUMNS);
	case OPT_COMPAT:
		compat = true;
		return 0;
	case ARGP_KEY_END:
		if (options->failed && options->min_bytes)
			return -log_err(0, "-x and --min-bytes exclude each other");
		tool.readers = options->all ? READERS_OF_ANYTHING : READERS_OF_FILES;
		return choose_output();
	}
	return ARGP_ERR_UNKNOWN;
}

static int open_skeleton(struct tool_bpf *bpf)
{
	skel = writesnoop_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	writes.options = options = &skel->rodata->options;
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, &skel->rodata->want,
				  (void *)&skel->bss->channel };
	return 0;
}

static int load(void)
{
	uint32_t want = skel->rodata->want;

	if (want & WANT_DATA && !data_asked)
		options->data = DATA_USUAL;
	options->latency = !!(want & WANT_LATENCY);
	options->summary = tool.table == &filestats_table;
	options->calls = (1ULL << (writes_only ? CALL_OPEN : CALLS)) - 1;
	if (!stores)
		options->calls &= ~(1ULL << CALL_STORE);
	writes.patterns = patterns.count ? &patterns : NULL;
	if (writehooks_choose(skel->obj, options, compat))
		return -EINVAL;
	return writesnoop_bpf__load(skel) ? log_err(-errno, "cannot load the programs") : 0;
}

static int attach(void)
{
	return writehooks_attach(skel->obj, options);
}

static void finish(void)
{
	writes_finish();
	filestats_finish();
}

static struct tool tool = {
	.name = "writesnoop",
	.doc = "Show what is written to which file, and when that is synced and closed."
	       "\vWithout options all writes to files on the machine are shown, until Ctrl-C.",
	.options = argp_options,
	.parse = parse,
	.table = &writes_table,
	.columns = "PID,COMM,CALL,FD,BYTES,PATH",
	.extended = "+TIME,TID,UID,ASKED,ERR,OFFSET",
	.in_json = "+OTHER",
	.late_columns = true,
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = writes_handle,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
