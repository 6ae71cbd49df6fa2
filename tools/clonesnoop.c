// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* clonesnoop: who makes processes and threads, one by one. */
#include "common/clones.h"
#include "common/context.h"
#include "common/log.h"
#include "common/names.h"
#include "common/tool.h"
#include "common/unwind.h"
#include "bpf/clonesnoop.h"
#include "clonesnoop.skel.h"

#include <errno.h>
#include <string.h>

static struct clonesnoop_bpf *skel;
static bool compat;

enum { OPT_COMPAT = 1 };

static const struct argp_option argp_options[] = {
	{ "failed", 'x', NULL, 0, "Failures only", 0 },
	{ "compat", OPT_COMPAT, NULL, 0,
	  "Failures of 32-bit callers too; every system call on the machine pays a little", 0 },
	{},
};

static error_t parse(int key, char *arg)
{
	(void)arg;
	switch (key) {
	case 'x':
		skel->rodata->options.failed = 1;
		return 0;
	case OPT_COMPAT:
		compat = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* --- columns --- */

static void get_child(const void *record, struct cell *c)
{
	const struct clone_event *e = record;

	if (e->ret >= 0)
		cell_number(c, e->ret);
}

static void get_nschild(const void *record, struct cell *c)
{
	const struct clone_event *e = record;

	if (e->ret >= 0)
		cell_number(c, e->nschild);
}

static void get_kind(const void *record, struct cell *c)
{
	static const char *const kinds[KINDS] = { "process", "thread", "vfork", "kthread",
						  "iowrk" };
	const struct clone_event *e = record;

	if (e->kind < KINDS)
		cell_text(c, kinds[e->kind], strlen(kinds[e->kind]));
	else
		cell_unknown(c);
}

static void get_err(const void *record, struct cell *c)
{
	const struct clone_event *e = record;

	cell_number(c, e->ret < 0 ? -e->ret : 0);
}

static void get_errname(const void *record, struct cell *c)
{
	const struct clone_event *e = record;

	if (e->ret < 0)
		cell_errno(c, -e->ret);
}

static void get_flags(const void *record, struct cell *c)
{
	const struct clone_event *e = record;

	if (e->kind == KIND_UNKNOWN)
		cell_unknown(c);
	else
		cell_text(c, c->buf, clone_flags_text(c->buf, sizeof(c->buf), e->flags));
}

static void get_note(const void *record, struct cell *c)
{
	get_errname(record, c);
	if (c->kind == CELL_TEXT)
		cell_text(c, c->buf, sprintf(c->buf, "(%.*s)", (int)c->len, c->text));
}

static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	COLUMNS_USER,
	COLUMN_COMM_OF("name of the thread that called"),
	COLUMNS_IDS,
	{ .name = "CHILD", .help = "ID of the new task", .width = 7, .get = get_child },
	{ .name = "NSCHILD",
	  .help = "the same in its own PID namespace",
	  .width = 7,
	  .get = get_nschild },
	{ .name = "KIND",
	  .help = "process, thread, vfork, kthread or iowrk",
	  .width = -7,
	  .get = get_kind },
	{ .name = "ERR", .help = "errno of a failure, or 0", .width = 3, .get = get_err },
	{ .name = "ERRNAME", .help = "its name", .width = -8, .get = get_errname },
	COLUMNS_GROUPS,
	COLUMN_EXE,
	COLUMN_CWD,
	{ .name = "FLAGS", .help = "what is shared, and how", .width = -20, .get = get_flags },
	{ .name = "NOTE",
	  .help = "the error of a failure, behind the row",
	  .get = get_note,
	  .note = true },
	{},
};

static struct table table = { .columns = columns };

/* --- life --- */

static struct tool tool;

static int open_skeleton(struct tool_bpf *bpf)
{
	unwind_clones = true;
	skel = clonesnoop_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, &skel->rodata->want,
				  (void *)&skel->bss->channel };
	return 0;
}

static int load(void)
{
	clones_choose(skel->obj, compat || tool.want & WANT_KERNEL_STACK);
	return clonesnoop_bpf__load(skel) ? log_err(-errno, "cannot load the programs") : 0;
}

static int attach(void)
{
	return clones_attach(skel->obj);
}

static void handle(const void *record, size_t size)
{
	(void)size;
	tool_show(record);
}

static struct tool tool = {
	.name = "clonesnoop",
	.doc = "Show every new process and thread: who made it, and how."
	       "\vWithout options those of the whole machine are shown, until Ctrl-C.",
	.options = argp_options,
	.parse = parse,
	.table = &table,
	.columns = "TIME,COMM,PID,CHILD,KIND,FLAGS",
	.extended = "+UID,TID,PPID,NSCHILD",
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = handle,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
