// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/opens.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/context.h"
#include "common/names.h"
#include "common/path.h"
#include "common/pending.h"
#include "common/tool.h"

struct opens opens;

static struct pending_table requests; /* of io_uring, by their addresses */

static const char *asked_of(const struct open_event *e)
{
	return (const char *)(e + 1);
}

static bool is_tmpfile(const struct open_event *e)
{
	return (e->flags & O_TMPFILE) == O_TMPFILE;
}

/* Does the full path tell what was opened, or only where the path that was asked for starts? */
static bool was_opened(const struct open_event *e)
{
	return e->stage != OPEN_ASKED && e->ret >= 0 && !(e->notes & OPEN_DIRECT);
}

/* Is it known what was asked for?  Not of the end of a request whose beginning was not seen. */
static bool is_asked_known(const struct open_event *e)
{
	return e->call != OPEN_HANDLE && e->stage != OPEN_ENDED && !(e->notes & OPEN_UNREADABLE);
}

/* --- columns --- */

static void get_fd(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (e->stage == OPEN_ASKED)
		cell_unknown(c);
	else
		cell_number(c, e->ret >= 0 ? e->ret : -1);
}

static void get_err(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (e->stage == OPEN_ASKED)
		cell_unknown(c);
	else
		cell_number(c, e->ret < 0 ? -e->ret : 0);
}

static void get_errname(const void *record, struct cell *c)
{
	const struct open_event *e = record;
	const char *name = e->ret < 0 ? errno_name(-e->ret) : NULL;

	if (name)
		cell_text(c, name, strlen(name));
}

static void get_flags(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (e->stage == OPEN_ENDED) {
		cell_unknown(c);
		return;
	}
	cell_text(c, c->buf,
		  open_flags_text(c->buf, sizeof(c->buf),
				  ((const struct open_event *)record)->flags));
}

/* Only a file that is made has a use for the mode. */
static void get_mode(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (e->flags & O_CREAT || is_tmpfile(e))
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

	cell_words(c, names, 1U << ((const struct open_event *)record)->call);
}

static void get_full_path(const void *record, struct cell *c)
{
	const struct open_event *e = record;
	size_t len = path_text(c->buf, sizeof(c->buf), asked_of(e) + e->asked, &e->full);

	if (!was_opened(e)) {
		if (!is_asked_known(e)) {
			cell_unknown(c);
			return;
		}
		if (!len) /* not even the directory is one: a bad descriptor */
			c->buf[len++] = '?';
		len = path_join(c->buf, sizeof(c->buf), len, asked_of(e), e->asked);
	}
	if (len)
		cell_text(c, c->buf, len);
	else
		cell_unknown(c);
}

static void get_path(const void *record, struct cell *c)
{
	const struct open_event *e = record;

	if (opens.full_path || e->call == OPEN_HANDLE)
		get_full_path(record, c);
	else if (!is_asked_known(e))
		cell_unknown(c);
	else
		cell_text(c, asked_of(e), e->asked);
}

static void get_note(const void *record, struct cell *c)
{
	static const char *const words[] = {
		"(io_uring)",	"(direct)",  "(32-bit)",     "(handle)",
		"(tmpfile)",	"(deleted)", "(detached)",   "(anonymous)",
		"(unreadable)", "(cut)",     "(unfinished)",
	};
	const struct open_event *e = record;
	bool walked = e->full.len || e->full.state;
	const bool is[] = {
		e->call >= OPEN_IO_OPENAT,
		e->notes & OPEN_DIRECT,
		e->notes & OPEN_COMPAT,
		e->call == OPEN_HANDLE,
		is_tmpfile(e),
		was_opened(e) && e->full.state & PATH_DELETED && !is_tmpfile(e),
		walked && e->full.state & PATH_DETACHED,
		was_opened(e) && e->full.state & PATH_NOWHERE,
		e->notes & OPEN_UNREADABLE,
		e->notes & OPEN_CUT || (walked && !(e->full.state & PATH_WHOLE)),
		e->stage == OPEN_ASKED,
	};
	uint32_t bits = 0;

	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++)
		if (is[i])
			bits |= 1U << i;
	cell_words(c, words, bits);
}

static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	COLUMNS_USER,
	COLUMNS_IDS,
	COLUMN_COMM_OF("name of the thread"),
	{ .name = "FD",
	  .help = "file descriptor, -1 when the open failed",
	  .width = 4,
	  .get = get_fd },
	{ .name = "ERR", .help = "errno of a failure, or 0", .width = 3, .get = get_err },
	{ .name = "ERRNAME", .help = "its name", .width = -12, .get = get_errname },
	{ .name = "FLAGS", .help = "access mode and flags", .width = -20, .get = get_flags },
	{ .name = "MODE",
	  .help = "permissions for a new file, in octal",
	  .width = 5,
	  .get = get_mode },
	{ .name = "CALL",
	  .help = "system call or io_uring operation",
	  .width = -17,
	  .get = get_call },
	COLUMNS_GROUPS,
	COLUMN_EXE,
	COLUMN_CWD,
	{ .name = "FULLPATH",
	  .help = "what was really opened, absolute",
	  .width = -40,
	  .get = get_full_path,
	  .want = WANT_FULL },
	{ .name = "PATH", .help = "path that was asked for; with -F as FULLPATH", .get = get_path },
	{ .name = "NOTE",
	  .help = "what else there is to say, behind the row",
	  .get = get_note,
	  .note = true },
	{},
};

struct table opens_table = { .columns = columns };

/* --- records --- */

static void show(const struct open_event *e)
{
	static struct cell path;

	if (opens.patterns) {
		path.kind = CELL_NONE;
		get_path(e, &path);
		if (path.kind != CELL_TEXT || !patterns_match(opens.patterns, path.text, path.len))
			return;
	}
	tool_show(e);
}

static bool result_wanted(int ret)
{
	const struct open_options *o = opens.options;

	return !(o->failed && ret >= 0) &&
	       !(o->by_errno && (ret >= 0 || -ret >= OPEN_ERRNOS || !o->errnos[-ret]));
}

/*
 * What was asked, with how it ended.  The path of what was opened takes the
 * place of that of the directory; so the context behind it moves.
 */
static struct open_event *joined(const struct pending *pending, const struct open_event *ended)
{
	const struct open_event *asked = (const void *)pending->record;
	bool opened = ended->ret >= 0 && !(asked->notes & OPEN_DIRECT);
	const struct open_event *path = opened ? ended : asked;
	size_t context = asked->head.context ? pending->size - asked->head.context : 0, at;
	struct open_event *e = malloc(pending->size + ended->full.len + 8);

	if (!e)
		return NULL;
	*e = *asked;
	e->head.time = ended->head.time;
	e->ret = ended->ret < 0 ? ended->ret : ended->ret + asked->ret;
	e->stage = OPEN_WHOLE;
	e->full = path->full;
	memcpy(e + 1, asked_of(asked), asked->asked);
	memcpy((char *)(e + 1) + e->asked, asked_of(path) + path->asked, e->full.len);
	at = (sizeof(*e) + e->asked + e->full.len + 7) & ~(size_t)7;
	e->head.context = context ? at : 0;
	memcpy((char *)e + at, (const char *)asked + asked->head.context, context);
	return e;
}

/* A request that was never heard of again: one that succeeds says nothing if it was told to (IOSQE_CQE_SKIP_SUCCESS). */
static void show_unfinished(struct pending *asked)
{
	if (asked && result_wanted(0))
		show((const void *)asked->record);
	free(asked);
}

static bool is_end_of(const struct open_event *asked, const struct open_event *ended)
{
	return asked->tag == ended->tag && asked->call == ended->call;
}

static void show_ended(const struct open_event *ended)
{
	struct pending *asked = pending_take(&requests, ended->request);
	struct open_event *e;

	/* Not its own end: that did not come, and its memory is used again. */
	if (asked && !is_end_of((const void *)asked->record, ended)) {
		show_unfinished(asked);
		asked = NULL;
	}
	e = asked ? joined(asked, ended) : NULL;

	/* Not known: asked before the tracing began, or refused before it was a request. */
	if (result_wanted(ended->ret) && (e || ended->notes & OPEN_WANTED))
		show(e ?: ended);
	free(e);
	free(asked);
}

void opens_handle(const void *record, size_t size)
{
	const struct open_event *e = record;

	switch (e->stage) {
	case OPEN_ASKED:
		/* The kernel uses the memory of a request again when that has ended. */
		show_unfinished(pending_take(&requests, e->request));
		if (pending_put(&requests, e->request, record, size))
			show(e);
		break;
	case OPEN_ENDED:
		show_ended(e);
		break;
	default:
		show(e);
	}
}

void opens_finish(void)
{
	struct pending *asked;

	while ((asked = pending_take_any(&requests)))
		show_unfinished(asked);
}
