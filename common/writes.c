// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/writes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/context.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/names.h"
#include "common/path.h"
#include "common/pending.h"
#include "common/readers.h"
#include "common/tool.h"

static void show_row(const struct write_event *e, size_t size);

struct writes writes = { .show = show_row };

/* What has not ended, by the number that its two records have: io_uring requests, and closes. */
static struct pending_table requests, closes;

static struct pending_table *table_of(const struct write_event *e)
{
	return e->notes & WRITE_IO_URING ? &requests : &closes;
}

/* --- the parts of a record --- */

const char *writes_asked(const struct write_event *e, int which, size_t *len)
{
	*len = e->asked[which];
	return (const char *)(e + 1) + (which ? e->asked[0] : 0);
}

const char *writes_base_names(const struct write_event *e, int which)
{
	const char *at = (const char *)(e + 1) + e->asked[0] + e->asked[1];

	return at + (which ? e->base[0].len : 0);
}

const char *writes_file_names(const struct write_event *e, int which)
{
	const char *at = writes_base_names(e, 1) + e->base[1].len;

	return at + (which ? e->file[0].path.len : 0);
}

const struct write_piece *writes_piece(const struct write_event *e, const struct write_piece *piece)
{
	uint32_t index = piece ? piece->index + 1U : 0;

	if (!e->data || index >= e->pieces)
		return NULL;
	return piece ? (const void *)((const char *)(piece + 1) + ((piece->got + 7) & ~7U))
		     : (const void *)((const char *)e + e->data);
}

size_t writes_path(const struct write_event *e, int which, char *buf)
{
	const struct write_file *file = &e->file[which];
	const char *asked;
	size_t len, base;

	if (file->path.len || file->path.state)
		return path_text(buf, CELL_BUF, writes_file_names(e, which), &file->path);
	if (!(which ? CALL_HAS_NAMES(e->call) : CALL_HAS_NAME(e->call)) ||
	    e->unreadable & UNREADABLE_ASKED(which) || (e->stage == WRITE_ENDED && !e->asked[0]))
		return 0;
	base = path_text(buf, CELL_BUF, writes_base_names(e, which), &e->base[which]);
	if (!base) /* not even the directory is one: a bad descriptor */
		buf[base++] = '?';
	asked = writes_asked(e, which, &len);
	return path_join(buf, CELL_BUF, base, asked, len);
}

bool writes_is_synced(const struct write_event *e)
{
	/* RWF_DSYNC and RWF_SYNC, linux/fs.h; O_SYNC has the bit of O_DSYNC. */
	bool told = e->call == CALL_PWRITEV2 && e->arg[5] & 6;

	return CALL_IS_WRITE(e->call) && e->call != CALL_STORE && e->ret >= 0 &&
	       (told || e->file[0].flags & O_DSYNC);
}

/* --- columns --- */

const char *const writes_syscalls[CALLS] = {
	[CALL_WRITE] = "write",
	[CALL_PWRITE64] = "pwrite64",
	[CALL_WRITEV] = "writev",
	[CALL_PWRITEV] = "pwritev",
	[CALL_PWRITEV2] = "pwritev2",
	[CALL_SENDFILE] = "sendfile",
	[CALL_SPLICE] = "splice",
	[CALL_VMSPLICE] = "vmsplice",
	[CALL_COPY_FILE_RANGE] = "copy_file_range",
	[CALL_OPEN] = "open",
	[CALL_CREAT] = "creat",
	[CALL_OPENAT] = "openat",
	[CALL_OPENAT2] = "openat2",
	[CALL_OPEN_BY_HANDLE_AT] = "open_by_handle_at",
	[CALL_FSYNC] = "fsync",
	[CALL_FDATASYNC] = "fdatasync",
	[CALL_SYNC_FILE_RANGE] = "sync_file_range",
	[CALL_SYNCFS] = "syncfs",
	[CALL_SYNC] = "sync",
	[CALL_FTRUNCATE] = "ftruncate",
	[CALL_TRUNCATE] = "truncate",
	[CALL_FALLOCATE] = "fallocate",
	[CALL_RENAME] = "rename",
	[CALL_RENAMEAT] = "renameat",
	[CALL_RENAMEAT2] = "renameat2",
	[CALL_UNLINK] = "unlink",
	[CALL_UNLINKAT] = "unlinkat",
	[CALL_CLOSE] = "close",
	[CALL_DUP2] = "dup2",
	[CALL_DUP3] = "dup3",
	[CALL_CLOSE_RANGE] = "close_range",
};

const char *writes_call_name(const struct write_event *e)
{
	switch (e->call) {
	case CALL_STORE:
		return "store";
	case CALL_WRITE_FIXED:
		return "write_fixed";
	case CALL_WRITEV_FIXED:
		return "writev_fixed";
	}
	return CALL_IS_CLOSE(e->call) ? "close" : writes_syscalls[e->call];
}

static void get_call(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	cell_text(c, c->buf,
		  sprintf(c->buf, "%s%s", e->notes & WRITE_IO_URING ? "io_uring:" : "",
			  writes_call_name(e)));
}

static void get_fd(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (e->fd >= 0)
		cell_number(c, e->fd);
	else if (e->stage == WRITE_ENDED && !CALL_IS_OPEN(e->call))
		cell_unknown(c);
}

/* How it ended is known. */
static bool is_over(const struct write_event *e)
{
	return e->stage != WRITE_ASKED;
}

static void get_bytes(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (!CALL_IS_WRITE(e->call) || e->call == CALL_STORE)
		return;
	if (!is_over(e))
		cell_unknown(c);
	else if (e->ret >= 0)
		cell_number(c, e->ret);
}

static bool has_total(const struct write_event *e)
{
	return (CALL_IS_WRITE(e->call) && e->call != CALL_STORE) || e->call == CALL_FTRUNCATE ||
	       e->call == CALL_TRUNCATE || e->call == CALL_FALLOCATE ||
	       e->call == CALL_SYNC_FILE_RANGE;
}

static void get_asked(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (has_total(e))
		cell_number(c, e->total);
}

static void get_err(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (is_over(e))
		cell_number(c, e->ret < 0 ? -e->ret : 0);
	else
		cell_unknown(c);
}

static void get_errname(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (e->ret < 0)
		cell_errno(c, -e->ret);
}

static void get_offset(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (e->offset != WRITE_NO_OFFSET)
		cell_number(c, e->offset);
}

static void get_latency(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	if (e->began && is_over(e) && e->began <= e->head.time)
		cell_number(c, (e->head.time - e->began) / 1000);
}

static void get_flags(const void *record, struct cell *c)
{
	const struct write_event *e = record;
	uint64_t flags;

	if (!CALL_IS_OPEN(e->call))
		return;
	if (e->call == CALL_CREAT)
		flags = O_CREAT | O_WRONLY | O_TRUNC;
	else if (e->call == CALL_OPENAT2 && !(e->notes & WRITE_IO_URING))
		flags = e->how[0];
	else
		flags = (uint32_t)e->arg[e->call == CALL_OPEN ? 1 : 2];
	cell_text(c, c->buf, open_flags_text(c->buf, sizeof(c->buf), flags));
}

static void get_path_of(const struct write_event *e, int which, struct cell *c)
{
	size_t len = writes_path(e, which, c->buf);

	if (len)
		cell_text(c, c->buf, len);
}

static void get_path(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	get_path_of(e, 0, c);
	if (c->kind == CELL_NONE && e->call != CALL_SYNC)
		cell_unknown(c);
}

static void get_other(const void *record, struct cell *c)
{
	const struct write_event *e = record;

	/* What a dup2(2) puts in the place of what it closes is no other file of that. */
	if (!CALL_IS_CLOSE(e->call))
		get_path_of(e, 1, c);
}

/* The data of all pieces, as far as it was written. */
static size_t data_of(const struct write_event *e, char *buf, size_t size, bool *cut, bool *unread)
{
	uint64_t written = e->ret >= 0 ? (uint64_t)e->ret : e->total, passed = 0, take;
	size_t used = 0;

	*unread = false;
	for (const struct write_piece *p = writes_piece(e, NULL); p && passed < written;
	     p = writes_piece(e, p)) {
		take = p->len < written - passed ? p->len : written - passed;
		passed += take;
		if (take > p->got)
			take = p->got;
		if (take > size - used)
			take = size - used;
		memcpy(buf + used, p + 1, take);
		used += take;
		*unread = *unread || p->unreadable;
	}
	*cut = used < written;
	return used;
}

/* In quotes, so that it cannot pass for anything else, and "..." behind them where it is cut. */
static void print_data(const void *record, struct output *o)
{
	static char data[WRITE_DATA_MAX];
	const struct write_event *e = record;
	bool cut, unread, exact, none = !CALL_IS_WRITE(e->call) || !e->data;
	size_t len = none ? 0 : data_of(e, data, sizeof(data), &cut, &unread);

	if (none || (unread && !len)) {
		output_put(o, o->json ? "null" : none ? "-" : "?");
	} else if (o->json) {
		output_put(o, "\"");
		output_json_string(o, data, len, &exact);
		output_put(o, "\"");
		if (writes.hex || !exact) {
			output_put(o, ",\"data_hex\":");
			output_hex(o, data, len);
		}
		if (cut)
			output_put(o, ",\"data_cut\":true");
	} else if (writes.hex) {
		output_advance(o, escape_hex(output_room(o, 2 * len), data, len));
		output_put(o, cut ? "..." : "");
	} else {
		output_put(o, "\"");
		output_advance(o, escape_strace(output_room(o, len * ESCAPE_TEXT_MAX), data, len));
		output_put(o, cut ? "\"..." : "\"");
	}
}

static bool is_short(const struct write_event *e)
{
	/* A copy is asked for as many bytes as there may be. */
	bool copies = e->call >= CALL_SENDFILE && e->call <= CALL_COPY_FILE_RANGE;

	return CALL_IS_WRITE(e->call) && e->call != CALL_STORE && !copies && is_over(e) &&
	       e->ret >= 0 && (uint64_t)e->ret < e->total;
}

static void get_note(const void *record, struct cell *c)
{
	static const char *const words[] = {
		"(mmap)",	"(direct)",	 "(32-bit)",	 "(dup2)",
		"(dup3)",	"(close_range)", "(exec)",	 "(exit)",
		"(short)",	"(deleted)",	 "(detached)",	 "(anonymous)",
		"(unreadable)", "(cut)",	 "(unfinished)", "(still open)",
	};
	const struct write_event *e = record;
	const struct write_file *f = &e->file[0];
	bool walked = f->path.len || f->path.state;
	const bool is[] = {
		e->call == CALL_STORE,
		e->notes & WRITE_DIRECT,
		e->notes & WRITE_COMPAT,
		e->call == CALL_DUP2,
		e->call == CALL_DUP3,
		e->call == CALL_CLOSE_RANGE,
		e->call == CALL_EXEC,
		e->call == CALL_EXIT,
		is_short(e),
		walked && f->path.state & PATH_DELETED,
		walked && f->path.state & PATH_DETACHED,
		/* Others have names that no path can have. */
		walked && f->path.state & PATH_NOWHERE && S_ISREG(f->mode),
		e->notes & WRITE_UNREADABLE,
		e->notes & WRITE_CUT || (walked && !(f->path.state & PATH_WHOLE)),
		e->stage == WRITE_ASKED,
		/* Of others what is left is not known yet. */
		CALL_IS_CLOSE(e->call) && e->call <= CALL_DUP3 && is_over(e) && f->refs,
	};
	static char other[CELL_BUF];
	uint32_t bits = 0;
	size_t used = 0, len;

	for (size_t i = 0; i < sizeof(is) / sizeof(*is); i++)
		if (is[i])
			bits |= 1U << i;
	cell_words(c, words, bits);
	if (c->kind == CELL_TEXT)
		used = c->len;
	if (e->ret < 0 && !table_shows(&writes_table, "ERR") &&
	    !table_shows(&writes_table, "ERRNAME")) {
		struct cell err;

		cell_errno(&err, -e->ret);
		used += snprintf(c->buf + used, sizeof(c->buf) - used, "%s(%.*s)", used ? " " : "",
				 (int)err.len, err.text);
	}
	len = CALL_IS_CLOSE(e->call) ? 0 : writes_path(e, 1, other);
	if (len && used + len + 4 < sizeof(c->buf) && !table_shows(&writes_table, "OTHER")) {
		used += sprintf(c->buf + used, "%s%s ", used ? " " : "",
				CALL_HAS_NAMES(e->call) ? "->" : "<-");
		memcpy(c->buf + used, other, len);
		used += len;
	}
	if (used)
		cell_text(c, c->buf, used);
}

static const struct column columns[] = {
	COLUMN_TIME_OF_DAY,
	COLUMNS_USER,
	COLUMNS_IDS,
	COLUMN_COMM_OF("name of the thread"),
	{ .name = "CALL",
	  .help = "system call or io_uring operation",
	  .width = -15,
	  .get = get_call },
	{ .name = "FD", .help = "file descriptor", .width = 3, .get = get_fd },
	{ .name = "BYTES", .help = "bytes written", .width = 7, .get = get_bytes },
	{ .name = "ASKED",
	  .help = "bytes it was asked to write, or the length it was given",
	  .width = 7,
	  .get = get_asked },
	{ .name = "ERR", .help = "errno of a failure, or 0", .width = 3, .get = get_err },
	{ .name = "ERRNAME", .help = "its name", .width = -12, .get = get_errname },
	{ .name = "OFFSET",
	  .help = "where in the file the bytes went",
	  .width = 9,
	  .get = get_offset },
	{ .name = "LAT",
	  .help = "microseconds that the call took",
	  .width = 7,
	  .get = get_latency,
	  .want = WANT_LATENCY },
	{ .name = "FLAGS",
	  .help = "of an open: access mode and flags",
	  .width = -20,
	  .get = get_flags },
	COLUMNS_GROUPS,
	COLUMN_EXE,
	COLUMN_CWD,
	{ .name = "PATH", .help = "the file, absolute; of a rename its old name", .get = get_path },
	{ .name = "OTHER",
	  .help = "a rename's new name, or where the bytes came from",
	  .get = get_other },
	{ .name = "DATA",
	  .help = "what was written, see -s",
	  .print = print_data,
	  .want = WANT_DATA },
	{ .name = "NOTE",
	  .help = "what else there is to say, behind the row",
	  .get = get_note,
	  .note = true },
	{},
};

struct table writes_table = { .columns = columns };

/* --- records --- */

#define ENDING_BITS 14
#define TOGETHER 100000000ULL /* ns: an exit takes less, unless it is held up */

/*
 * Descriptors that are closed together, by an exit for instance, are all told
 * before the first is dropped: their file is closed with as many of them as hold
 * it.  Where that cannot be counted, for two files have the same place here, each
 * is taken for the last.
 */
static bool is_last_of_many(const struct write_event *e)
{
	static struct ending {
		uint64_t file, time;
		uint32_t pid, refs, told;
	} endings[1 << ENDING_BITS];
	uint64_t file = e->file[0].file, key = (file ^ e->head.pid) * 0x9E3779B97F4A7C15ULL;
	struct ending *at = &endings[key >> (64 - ENDING_BITS)];

	/* One of those that hold it is a mapping then, which goes with the process. */
	if (e->file[0].refs <= 1 || e->notes & WRITE_MAPPED)
		return true;
	if (at->time + TOGETHER < e->head.time || at->told == at->refs)
		*at = (struct ending){ file, 0, e->head.pid, e->file[0].refs, 0 };
	at->time = e->head.time;
	if (at->file != file || at->pid != e->head.pid || at->refs != e->file[0].refs)
		return true;
	return ++at->told == at->refs;
}

/* Has something else than close(2) taken a descriptor, while others still hold the file open?  That is no news. */
static bool is_open_still(const struct write_event *e)
{
	switch (e->call) {
	case CALL_DUP2:
	case CALL_DUP3:
		return !writes.calls && e->file[0].refs;
	case CALL_CLOSE_RANGE:
	case CALL_EXEC:
	case CALL_EXIT:
		return !is_last_of_many(e);
	}
	return false;
}

static void show_row(const struct write_event *e, size_t size)
{
	(void)size;
	if (!is_open_still(e) || writes.options->all)
		tool_show(e);
}

static char *append(char *to, const void *from, size_t len)
{
	return (char *)memcpy(to, from, len) + len;
}

int writes_add_pattern(struct patterns *patterns, const char *text)
{
	const struct pattern *p = &patterns->pattern[patterns->count];
	char path[PATTERN_MAX + 3], *end = path;
	bool begins, ends;
	int err = patterns_add(patterns, "-P", text);

	if (err)
		return err;
	begins = p->kind == PATTERN_EXACT || p->kind == PATTERN_PREFIX;
	ends = p->kind == PATTERN_EXACT || p->kind == PATTERN_SUFFIX;
	if (begins && !path_may_begin((const char *)p->text, p->len, ends))
		return log_err(0, "-P: no path begins so, '*/NAME' is one in any directory: '%s'",
			       text);
	/* One that would match, if any does. */
	end = append(end, "/x", begins ? 0 : 2);
	end = append(end, p->text, p->len);
	end = append(end, "x", ends ? 0 : 1);
	if (path_clean(path, end - path) != (size_t)(end - path))
		return log_err(
			0, "-P: no path has '//', '/./' or '/../' in it, or '/' at its end: '%s'",
			text);
	if (memchr(p->text, '*', p->len))
		log_warn("-P: a '*' that is neither the first nor the last stands for itself: '%s'",
			 text);
	return 0;
}

static bool path_wanted(const struct write_event *e)
{
	static char path[CELL_BUF];

	for (int i = 0; i < 2; i++) {
		size_t len = path_clean(path, writes_path(e, i, path));

		if (len && patterns_match(writes.patterns, path, len))
			return true;
	}
	return false;
}

/* Somebody else writes to the file or the pipe that this prints to: told once. */
static void tell_output(const struct write_event *e)
{
	static bool told;

	if (told || !CALL_IS_WRITE(e->call) || !readers_is_output(e->file[0].dev, e->file[0].ino))
		return;
	told = true;
	log_warn("process %u writes to what this prints to as well", e->head.pid);
}

static void show(const struct write_event *e, size_t size)
{
	tell_output(e);
	/* That is why a pipe has come here. */
	if (!writes.options->all && S_ISFIFO(e->file[0].mode))
		return;
	/* To who adds up what is synced of a file it matters that all files are. */
	bool of_all = writes.show != show_row && (e->call == CALL_SYNC || e->call == CALL_SYNCFS);

	if (!writes.patterns || of_all || path_wanted(e))
		writes.show(e, size);
}

/* What the kernel half could not look at before there was a result. */
static bool is_wanted(const struct write_event *e)
{
	const struct write_options *o = writes.options;

	if (o->failed && e->ret >= 0)
		return false;
	if (o->min_bytes && e->ret < (int64_t)o->min_bytes)
		return false;
	if (o->by_fd && e->fd != o->fd)
		return false;
	/* A dup2(2) that fails closes nothing. */
	if (CALL_IS_CLOSE(e->call) && e->call != CALL_CLOSE && e->ret < 0)
		return false;
	return o->all || !e->file[0].file || S_ISREG(e->file[0].mode) || S_ISDIR(e->file[0].mode);
}

/*
 * What was asked, with how it ended.  The file stands in the second record, if
 * it was known only then, and of a close in the first.
 */
static struct write_event *joined(const struct pending *pending, const struct write_event *ended,
				  size_t ended_size, size_t *size)
{
	const struct write_event *asked = (const void *)pending->record;
	const struct write_event *file = ended->file[0].path.len ? ended : asked;
	size_t context = asked->head.context ? pending->size - asked->head.context : 0;
	size_t data = ended->data ? ended_size - ended->data : 0;
	const char *context_at = (const char *)asked + asked->head.context;
	struct write_event *e;
	char *to;

	/* Of both more than enough. */
	e = malloc(pending->size + ended_size + 16);
	if (!e)
		return NULL;
	*e = *asked;
	e->began = asked->began ?: asked->head.time;
	e->head.time = ended->head.time;
	e->ret = ended->ret;
	e->stage = WRITE_WHOLE;
	if (CALL_IS_OPEN(e->call))
		e->fd = ended->fd >= 0 ? ended->fd : e->fd;
	if (CALL_IS_WRITE(e->call) && ended->file[0].file) {
		e->offset = ended->offset;
		e->total = ended->total;
	}
	e->file[0] = file->file[0];
	/* Of a close by io_uring nobody has looked. */
	e->file[0].refs = e->notes & WRITE_IO_URING && CALL_IS_CLOSE(e->call)
				  ? asked->file[0].refs - 1
				  : ended->file[0].refs;
	to = append((char *)(e + 1), (const char *)(asked + 1),
		    writes_file_names(asked, 0) - (const char *)(asked + 1));
	to = append(to, writes_file_names(file, 0), file->file[0].path.len);
	to = append(to, writes_file_names(asked, 1), asked->file[1].path.len);
	to = (char *)e + ((to - (char *)e + 7) & ~7L);
	e->head.context = context ? to - (char *)e : 0;
	to = append(to, context_at, context);
	to = (char *)e + ((to - (char *)e + 7) & ~7L);
	e->data = data ? to - (char *)e : 0;
	e->pieces = ended->pieces;
	to = append(to, (const char *)ended + ended->data, data);
	*size = to - (char *)e;
	return e;
}

/* Never heard of again: it has not ended, or says nothing if it succeeds because it was told to (IOSQE_CQE_SKIP_SUCCESS). */
static void show_asked(const struct write_event *e, size_t size)
{
	if (!writes.options->failed && !writes.options->min_bytes)
		show(e, size);
}

static void show_unfinished(struct pending *asked)
{
	if (asked)
		show_asked((const void *)asked->record, asked->size);
	free(asked);
}

static void show_ended(const struct write_event *ended, size_t size)
{
	struct pending *asked = pending_take(table_of(ended), ended->request);
	const struct write_event *first = asked ? (const void *)asked->record : NULL;
	struct write_event *e = NULL;

	/* Not its own end: that did not come, and its memory is used again. */
	if (first && (first->tag != ended->tag || first->call != ended->call)) {
		show_unfinished(asked);
		asked = NULL;
	}
	if (asked)
		e = joined(asked, ended, size, &size);
	/* Not known: asked before the tracing began. */
	if ((e || ended->notes & WRITE_WANTED) && is_wanted(e ?: ended))
		show(e ?: ended, size);
	free(e);
	free(asked);
}

void writes_handle(const void *record, size_t size)
{
	const struct write_event *e = record;

	switch (e->stage) {
	case WRITE_ASKED:
		/* The kernel uses the memory of a request again when that has ended. */
		show_unfinished(pending_take(table_of(e), e->request));
		/* Somebody has filled the memory for that: shown at once then, without a result. */
		if (pending_put(table_of(e), e->request, record, size))
			show_asked(e, size);
		break;
	case WRITE_ENDED:
		show_ended(e, size);
		break;
	default:
		show(e, size);
	}
}

void writes_finish(void)
{
	struct pending *asked;

	while ((asked = pending_take_any(&closes)) || (asked = pending_take_any(&requests)))
		show_unfinished(asked);
}
