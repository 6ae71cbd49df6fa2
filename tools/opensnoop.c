// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* opensnoop: who opens which files. */
#include "common/hook.h"
#include "common/log.h"
#include "common/names.h"
#include "common/opens.h"
#include "common/parse.h"
#include "common/pattern.h"
#include "common/tool.h"
#include "opensnoop.skel.h"

#include <errno.h>
#include <sys/syscall.h>

_Static_assert(OPEN_ERRNOS == ERRNO_MAX, "what -E takes is what the kernel half has room for");

static struct opensnoop_bpf *skel;
static struct open_options *options; /* in .rodata */
static struct patterns patterns;
static bool compat;

enum { OPT_COMPAT = 1 };

static const struct argp_option argp_options[] = {
	{ "failed", 'x', NULL, 0, "Failed opens only", 0 },
	{ "errno", 'E', "NAME[,NAME...]", 0,
	  "Opens that failed with one of these errors only: ENOENT, or 2", 0 },
	{ "flags", 'f', "FLAG[,FLAG...]", 0, "Opens with any of these only: O_RDONLY, O_CREAT, ...",
	  0 },
	{ "path", 'P', "TEXT", 0,
	  "This path only; TEXT* begins, *TEXT ends with, *TEXT* contains; may be repeated", 0 },
	{ "full-path", 'F', NULL, 0, "PATH is what was really opened, absolute", 0 },
	{ "compat", OPT_COMPAT, NULL, 0,
	  "32-bit callers too; every system call on the machine pays a little", 0 },
	{},
};

static int add_errno(const char *item, size_t len, void *ctx)
{
	int err = errno_number(item, len);

	(void)ctx;
	if (err < 0)
		return log_err(0, "-E: no such error: '%.*s'", (int)len, item);
	options->by_errno = 1;
	options->errnos[err] = 1;
	return 0;
}

static int add_flag(const char *item, size_t len, void *ctx)
{
	uint64_t mask, value;

	(void)ctx;
	if (options->flag_filters == OPEN_FLAG_FILTERS)
		return log_err(0, "-f: more than %d flags", OPEN_FLAG_FILTERS);
	if (open_flag_test(item, len, &mask, &value))
		return log_err(0, "-f: no such flag: '%.*s'", (int)len, item);
	options->flag_filter[options->flag_filters++] = (struct open_flag_filter){ mask, value };
	return 0;
}

static struct tool tool;

static error_t parse(int key, char *arg)
{
	switch (key) {
	case 'x':
		options->failed = 1;
		return 0;
	case 'E':
		return -parse_list("-E", arg, add_errno, NULL);
	case 'f':
		return -parse_list("-f", arg, add_flag, NULL);
	case 'P':
		return -patterns_add(&patterns, "-P", arg);
	case 'F':
		opens.full_path = true;
		tool.want |= WANT_FULL;
		return 0;
	case OPT_COMPAT:
		compat = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int open_skeleton(struct tool_bpf *bpf)
{
	skel = opensnoop_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	opens.options = options = &skel->rodata->options;
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, &skel->rodata->want,
				  (void *)&skel->bss->channel };
	return 0;
}

/* The tracepoints of single calls. */
static const char *const calls[] = {
#ifdef SYS_open /* not on arm64 */
	"open",	  "creat",
#endif
	"openat", "openat2", "open_by_handle_at", NULL,
};

static int load(void)
{
	bool loops = hook_has_loops();
	bool any = hook_choose_exits(skel->obj, calls, compat || tool.want & WANT_KERNEL_STACK),
	     fexit;

	/* What is only known here is matched here. */
	if (loops && !opens.full_path)
		skel->rodata->patterns = patterns;
	else
		opens.patterns = patterns.count ? &patterns : NULL;
	fexit = !any && hook_has_fexit();
	if (!any && !fexit)
		log_info("opens by 32-bit programs are not seen without --compat: "
			 "no program may watch functions return here");
	bpf_program__set_autoload(skel->progs.compat_open,
				  fexit && hook_has_function("do_sys_openat2"));
	bpf_program__set_autoload(skel->progs.compat_handle,
				  fexit && hook_has_function("do_handle_open"));
	bpf_program__set_autoload(skel->progs.io_submit, loops);
	bpf_program__set_autoload(skel->progs.io_complete, loops);
	return opensnoop_bpf__load(skel) ? log_err(-errno, "cannot load the programs") : 0;
}

static int attach(void)
{
	int err = hook_attach_exits(skel->obj, calls, "opens, by 32-bit programs as well");

	if (err)
		return err;
	hook_attach(skel->progs.compat_open, false, "opens by 32-bit programs");
	hook_attach(skel->progs.compat_handle, false, "opens of handles by 32-bit programs");
	hook_attach_requests(skel->progs.io_submit, skel->progs.io_complete, "opens by io_uring");
	return 0;
}

static struct tool tool = {
	.name = "opensnoop",
	.doc = "Show every open of a file: who asked for it, and what came of it."
	       "\vWithout options all opens on the machine are shown, until Ctrl-C.",
	.options = argp_options,
	.parse = parse,
	.table = &opens_table,
	.columns = "PID,COMM,FD,ERR,PATH",
	.extended = "+TID,PPID,FLAGS,MODE",
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = opens_handle,
	.finish = opens_finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
