// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/execs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/context.h"
#include "common/names.h"
#include "common/order.h"
#include "common/path.h"
#include "common/pending.h"
#include "common/session.h"
#include "common/tool.h"

struct execs execs;
struct pending_table execs_pending;

/* Of the process whose end is being shown; NULL: that something was executed is what is shown. */
static const struct exec_event *end;
static uint64_t duration; /* nanoseconds from the exec to that */

static const char *part(const struct exec_start *e, const struct exec_part *p)
{
	return (const char *)e + p->at;
}

/* --- arguments --- */

/* One after the other, as far as they are to be shown. */
struct arguments {
	const struct exec_start *e;
	const char *next, *end;
	uint64_t count, bytes;	       /* so far */
	uint64_t max_count, max_bytes; /* 0: all */
	/* The one that is there now. */
	const char *text;
	size_t len;
	bool unreadable, cut;
};

static struct arguments arguments_of(const struct exec_start *e)
{
	const char *start = part(e, &e->args);

	return (struct arguments){
		.e = e,
		.next = start,
		.end = start + e->args.len,
		.max_count = execs.max_args,
		.max_bytes = execs.max_bytes,
	};
}

static bool next_argument(struct arguments *a)
{
	bool failed = a->e->event.kind == EXEC_FAILED;
	size_t room = a->end - a->next;

	if (a->next >= a->end || a->cut || (a->max_count && a->count >= a->max_count) ||
	    (a->max_bytes && a->bytes >= a->max_bytes))
		return false;
	a->text = a->next + failed;
	a->unreadable = failed && *a->next == ARG_UNREADABLE;
	a->len = strnlen(a->text, room - failed);
	a->next = a->text + a->len + 1;
	/* Without its NUL: where the kernel half has cut. */
	a->cut = a->next > a->end || (a->next == a->end && failed && a->e->event.notes & EXEC_CUT);
	if (a->max_bytes && a->len > a->max_bytes - a->bytes) {
		a->len = a->max_bytes - a->bytes;
		a->cut = true;
	}
	a->count++;
	a->bytes += a->len + !a->cut;
	return true;
}

/* What is not shown of the arguments; false: nothing.  Bytes that are not known are 0. */
static bool arguments_left(const struct exec_start *e, uint64_t *count, uint64_t *bytes)
{
	struct arguments a = arguments_of(e);

	while (next_argument(&a))
		;
	*count = e->argc > a.count ? e->argc - a.count : 0;
	*bytes = e->args_len > a.bytes ? e->args_len - a.bytes : 0;
	if (e->event.kind == EXEC_DONE && e->event.notes & EXEC_UNREADABLE)
		return false; /* that says all */
	return *count || *bytes || a.cut;
}

static void print_arguments_json(const struct exec_start *e, struct output *o)
{
	struct arguments a = arguments_of(e);
	uint64_t count, bytes;
	bool exact, all = true;
	const char *gap = "";

	output_put(o, "[");
	for (; next_argument(&a); gap = ",") {
		output_put(o, gap);
		if (a.unreadable) {
			output_put(o, "null");
			continue;
		}
		output_put(o, "\"");
		output_json_string(o, a.text, a.len, &exact);
		output_put(o, "\"");
		all = all && exact;
	}
	/* All of them, or these and no more. */
	output_format(o, e->event.notes & EXEC_UNREADABLE ? "%snull]" : "]", gap);
	if (!all) {
		output_put(o, ",\"args_hex\":[");
		for (a = arguments_of(e), gap = ""; next_argument(&a); gap = ",") {
			output_put(o, gap);
			if (a.unreadable)
				output_put(o, "null");
			else
				output_hex(o, a.text, a.len);
		}
		output_put(o, "]");
	}
	if (!arguments_left(e, &count, &bytes))
		return;
	output_format(o, ",\"args_cut\":%" PRIu64 ",\"args_cut_bytes\":", count);
	output_format(o, e->event.kind == EXEC_FAILED ? "null" : "%" PRIu64, bytes);
}

/* What means something to a shell where a command begins, as it is: NAME=VALUE, and its own words. */
static bool is_command_quoted(const char *text, size_t len)
{
	static const char *const words[] = { "if",   "then",  "elif",	"else",	  "fi",	     "for",
					     "in",   "while", "until",	"do",	  "done",    "case",
					     "esac", "time",  "select", "coproc", "function" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == len && !memcmp(words[i], text, len))
			return true;
	return memchr(text, '=', len);
}

/* Words of a shell.  What could not be read is ? and what was cut off ..., as no word is otherwise. */
static void print_arguments(const void *record, struct output *o)
{
	const struct exec_start *e = record;
	struct arguments a = arguments_of(e);
	uint64_t count, bytes;
	const char *gap = "";
	bool quote;

	if (o->json) {
		print_arguments_json(e, o);
		return;
	}
	for (; next_argument(&a); gap = " ") {
		output_put(o, gap);
		quote = execs.quote || (a.count == 1 && is_command_quoted(a.text, a.len));
		if (a.unreadable)
			output_put(o, "?");
		else
			output_shell(o, a.text, a.len, quote);
	}
	if (e->event.notes & EXEC_UNREADABLE)
		output_format(o, "%s?", gap);
	if (arguments_left(e, &count, &bytes))
		output_format(o, "%s...", gap);
}

/* Do they contain the text, joined by blanks? */
static bool line_wanted(const struct exec_start *e)
{
	struct arguments a = arguments_of(e);
	char *line, *to;
	bool found;

	if (!execs.line)
		return true;
	line = to = malloc(e->args.len + 1);
	if (!line)
		return true;
	/* Of what is not shown as well. */
	a.max_count = a.max_bytes = 0;
	while (next_argument(&a)) {
		memcpy(to, a.text, a.len);
		to += a.len;
		*to++ = ' ';
	}
	found = memmem(line, to - line - (to > line), execs.line, strlen(execs.line));
	free(line);
	return found;
}

/* --- environment --- */

static bool variable_wanted(const char *text, size_t len)
{
	const char *name = execs.env;
	size_t n;

	for (; name; name += n + 1) {
		n = strcspn(name, ",");
		if (n == len && !memcmp(name, text, n))
			return true;
		if (!name[n])
			return false;
	}
	return true;
}

/* Goes to the next variable that is wanted, from `*at`; false if there is none. */
static bool next_variable(const char **at, const char *last, const char **text, size_t *name,
			  size_t *len)
{
	const char *equals;

	while (*at < last) {
		*text = *at;
		*len = strnlen(*text, last - *text);
		*at += *len + 1;
		equals = memchr(*text, '=', *len);
		*name = equals ? (size_t)(equals - *text) : *len;
		if (variable_wanted(*text, *name))
			return true;
	}
	return false;
}

/* An object; and "env_hex", an array of the bytes of each variable that is not valid UTF-8. */
static void print_environment_json(const struct exec_start *e, struct output *o)
{
	const char *first = part(e, &e->env), *last = first + e->env.len;
	const char *at = first, *text, *gap = "";
	size_t name, len;
	bool exact_name, exact, all = true;

	output_put(o, "{");
	for (; next_variable(&at, last, &text, &name, &len); gap = ",") {
		output_format(o, "%s\"", gap);
		output_json_string(o, text, name, &exact_name);
		if (name == len) { /* no variable, but there it is */
			output_put(o, "\":null");
			exact = true;
		} else {
			output_put(o, "\":\"");
			output_json_string(o, text + name + 1, len - name - 1, &exact);
			output_put(o, "\"");
		}
		all = all && exact && exact_name;
	}
	output_put(o, "}");
	if (e->env.len < e->env_len)
		output_format(o, ",\"env_cut_bytes\":%" PRIu64, (uint64_t)e->env_len - e->env.len);
	if (all)
		return;
	output_put(o, ",\"env_hex\":[");
	for (at = first, gap = ""; next_variable(&at, last, &text, &name, &len);) {
		if (output_json_is_exact(o, text, len))
			continue;
		output_put(o, gap);
		output_hex(o, text, len);
		gap = ",";
	}
	output_put(o, "]");
}

/* "NAME=VALUE" words of a shell, or an object. */
static void print_environment(const void *record, struct output *o)
{
	const struct exec_start *e = record;
	const char *at = part(e, &e->env), *last = at + e->env.len, *text, *gap = "";
	size_t name, len;

	if (e->event.kind == EXEC_FAILED || e->event.notes & EXEC_UNREADABLE) {
		output_put(o, o->json ? "null" : e->event.kind == EXEC_FAILED ? "-" : "?");
		return;
	}
	if (o->json) {
		print_environment_json(e, o);
		return;
	}
	for (; next_variable(&at, last, &text, &name, &len); gap = " ") {
		output_put(o, gap);
		output_shell(o, text, len, execs.quote || name == len);
	}
	if (e->env.len < e->env_len)
		output_format(o, "%s...", gap);
	else if (!*gap)
		output_put(o, "-");
}

/* --- the other columns --- */

static void print_ancestors(const void *record, struct output *o)
{
	const struct exec_start *e = record;
	const struct exec_ancestor *a = (const void *)part(e, &e->ancestors);
	const char *gap = "";
	size_t len;

	output_put(o, o->json ? "[" : "");
	for (size_t i = 0; i < e->ancestors.len / sizeof(*a); i++) {
		len = strnlen(a[i].comm, sizeof(a[i].comm));
		output_put(o, gap);
		if (o->json) {
			output_put(o, "{");
			output_json_text(o, "comm", a[i].comm, len);
			output_format(o, ",\"pid\":%" PRIu32 "}", a[i].pid);
		} else {
			output_shell(o, a[i].comm, len, false);
			output_format(o, "(%" PRIu32 ")", a[i].pid);
		}
		gap = o->json ? "," : "<";
	}
	/* In JSON null is what is behind the last that could be found. */
	if (o->json)
		output_format(o, e->event.notes & EXEC_ORPHANED ? "%snull]" : "]", gap);
	else if (e->event.notes & EXEC_ORPHANED)
		output_format(o, "%s...", gap);
	else if (!*gap)
		output_put(o, "-");
}

static void print_status(const void *record, struct output *o)
{
	(void)record;
	if (!end)
		output_put(o, o->json ? "null" : "-");
	else if (WIFEXITED(end->ret))
		output_number(o, WEXITSTATUS(end->ret));
	else if (o->json)
		output_format(o, "null,\"signal\":\"%s\",\"core_dumped\":%s",
			      signal_name(WTERMSIG(end->ret)),
			      WCOREDUMP(end->ret) ? "true" : "false");
	else
		output_format(o, WCOREDUMP(end->ret) ? "%s(core)" : "%s",
			      signal_name(WTERMSIG(end->ret)));
}

static void print_seconds(struct output *o, uint64_t ns)
{
	output_format(o, o->json ? "%.6f" : "%.3f", ns / 1e9);
}

static void print_since(const void *record, struct output *o)
{
	print_seconds(o, clock_since(((const struct event *)record)->time));
}

static const struct session *session_of(const void *record)
{
	return &((const struct exec_start *)record)->session;
}

static void get_parent(const void *record, struct cell *c)
{
	const char *parent = session_of(record)->parent;

	cell_text(c, parent, strnlen(parent, EVENT_COMM_LEN));
}

static void get_session(const void *record, struct cell *c)
{
	cell_number(c, session_of(record)->id);
}

static void get_tty(const void *record, struct cell *c)
{
	session_get_tty(session_of(record), c);
}

static void get_loginuid(const void *record, struct cell *c)
{
	session_get_loginuid(session_of(record), c);
}

static void get_ret(const void *record, struct cell *c)
{
	cell_number(c, ((const struct exec_start *)record)->event.ret);
}

static void get_errname(const void *record, struct cell *c)
{
	int err = -((const struct exec_start *)record)->event.ret;
	const char *name = errno_name(err);

	if (name)
		cell_text(c, name, strlen(name));
}

static void get_file(const void *record, struct cell *c)
{
	const struct exec_start *e = record;

	if (e->file.at)
		cell_text(c, part(e, &e->file), e->file.len);
	else
		cell_unknown(c);
}

/* Of a failure what was asked for, as a path from the root. */
static void get_exe(const void *record, struct cell *c)
{
	const struct exec_start *e = record;
	size_t len;

	if (e->event.kind != EXEC_FAILED) {
		context_get_exe(record, c);
		return;
	}
	if (!e->file.at) {
		cell_unknown(c);
		return;
	}
	len = path_text(c->buf, sizeof(c->buf), part(e, &e->base), &e->base_info);
	if (!len && !e->file.len) {
		cell_unknown(c);
		return;
	}
	if (!len)
		c->buf[len++] = '?';
	cell_text(c, c->buf,
		  path_join(c->buf, sizeof(c->buf), len, part(e, &e->file), e->file.len));
}

static void get_script(const void *record, struct cell *c)
{
	const struct exec_start *e = record;
	const char *file = part(e, &e->file);
	size_t len;

	if (!(e->event.notes & EXEC_SCRIPT))
		return;
	len = *file == '/' ? 0 : context_cwd(record, c);
	if (len)
		cell_text(c, c->buf, path_join(c->buf, sizeof(c->buf), len, file, e->file.len));
	else
		cell_text(c, file, e->file.len);
}

static void get_interp(const void *record, struct cell *c)
{
	const struct exec_start *e = record;

	if (e->event.notes & EXEC_SCRIPT)
		cell_text(c, part(e, &e->interp), e->interp.len);
}

static void print_dur(const void *record, struct output *o)
{
	(void)record;
	if (end)
		print_seconds(o, duration);
	else
		output_put(o, o->json ? "null" : "-");
}

/* "(cut: 2 arguments, 31 bytes left out)", as far as it is known; nothing where all is shown. */
static void get_cut(const struct exec_start *e, struct cell *c)
{
	uint64_t count, bytes;
	char *to = c->buf;

	if (!arguments_left(e, &count, &bytes))
		return;
	to = stpcpy(to, "(cut");
	if (count)
		to += sprintf(to, ": %" PRIu64 " argument%s", count, count > 1 ? "s" : "");
	if (bytes)
		to += sprintf(to, "%s%" PRIu64 " byte%s", count ? ", " : ": ", bytes,
			      bytes > 1 ? "s" : "");
	to = stpcpy(to, count || bytes ? " left out)" : ")");
	cell_text(c, c->buf, to - c->buf);
}

static void append(struct cell *c, const char *text, size_t len)
{
	memcpy(c->buf + c->len, text, len);
	cell_text(c, c->buf, c->len + len);
}

static void append_word(struct cell *c, const struct cell *word)
{
	if (word->kind != CELL_TEXT)
		return;
	append(c, " ", c->len > 0);
	append(c, word->text, word->len);
}

static void get_note(const void *record, struct cell *c)
{
	static const char *const notes[] = { "(32-bit)", "(script)", "(unreadable)", "(deleted)" };
	const struct exec_start *e = record;
	static struct cell word;
	const char *err;
	uint32_t bits = e->event.notes & (EXEC_COMPAT | EXEC_SCRIPT | EXEC_UNREADABLE);

	c->len = 0;
	word.kind = CELL_NONE;
	if (e->event.kind == EXEC_DONE && context_exe_state(e) & PATH_DELETED)
		bits |= 1U << 3;
	cell_words(&word, notes, bits);
	append_word(c, &word);
	word.kind = CELL_NONE;
	get_cut(e, &word);
	append_word(c, &word);
	if (e->event.kind != EXEC_FAILED)
		return;
	/* The last, so that no name of a file can pass for another note. */
	err = errno_name(-e->event.ret) ?: "?";
	append(c, " ", c->len > 0);
	append(c, "(", 1);
	append(c, err, strlen(err));
	append(c, " ", !e->file.at || e->file.len);
	append(c, e->file.at ? part(e, &e->file) : "?", e->file.at ? e->file.len : 1);
	append(c, ")", 1);
}

static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	{ .name = "SINCE",
	  .help = "seconds since the tracing began",
	  .width = 9,
	  .print = print_since },
	COLUMNS_USER,
	COLUMN_LOGINUID(get_loginuid, WANT_SESSION),
	COLUMN_COMM_OF("name of the process; of a failure, of the thread that called"),
	{ .name = "PCOMM",
	  .help = "name of the parent",
	  .width = -16,
	  .get = get_parent,
	  .want = WANT_SESSION },
	COLUMNS_IDS,
	{ .name = "SESSION",
	  .help = "session ID",
	  .width = 7,
	  .get = get_session,
	  .want = WANT_SESSION },
	COLUMN_TTY(get_tty, WANT_SESSION),
	{ .name = "RET", .help = "0, or a negative errno", .width = 3, .get = get_ret },
	{ .name = "ERRNAME", .help = "name of the errno", .width = -12, .get = get_errname },
	{ .name = "STATUS",
	  .help = "with --exit: exit status, or signal, of the process",
	  .width = -8,
	  .print = print_status },
	{ .name = "DUR",
	  .help = "with --exit: seconds from the exec to the end",
	  .width = 8,
	  .print = print_dur },
	COLUMNS_GROUPS,
	{ .name = "EXE",
	  .help = "file that is executed, absolute; of a failure, that was to be",
	  .width = -20,
	  .get = get_exe,
	  .want = WANT_EXE | WANT_FILE },
	COLUMN_CWD,
	{ .name = "FILE",
	  .help = "path that was asked for",
	  .width = -20,
	  .get = get_file,
	  .want = WANT_FILE },
	{ .name = "SCRIPT",
	  .help = "script that an interpreter is run for",
	  .width = -20,
	  .get = get_script,
	  .want = WANT_FILE | WANT_CWD },
	{ .name = "INTERP",
	  .help = "that interpreter, or another program for the file",
	  .width = -20,
	  .get = get_interp,
	  .want = WANT_FILE },
	{ .name = "ANCESTORS",
	  .help = "parent, its parent and so on",
	  .width = -40,
	  .print = print_ancestors,
	  .want = WANT_ANCESTORS },
	{ .name = "ENV",
	  .help = "environment; what of it, see --env",
	  .width = -20,
	  .print = print_environment,
	  .want = WANT_ENV },
	{ .name = "ARGS", .help = "arguments, as words of a shell", .print = print_arguments },
	{ .name = "NOTE",
	  .help = "what else there is to say, behind the row",
	  .get = get_note,
	  .note = true },
	{},
};

struct table execs_table = { .columns = columns };

/* --- records --- */

#define KEPT_MAX (32 << 10) /* bytes of the arguments, and as many of the environment */
#define KEPT_LEAST 512

static uint32_t at_most(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Cuts the strings; returns the size of the record then. */
static size_t shorten(struct exec_start *e, uint32_t most)
{
	char *args = (char *)e + e->args.at, *env = (char *)e + e->env.at;

	e->args.len = at_most(e->args.len, most);
	e->env.len = at_most(e->env.len, most);
	e->env.at = e->args.at + e->args.len;
	memmove(args + e->args.len, env, e->env.len);
	return e->env.at + e->env.len;
}

/* What the line of its end needs.  Of very long strings a part, or a few processes would take all memory there is for this. */
static void keep(struct exec_start *e, size_t size)
{
	free(pending_take(&execs_pending, e->event.head.pid));
	if (e->args.len + e->env.len > 2 * KEPT_MAX)
		size = shorten(e, KEPT_MAX);
	if (!pending_put(&execs_pending, e->event.head.pid, e, size))
		return;
	if (pending_put(&execs_pending, e->event.head.pid, e, shorten(e, KEPT_LEAST)))
		tool_lose();
}

static void show_started(struct exec_start *e, size_t size)
{
	if (!line_wanted(e))
		return;
	if (!execs.min_dur && (!execs.ends || !execs.failed || e->event.kind == EXEC_FAILED))
		tool_show(e);
	if (execs.ends && e->event.kind == EXEC_DONE)
		keep(e, size);
}

/* A number can be used again, and an exec lost: only what is of the same process and program belongs together. */
static void show_ended(const struct exec_event *ended)
{
	struct pending *kept = pending_take(&execs_pending, ended->head.pid);
	struct exec_start *e = kept ? (void *)kept->record : NULL;

	if (e && e->event.start_time == ended->start_time && e->event.exec_id == ended->exec_id) {
		duration = ended->head.time - e->event.head.time;
		e->event.head.time = ended->head.time;
		end = ended;
		tool_show(e);
		end = NULL;
	}
	free(kept);
}

void execs_settle(uint64_t now)
{
	struct ordered *o;
	struct exec_start *e;

	while ((o = order_take(now))) {
		e = (void *)o->record;
		if (e->event.kind == EXEC_ENDED)
			show_ended(&e->event);
		else
			show_started(e, o->size);
		free(o);
	}
}

/* Without what was reserved and not used: the strings come last. */
static size_t used(const struct exec_start *e, size_t size)
{
	if (e->event.kind == EXEC_ENDED || !e->args.at)
		return size;
	return e->env.at ? e->env.at + e->env.len : e->args.at + e->args.len;
}

void execs_handle(const void *record, size_t size)
{
	size = used(record, size);
	if (order_put(record, size))
		tool_lose();
	execs_settle(order_latest());
}

void execs_finish(void)
{
	execs_settle(UINT64_MAX);
}
