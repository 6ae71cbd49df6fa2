// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* clonecount: who makes processes and threads, and how many. */
#include "common/clock.h"
#include "common/clones.h"
#include "common/counts.h"
#include "common/hook.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/tool.h"
#include "clonecount.skel.h"

#include <errno.h>
#include <unistd.h>

#define SECOND 1000000000.0 /* ns */
#define KEYS 262144	    /* in the map, which takes memory as it needs it */
#define KEYS_OLD 32768	    /* where the kernel has to reserve it at once */

static struct clonecount_bpf *skel;
static struct tool tool;
static bool compat, rate, redraw;
static uint64_t top = UINT64_MAX, keys;
static uint64_t began, ended; /* of the tracing, and of the interval before; CLOCK_MONOTONIC */

enum { OPT_COMPAT = 1, OPT_BY, OPT_TOP, OPT_RATE, OPT_NO_BAR, OPT_REDRAW, OPT_MAX_KEYS };

static const struct argp_option argp_options[] = {
	{ "by", OPT_BY, "WHAT[,WHAT...]", 0,
	  "A row for each uid (else), pid, ppid, session, comm, exe or cgroup", 0 },
	{ "top", OPT_TOP, "N", 0, "Show the N busiest rows only", 0 },
	{ "rate", OPT_RATE, NULL, 0, "Show numbers per second", 0 },
	{ "no-bar", OPT_NO_BAR, NULL, 0, "Show no bars on a terminal", 0 },
	{ "redraw", OPT_REDRAW, NULL, 0, "Show each interval in the place of the one before", 0 },
	{ "max-keys", OPT_MAX_KEYS, "N", 0, "Have room for N different rows", 0 },
	{ "compat", OPT_COMPAT, NULL, 0,
	  "Failures of 32-bit callers too; every system call on the machine pays a little", 0 },
	{},
};

static error_t parse(int key, char *arg)
{
	switch (key) {
	case OPT_BY:
		return -counts_by(arg);
	case OPT_TOP:
		return -parse_number("--top", arg, 1, UINT64_MAX, &top);
	case OPT_RATE:
		rate = true;
		return 0;
	case OPT_NO_BAR:
		tool.on_terminal = NULL;
		return 0;
	case OPT_REDRAW:
		redraw = true;
		return 0;
	case OPT_MAX_KEYS:
		return -parse_number("--max-keys", arg, 1, INT32_MAX, &keys);
	case OPT_COMPAT:
		compat = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* --- tables --- */

static void show(struct clone_row *row, const char *type, unsigned int interval, uint64_t all)
{
	row->head.time = ended;
	row->interval = interval;
	row->all = all;
	tool_show_row(type, row);
}

static void heading(struct output *o, enum tick why, unsigned int interval)
{
	if (o->json)
		return;
	if (why == TICK_TOTAL)
		output_format(o, "\nTotal of %.1f s:\n", (ended - began) / SECOND);
	else if (redraw && o->lines)
		output_put(o, "\033[H\033[J"); /* to the corner, and nothing behind it */
	else if (interval == 1)
		return; /* the one that said that the tracing has begun */
	else
		output_put(o, "\n");
	tool_heading();
}

static void tick(enum tick why, struct output *o)
{
	static unsigned int interval;
	bool total = why == TICK_TOTAL;
	uint64_t since = total ? began : ended, all;
	struct clone_row **rows, sum;
	size_t n;

	if (!total) {
		ended = clock_now();
		o->error = o->error ?: counts_read(bpf_map__fd(skel->maps.counts));
		/* A key was sent before it was counted by, so its names are there by now. */
		tool_drain();
	}
	n = counts_rows(total, &rows, &sum);
	if (why == TICK_LAST && !n)
		return;
	if (!total)
		interval++;
	counts_per = rate ? (ended - since) / SECOND : 0;
	heading(o, why, interval);
	if (redraw && o->lines && !total && n + 3 > o->lines)
		n = o->lines > 3
			    ? o->lines - 3
			    : 0; /* the heading, the sum and the line of the cursor are there too */
	all = counts_tried(&sum.counts);
	for (size_t i = 0; i < n && i < top; i++)
		show(rows[i], total ? "total" : NULL, total ? 0 : interval, all);
	show(&sum, total ? "total_sum" : "sum", total ? 0 : interval, all);
}

/* --- life --- */

static int open_skeleton(struct tool_bpf *bpf)
{
	skel = clonecount_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, &skel->rodata->want,
				  (void *)&skel->bss->channel };
	return 0;
}

static int load(void)
{
	bool lazy = hook_has_lazy_maps();

	clones_choose(skel->obj, compat);
	bpf_map__set_max_entries(skel->maps.counts, keys ?: lazy ? KEYS : KEYS_OLD);
	if (!lazy)
		bpf_map__set_map_flags(skel->maps.counts, 0);
	return clonecount_bpf__load(skel) ? log_err(-errno, "cannot load the programs") : 0;
}

static int attach(void)
{
	began = ended = clock_now();
	return clones_attach(skel->obj);
}

/* The names for a new key. */
static void handle(const void *record, size_t size)
{
	counts_name(record, size);
}

static struct tool tool = {
	.name = "clonecount",
	.doc = "Count new processes and threads: who makes how many of which kind."
	       "\vA table each INTERVAL (1 s), COUNT times or until Ctrl-C, and one of them all.",
	.options = argp_options,
	.parse = parse,
	.table = &counts_table,
	.columns = "UID,USER,PROC,THREAD,VFORK,KTHREAD,IOWRK,FAIL,TOTAL",
	.extended = "+ERRNAME",
	.in_json = "+INTERVAL,TIME",
	.on_terminal = "+BAR",
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = handle,
	.tick = tick,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
