// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* execsnoop: what is executed, with what arguments, and how it ended. */
#include "common/execs.h"
#include "common/filter.h"
#include "common/hook.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/tool.h"
#include "execsnoop.skel.h"

#include <errno.h>
#include <string.h>

static struct execsnoop_bpf *skel;
static struct exec_options *options; /* in .rodata */
static bool compat;

enum { OPT_EXIT = 1, OPT_MIN_DUR, OPT_MAX_ARGS, OPT_MAX_BYTES, OPT_ENV, OPT_COMPAT };

static const struct argp_option argp_options[] = {
	{ "failed", 'x', NULL, 0, "Failed execs too; with --exit nothing but failures", 0 },
	{ "line", 'l', "TEXT", 0, "Where the arguments, joined by blanks, contain TEXT only", 0 },
	{ "exit", OPT_EXIT, NULL, 0, "A line more when the process ends: STATUS and DUR", 0 },
	{ "min-dur", OPT_MIN_DUR, "SECONDS", 0, "The ends of what ran that long only", 0 },
	{ "since", 't', NULL, 0, "Show the seconds SINCE the tracing began", 0 },
	{ "quote", 'q', NULL, 0, "Quote every argument", 0 },
	{ "max-args", OPT_MAX_ARGS, "N", 0, "Show N arguments at most", 0 },
	{ "max-bytes", OPT_MAX_BYTES, "N", 0, "Show N bytes of arguments at most", 0 },
	{ "env", OPT_ENV, "NAME[,NAME...]", 0, "Show these variables of the ENVironment, or all",
	  0 },
	{ "compat", OPT_COMPAT, NULL, 0,
	  "With -x: of 32-bit callers too; every system call on the machine pays a little", 0 },
	{},
};

static struct tool tool;

static int check_variable(const char *item, size_t len, void *ctx)
{
	(void)ctx;
	return memchr(item, '=', len) ? log_err(0, "--env: not a name: '%.*s'", (int)len, item) : 0;
}

static error_t parse(int key, char *arg)
{
	static bool since, env;

	switch (key) {
	case 'x':
		execs.failed = true;
		return 0;
	case 'l':
		execs.line = arg;
		return *arg ? 0 : -log_err(0, "-l: an empty value");
	case OPT_EXIT:
		execs.ends = true;
		return 0;
	case OPT_MIN_DUR:
		execs.ends = true;
		return -parse_seconds("--min-dur", arg, &execs.min_dur);
	case 't':
		since = true;
		return 0;
	case 'q':
		execs.quote = true;
		return 0;
	case OPT_MAX_ARGS:
		return -parse_number("--max-args", arg, 1, UINT32_MAX, &execs.max_args);
	case OPT_MAX_BYTES:
		if (parse_number("--max-bytes", arg, 1, UINT32_MAX, &execs.max_bytes))
			return EINVAL;
		return 0;
	case OPT_ENV:
		env = true;
		execs.env = strcmp(arg, "all") ? arg : NULL;
		return -parse_list("--env", arg, check_variable, NULL);
	case OPT_COMPAT:
		compat = true;
		return 0;
	case ARGP_KEY_END:
		if (compat && !execs.failed)
			return -log_err(0, "--compat needs -x: what is executed is seen anyway");
		if (since)
			table_show(tool.table, "SINCE");
		if (env)
			table_show(tool.table, "ENV");
		if (execs.ends) {
			table_show(tool.table, "STATUS");
			table_show(tool.table, "DUR");
		}
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int open_skeleton(struct tool_bpf *bpf)
{
	skel = execsnoop_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	options = &skel->rodata->options;
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, &skel->rodata->want,
				  (void *)&skel->bss->channel };
	return 0;
}

static const char *const calls[] = { "execve", "execveat", NULL };

#ifdef __x86_64__
#define COMPAT_CALL "__ia32_compat_sys_"
#else
#define COMPAT_CALL "__arm64_compat_sys_"
#endif

/* 32-bit callers at no cost: the functions that their calls arrive at. */
static void choose_compat(struct bpf_program *program, const char *name)
{
	bool has = hook_has_function(name);

	bpf_program__set_autoload(program, has);
	if (has && bpf_program__set_attach_target(program, 0, name))
		bpf_program__set_autoload(program, false);
}

static int load(void)
{
	bool loops = hook_has_loops();

	/* What the arguments must contain may stand behind what is shown. */
	if (!execs.line)
		options->max_bytes = execs.max_bytes;
	options->ends = execs.ends;
	options->failed = execs.failed;
	options->min_dur = execs.min_dur;
	bpf_map__set_autocreate(skel->maps.running, execs.ends);
	if (execs.ends && filter_make_room(skel->maps.running))
		return log_err(-errno, "cannot make room for processes");
	bpf_program__set_autoload(skel->progs.done, loops);
	bpf_program__set_autoload(skel->progs.done_old, !loops);
	bpf_program__set_autoload(skel->progs.ended, execs.ends);
	if (execs.failed &&
	    !hook_choose_exits(skel->obj, calls, compat || tool.want & WANT_KERNEL_STACK)) {
		if (hook_has_fexit()) {
			choose_compat(skel->progs.compat_execve, COMPAT_CALL "execve");
			choose_compat(skel->progs.compat_execveat, COMPAT_CALL "execveat");
		} else {
			log_info("failures of 32-bit programs are not seen without --compat: "
				 "no program may watch functions return here");
		}
	}
	return execsnoop_bpf__load(skel) ? log_err(-errno, "cannot load the programs") : 0;
}

static int attach(void)
{
	struct bpf_program *done = skel->progs.done;
	int err;

	if (!bpf_program__autoload(done))
		done = skel->progs.done_old;
	err = hook_attach(done, true, "what is executed");
	if (!err && execs.ends)
		err = hook_attach(skel->progs.ended, true, "ends of processes");
	if (!err && execs.failed)
		err = hook_attach_exits(skel->obj, calls, "failures, of 32-bit programs as well");
	if (err)
		return err;
	hook_attach(skel->progs.compat_execve, false, "failures of 32-bit programs");
	hook_attach(skel->progs.compat_execveat, false, "failures of 32-bit programs");
	return 0;
}

static struct tool tool = {
	.name = "execsnoop",
	.doc = "Show everything that is executed: with what arguments, and how it ended."
	       "\vWithout options all programs started on the machine are shown, until Ctrl-C.",
	.options = argp_options,
	.parse = parse,
	.table = &execs_table,
	.columns = "COMM,PID,PPID,RET,ARGS",
	.extended =
		"+TIME,SINCE,UID,USER,LOGINUID,PCOMM,TID,SESSION,TTY,ERRNAME,STATUS,DUR,CGROUP,MNTNS,"
		"PIDNS,EXE,CWD,FILE,SCRIPT,INTERP,ANCESTORS",
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = execs_handle,
	.settle = execs_settle,
	.finish = execs_finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
