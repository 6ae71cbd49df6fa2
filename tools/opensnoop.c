// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* opensnoop: who opens which files. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <bpf/bpf.h>

#include "common/hook.h"
#include "common/log.h"
#include "common/names.h"
#include "common/parse.h"
#include "common/path.h"
#include "common/pattern.h"
#include "common/pending.h"
#include "common/stack.h"
#include "common/tool.h"
#include "common/users.h"
#include "bpf/opensnoop.h"
#include "opensnoop.skel.h"

static struct opensnoop_bpf *skel;
static struct open_options *options; /* in .rodata, as the patterns */
static struct patterns patterns;     /* those that are matched here */
static bool full_path, compat;

/* --- columns --- */

/* What stands behind the head of a record, in that order. */
struct parts {
	const char *asked, *full, *exe, *cwd, *cgroup, *ustack, *kstack;
};

static const char *aligned(const struct open_event *e, const char *at)
{
	return at + (-(size_t)(at - (const char *)e) & 7);
}

static struct parts parts_of(const struct open_event *e)
{
	struct parts p = { .asked = (const char *)(e + 1) };

	p.full = p.asked + e->asked;
	p.exe = p.full + e->full.len;
	p.cwd = p.exe + e->exe.len;
	p.cgroup = p.cwd + e->cwd.len;
	p.ustack = aligned(e, p.cgroup + e->cgroup);
	p.kstack = aligned(e, p.ustack + e->ustack);
	return p;
}

static void get_ret(const struct open_event *e, struct cell *c, int number)
{
	if (e->stage == OPEN_ASKED)
		cell_unknown(c); /* io_uring said nothing about its end */
	else
		cell_number(c, number);
}

static void get_fd(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	get_ret(e, c, e->ret >= 0 ? e->ret : -1);
}

static void get_err(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	get_ret(e, c, e->ret < 0 ? -e->ret : 0);
}

static void get_errname(const void *record, struct cell *c)
{
	const struct open_event *e = record;
	const char *name = e->ret < 0 ? errno_name(-e->ret) : NULL;

	if (name)
		cell_text(c, name, strlen(name));
}

static void get_user(const void *record, struct cell *c)
{
	const struct open_event *e = record;
	const char *name = users_name(e->head.uid);

	cell_text(c, name ?: c->buf, name ? strlen(name) : (size_t)sprintf(c->buf, "%u", e->head.uid));
}

static void get_flags(const void *record, struct cell *c)
{
	cell_text(c, c->buf, open_flags_text(c->buf, sizeof(c->buf), ((const struct open_event *)record)->flags));
}

/* Only a file that is made has a use for the mode. */
static void get_mode(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (e->flags & O_CREAT || (e->flags & O_TMPFILE) == O_TMPFILE)
		cell_text(c, c->buf, sprintf(c->buf, "%04o", e->mode));
}

static void get_call(const void *record, struct cell *c)
{
	static const char *const names[] = {
		[OPEN_OPEN] = "open",
		[OPEN_CREAT] = "creat",
		[OPEN_OPENAT] = "openat",
		[OPEN_OPENAT2] = "openat2",
		[OPEN_HANDLE] = "open_by_handle_at",
		[OPEN_IO_OPENAT] = "io_uring:openat",
		[OPEN_IO_OPENAT2] = "io_uring:openat2",
	};
	const char *name = names[((const struct open_event *)record)->call];

	cell_text(c, name, strlen(name));
}

static void get_cgroup(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	cell_text(c, c->buf, path_reverse(c->buf, sizeof(c->buf), parts_of(e).cgroup, e->cgroup));
}

static void get_path_of(const char *names, const struct path_info *info, struct cell *c)
{
	size_t len = path_text(c->buf, sizeof(c->buf), names, info);

	if (len)
		cell_text(c, c->buf, len);
}

static void get_exe(const void *record, struct cell *c)
{
	get_path_of(parts_of(record).exe, &((const struct open_event *)record)->exe, c);
}

static void get_cwd(const void *record, struct cell *c)
{
	get_path_of(parts_of(record).cwd, &((const struct open_event *)record)->cwd, c);
}

/* Does the record's full path tell what was opened, or only where the path that was asked for starts? */
static bool was_opened(const struct open_event *e)
{
	return e->stage != OPEN_ASKED && e->ret >= 0 && !(e->notes & OPEN_DIRECT);
}

static void get_full_path(const void *record, struct cell *c)
{
	const struct open_event *e = record;
	struct parts p = parts_of(e);
	size_t len = path_text(c->buf, sizeof(c->buf), p.full, &e->full);

	if (!was_opened(e)) {
		if (e->notes & OPEN_UNREADABLE || e->call == OPEN_HANDLE) {
			cell_unknown(c);
			return;
		}
		if (!len) /* not even the directory is one: a bad descriptor */
			c->buf[len++] = '?';
		len = path_join(c->buf, sizeof(c->buf), len, p.asked, e->asked);
	}
	if (len)
		cell_text(c, c->buf, len);
	else
		cell_unknown(c);
}

static void get_path(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (full_path || e->call == OPEN_HANDLE)
		get_full_path(record, c);
	else if (e->notes & OPEN_UNREADABLE)
		cell_unknown(c);
	else
		cell_text(c, parts_of(e).asked, e->asked);
}

static void get_note(const void *record, struct cell *c)
{
	const struct open_event *e = record;
	bool opened = was_opened(e) && e->full.len;
	const struct {
		bool is;
		const char *word;
	} notes[] = {
		{ e->call >= OPEN_IO_OPENAT, "(io_uring)" },
		{ e->notes & OPEN_DIRECT, "(direct)" },
		{ e->notes & OPEN_COMPAT, "(32-bit)" },
		{ e->call == OPEN_HANDLE, "(handle)" },
		{ (e->flags & O_TMPFILE) == O_TMPFILE, "(tmpfile)" },
		{ opened && e->full.state & PATH_DELETED && (e->flags & O_TMPFILE) != O_TMPFILE, "(deleted)" },
		{ e->notes & OPEN_UNREADABLE, "(unreadable)" },
		{ e->notes & OPEN_CUT || (e->full.len && !(e->full.state & PATH_WHOLE)), "(cut)" },
		{ e->stage == OPEN_ASKED, "(unfinished)" },
	};
	size_t used = 0;

	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (notes[i].is)
			used += sprintf(c->buf + used, "%s%s", used ? " " : "", notes[i].word);
	if (used)
		cell_text(c, c->buf, used);
}

#define AT(field) offsetof(struct open_event, field)
static const struct column columns[] = {
	{ "TIME", "wall-clock time of the return", -15, COLUMN_TIME, AT(head.time), NULL, 0, false },
	{ "UID", "user ID (effective: real) of the thread", 5, COLUMN_U32, AT(head.uid), NULL, 0, false },
	{ "USER", "name of that user", -8, COLUMN_CELL, 0, get_user, 0, false },
	{ "PID", "process", 7, COLUMN_U32, AT(head.pid), NULL, 0, false },
	{ "TID", "thread", 7, COLUMN_U32, AT(head.tid), NULL, 0, false },
	{ "PPID", "parent process", 7, COLUMN_U32, AT(head.ppid), NULL, OPEN_WANT_PPID, false },
	{ "COMM", "name of the thread", -16, COLUMN_COMM, AT(head.comm), NULL, 0, false },
	{ "FD", "file descriptor, -1 when the open failed", 4, COLUMN_CELL, 0, get_fd, 0, false },
	{ "ERR", "errno of a failure, or 0", 3, COLUMN_CELL, 0, get_err, 0, false },
	{ "ERRNAME", "its name", -12, COLUMN_CELL, 0, get_errname, 0, false },
	{ "FLAGS", "access mode and flags", -28, COLUMN_CELL, 0, get_flags, 0, false },
	{ "MODE", "permissions for a new file", 5, COLUMN_CELL, 0, get_mode, 0, false },
	{ "CALL", "system call or io_uring operation", -17, COLUMN_CELL, 0, get_call, 0, false },
	{ "CGROUP", "control group (v2)", -20, COLUMN_CELL, 0, get_cgroup, OPEN_WANT_CGROUP, false },
	{ "MNTNS", "mount namespace", 10, COLUMN_U32, AT(mntns), NULL, OPEN_WANT_NS, false },
	{ "PIDNS", "PID namespace", 10, COLUMN_U32, AT(pidns), NULL, OPEN_WANT_NS, false },
	{ "EXE", "executable file of the process", -20, COLUMN_CELL, 0, get_exe, OPEN_WANT_EXE, false },
	{ "CWD", "working directory of the process", -20, COLUMN_CELL, 0, get_cwd, OPEN_WANT_CWD, false },
	{ "FULLPATH", "what was really opened, absolute", -40, COLUMN_CELL, 0, get_full_path, OPEN_WANT_FULL, false },
	{ "PATH", "path as it was asked for; with -F as FULLPATH", 0, COLUMN_CELL, 0, get_path, 0, false },
	{ "NOTE", "what else there is to say, behind the row", 0, COLUMN_CELL, 0, get_note, 0, true },
	{},
};

static struct table table = { .columns = columns };

/* --- options --- */

enum { OPT_COMPAT = 1, OPT_STACK, OPT_KERNEL_STACK };

static const struct argp_option argp_options[] = {
	{ "failed", 'x', NULL, 0, "Failed opens only", 0 },
	{ "errno", 'E', "NAME[,NAME...]", 0, "Opens that failed with one of these errors only: ENOENT, or 2", 0 },
	{ "flags", 'f', "FLAG[,FLAG...]", 0, "Opens with any of these only: O_RDONLY, O_CREAT, ...", 0 },
	{ "path", 'P', "TEXT", 0, "This path only; TEXT* begins, *TEXT ends with, *TEXT* contains; may be repeated", 0 },
	{ "full-path", 'F', NULL, 0, "PATH is what was really opened, absolute", 0 },
	{ "stack", OPT_STACK, NULL, 0, "Show the user stack of each open", 0 },
	{ "kernel-stack", OPT_KERNEL_STACK, NULL, 0, "Show the kernel stack of each open", 0 },
	{ "compat", OPT_COMPAT, NULL, 0, "32-bit callers too; every system call on the machine pays a little", 0 },
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
	struct open_flag_filter *filter = &options->flag_filter[options->flag_filters];

	(void)ctx;
	if (options->flag_filters == OPEN_FLAG_FILTERS)
		return log_err(0, "-f: more than %d flags", OPEN_FLAG_FILTERS);
	if (open_flag_test(item, len, (uint64_t *)&filter->mask, (uint64_t *)&filter->value))
		return log_err(0, "-f: no such flag: '%.*s'", (int)len, item);
	options->flag_filters++;
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
		full_path = true;
		return 0;
	case OPT_STACK:
		options->want |= OPEN_WANT_USTACK;
		tool.reads_files = true;
		return 0;
	case OPT_KERNEL_STACK:
		options->want |= OPEN_WANT_KSTACK;
		return 0;
	case OPT_COMPAT:
		compat = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* --- hooks --- */

static const char *const calls[] = {
#ifdef SYS_open
	"sys_exit_open", "sys_exit_creat",
#endif
	"sys_exit_openat", "sys_exit_openat2", "sys_exit_open_by_handle_at",
};

#define CALLS (sizeof(calls) / sizeof(*calls))

static int events[CALLS]; /* of the tracepoints, when they are the hook */

static int open_skeleton(struct tool_bpf *bpf)
{
	skel = opensnoop_bpf__open();
	if (!skel)
		return log_err(-errno, "cannot open the program");
	options = &skel->rodata->options;
	*bpf = (struct tool_bpf){ skel->obj, &skel->rodata->filter, (struct channel *)&skel->bss->channel };
	return 0;
}

/* The tracepoints of single calls, all or none. */
static int open_events(void)
{
	for (size_t i = 0; i < CALLS; i++) {
		events[i] = hook_open_event("syscalls", calls[i]);
		if (events[i] < 0) {
			log_info("tracepoint %s cannot be had: %s", calls[i], strerror(-events[i]));
			return events[i];
		}
	}
	return 0;
}

static int load(void)
{
	bool loops = hook_has_loops(), any = compat || !loops || open_events();

	options->want |= table_wants(&table) | (full_path ? OPEN_WANT_FULL : 0);
	/* What is only known here is matched here. */
	if (loops && !full_path) {
		skel->rodata->patterns = patterns;
		patterns.count = 0;
	}
	if (!loops && options->want & OPEN_WANT_USTACK)
		return log_err(0, "--stack: needs bpf_find_vma() and bpf_loop(), Linux 5.17");
	if (options->want & OPEN_WANT_USTACK || options->want & OPEN_WANT_KSTACK)
		stack_init(options->want & OPEN_WANT_USTACK, options->want & OPEN_WANT_KSTACK);
	users_init();
	bpf_program__set_autoload(skel->progs.syscall_exit, !any);
	bpf_program__set_autoload(skel->progs.any_syscall_exit, any && loops);
	bpf_program__set_autoload(skel->progs.any_syscall_exit_old, !loops);
	bpf_program__set_autoload(skel->progs.compat_open, !any && hook_has_fexit());
	bpf_program__set_autoload(skel->progs.io_submit, loops);
	bpf_program__set_autoload(skel->progs.io_complete, loops);
	return opensnoop_bpf__load(skel) ? log_err(-errno, "cannot load the program") : 0;
}

static int attach(void)
{
	int err = 0;

	if (bpf_program__autoload(skel->progs.syscall_exit)) {
		for (size_t i = 0; i < CALLS && !err; i++)
			err = hook_attach_event(skel->progs.syscall_exit, events[i], calls[i]);
		hook_attach(skel->progs.compat_open, false, "opens by 32-bit programs");
	} else {
		err = hook_attach(bpf_program__autoload(skel->progs.any_syscall_exit) ? skel->progs.any_syscall_exit
										      : skel->progs.any_syscall_exit_old,
				  true, "opens");
	}
	/* The second is of no use without the first. */
	if (!err && !hook_attach(skel->progs.io_complete, false, "opens by io_uring"))
		hook_attach(skel->progs.io_submit, false, "opens by io_uring");
	return err;
}

/* --- records --- */

static bool show(const struct open_event *e, struct output *o)
{
	struct parts p = parts_of(e);
	static struct cell path;

	if (patterns.count) {
		path.kind = CELL_NONE;
		get_path(e, &path);
		if (path.kind != CELL_TEXT || !patterns_match(&patterns, path.text, path.len))
			return false;
	}
	if (o->json)
		output_put(o, "{");
	table_print(&table, o, e);
	if (options->want & OPEN_WANT_USTACK)
		stack_print_user(o, p.ustack, e->ustack);
	if (options->want & OPEN_WANT_KSTACK)
		stack_print_kernel(o, p.kstack, e->kstack);
	output_put(o, o->json ? "}\n" : "\n");
	output_end(o);
	return true;
}

/* The result filters, which the kernel half could not apply to a request that had not ended. */
static bool result_wanted(const struct open_event *e)
{
	return !(options->failed && e->ret >= 0) && !(options->by_errno && (e->ret >= 0 || !options->errnos[-e->ret]));
}

/* A request has ended: what was asked, with the result, and the path of what was opened in place of the directory. */
static bool show_ended(const struct open_event *ended, struct output *o)
{
	struct pending *asked = pending_take(ended->request);
	struct open_event *e;
	struct parts from, to;
	bool shown = false;

	if (!result_wanted(ended))
		goto out;
	if (!asked) {
		/* Submitted before the tracing began, or refused before it was a request. */
		if (ended->notes & OPEN_WANTED)
			shown = show(ended, o);
		goto out;
	}
	e = malloc(asked->size + ended->full.len + 16);
	if (!e)
		goto out;
	memcpy(e, asked->record, asked->size);
	e->ret = ended->ret;
	e->stage = OPEN_WHOLE;
	e->head.time = ended->head.time;
	if (was_opened(e) && ended->full.len) {
		from = parts_of((const struct open_event *)asked->record);
		e->full = ended->full;
		to = parts_of(e);
		memcpy((char *)to.full, parts_of(ended).full, ended->full.len);
		memcpy((char *)to.exe, from.exe, e->exe.len + e->cwd.len + e->cgroup);
		memcpy((char *)to.ustack, from.ustack, e->ustack);
		memcpy((char *)to.kstack, from.kstack, e->kstack);
	}
	shown = show(e, o);
	free(e);
out:
	free(asked);
	return shown;
}

/* A request that was never heard of again: one that succeeds may say nothing, if it was told to. */
static bool show_unfinished(struct pending *asked, struct output *o)
{
	bool shown = asked && !options->failed && !options->by_errno && show((const void *)asked->record, o);

	free(asked);
	return shown;
}

static unsigned int handle(const void *record, size_t size, struct output *o)
{
	const struct open_event *e = record;
	unsigned int shown;

	switch (e->stage) {
	case OPEN_ASKED:
		shown = show_unfinished(pending_take(e->request), o);
		if (pending_put(e->request, record, size))
			shown += show(e, o);
		return shown;
	case OPEN_ENDED:
		return show_ended(e, o);
	}
	return show(e, o);
}

static unsigned int finish(struct output *o)
{
	struct pending *asked;
	unsigned int shown = 0;

	while ((asked = pending_take_any()))
		shown += show_unfinished(asked, o);
	return shown;
}

static struct tool tool = {
	.name = "opensnoop",
	.doc = "Show every open of a file: who asked for it, and what came of it."
	       "\vWithout options all opens on the machine are shown, until Ctrl-C.",
	.options = argp_options,
	.parse = parse,
	.table = &table,
	.columns = "PID,COMM,FD,ERR,PATH,NOTE",
	.extended = "TID,PPID,FLAGS,MODE",
	.open = open_skeleton,
	.load = load,
	.attach = attach,
	.handle = handle,
	.finish = finish,
};

int main(int argc, char **argv)
{
	return tool_main(&tool, argc, argv);
}
