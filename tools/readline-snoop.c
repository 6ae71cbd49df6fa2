// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* readline-snoop: what is typed at prompts. */
#include "common/hook.h"
#include "common/lines.h"
#include "common/log.h"
#include "common/session.h"
#include "common/targets.h"
#include "common/tool.h"
#include "readline-snoop.skel.h"

#include <errno.h>
#include <stdlib.h>

static struct readline_snoop_bpf *skel;
static struct line_options *options; /* in .rodata */
static bool loops;

enum { OPT_EXIT = 1, OPT_RAW, OPT_NO_SECRETS, OPT_TTY, OPT_LIST, OPT_SYMBOL };

static const struct argp_option argp_options[] = {
	{ "exit", OPT_EXIT, NULL, 0, "Show each command when it is done, with EXIT and DUR", 0 },
	{ "raw", OPT_RAW, NULL, 0, "Show each line as it is read, not whole commands", 0 },
	{ "no-secrets", OPT_NO_SECRETS, NULL, 0,
	  "Leave out what is read at a prompt that looks like one for a secret", 0 },
	{ "tty", OPT_TTY, "NAME", 0, "At this terminal only: pts/3, or /dev/pts/3", 0 },
	{ "list", OPT_LIST, NULL, 0, "List the files in which lines are read, and trace nothing",
	  0 },
	{ "target", 's', "PATH", 0, "Lines read by this file only: a program or a library", 0 },
	{ "symbol", OPT_SYMBOL, "NAME", 0, "With -s: lines that this function of it returns", 0 },
	{},
};

static struct tool tool;

static error_t parse(int key, char *arg)
{
	static bool list;

	switch (key) {
	case OPT_EXIT:
		lines.ends = true;
		return 0;
	case OPT_RAW:
		lines.raw = true;
		return 0;
	case OPT_NO_SECRETS:
		lines.no_secrets = true;
		return 0;
	case OPT_TTY:
		options->by_tty = 1;
		return -session_parse_tty("--tty", arg, options->tty);
	case OPT_LIST:
		list = true;
		return 0;
	case 's':
		targets.path = arg;
		return *arg ? 0 : -log_err(0, "-s: an empty value");
	case OPT_SYMBOL:
		targets.symbol = arg;
		return *arg ? 0 : -log_err(0, "--symbol: an empty value");
	case ARGP_KEY_END:
		if (targets.symbol && !targets.path)
			return -log_err(0, "--symbol needs -s");
		if (lines.raw && lines.ends)
			return -log_err(0, "--raw and --exit exclude each other");
		if (list)
			exit(targets_list() ? 1 : 0);
		if (lines.ends) {
			table_show(tool.table, "EXIT");
			table_show(tool.table, "DUR");
		}
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int open_skeleton(struct tool_bpf *bpf)
{
	skel = readline_snoop_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	options = &skel->rodata->options;
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, &skel->rodata->want,
				  (void *)&skel->bss->channel };
	tool.excess = (void *)&skel->bss->excess;
	return 0;
}

/* The maps, and no programs but those that follow descendants: the others come with each file. */
static int load(void)
{
	loops = hook_has_loops();
	if (readline_snoop_bpf__load(skel))
		return log_err(-errno, "cannot load the maps");
	targets.shells = bpf_map__fd(skel->maps.shells);
	return 0;
}

/* All copies share their maps with the first, but for the constants. */
static int share_maps(const struct readline_snoop_bpf *copy)
{
	struct bpf_map *map;
	int err = 0, fd;

	bpf_object__for_each_map(map, copy->obj) {
		if (map == copy->maps.rodata || err)
			continue;
		fd = bpf_object__find_map_fd_by_name(skel->obj, bpf_map__name(map));
		err = fd < 0 ? bpf_map__set_autocreate(map, false) : bpf_map__reuse_fd(map, fd);
	}
	return err;
}

static int attach_uprobe(struct bpf_link **link, struct bpf_program *program, const char *path,
			 uint64_t offset, bool at_return)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = at_return);

	*link = bpf_program__attach_uprobe_opts(program, -1, path, offset, &opts);
	return *link ? 0 : -errno;
}

/* In the process that watches for files; what it attaches stays as long as that lives. */
static void *attach_to(const struct editor *editor, const char *path, const char *name)
{
	bool at_return = editor->kind != EDITOR_READLINE && editor->kind != EDITOR_ZLE;
	struct readline_snoop_bpf *copy = readline_snoop_bpf__open();
	struct bpf_program *prompt, *line;
	int err;

	if (!copy)
		return NULL;
	prompt = loops ? copy->progs.prompt : copy->progs.prompt_old;
	if (at_return)
		line = loops ? copy->progs.line_returned : copy->progs.line_returned_old;
	else
		line = loops ? copy->progs.line_entered : copy->progs.line_entered_old;
	*copy->rodata = *skel->rodata;
	copy->rodata->editor = *editor;
	bpf_program__set_autoload(prompt, editor->prompt.address);
	bpf_program__set_autoload(line, true);
	err = share_maps(copy) ?: readline_snoop_bpf__load(copy);
	if (!err && editor->prompt.address)
		err = attach_uprobe(&copy->links.prompt, prompt, path, editor->prompt.offset,
				    false);
	err = err
		      ?: attach_uprobe(&copy->links.line_entered, line, path, editor->line.offset,
				       at_return);
	if (!err) {
		log_info("attached: %s: %s+0x%llx", name, editor_symbol(editor, targets.symbol),
			 (unsigned long long)editor->line.offset);
		return copy;
	}
	readline_snoop_bpf__destroy(copy);
	errno = -err;
	return NULL;
}

static void detach(void *attached)
{
	readline_snoop_bpf__destroy(attached);
}

static int attach(void)
{
	static const struct target_hooks hooks = { attach_to, detach };

	return targets_watch(&hooks);
}

static void settle(uint64_t now)
{
	lines_settle(now);
	if (!targets_watched())
		tool_fail("the process that attaches has ended");
}

static struct tool tool = {
	.name = "readline-snoop",
	.doc = "Show what is typed at the prompts of shells and other programs."
	       "\vWithout options all lines read on the machine are shown, until Ctrl-C.",
	.options = argp_options,
	.parse = parse,
	.table = &lines_table,
	.columns = "TIME,PID,COMMAND",
	.admin = true,
	.extended = "+UID,LOGINUID,TTY,PPID,COMM,CWD",
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = lines_handle,
	.settle = settle,
	.finish = lines_finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
