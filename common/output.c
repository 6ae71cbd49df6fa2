// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/output.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/escape.h"
#include "common/log.h"

#define BATCH (64 * 1024)   /* bytes: a write of this size costs little more than one of a line */
#define PIPE_SIZE (1 << 20) /* what everybody may have, see pipe(7) */
#define PATIENCE 1000000000ULL /* ns, for a reader that does not read, once the command is to end */

static void *grown(void *old, size_t size)
{
	void *new = realloc(old, size);

	if (!new) {
		log_err(-ENOMEM, "output");
		_exit(1);
	}
	return new;
}

int output_open(struct output *o, const char *path, const volatile sig_atomic_t *stopping)
{
	struct winsize window;

	*o = (struct output){ .fd = STDOUT_FILENO, .stopping = stopping };
	o->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (path) {
		o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
		if (o->fd < 0)
			return log_err(-errno, "%s", path);
	}
	if (!ioctl(o->fd, TIOCGWINSZ, &window))
		o->lines = window.ws_row ?: 24; /* a serial line does not know */
	/* Room for a reader that is not run for a while; anything but a pipe says no. */
	fcntl(o->fd, F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

void output_close(struct output *o)
{
	free(o->buf);
	free(o->ends);
	o->buf = NULL;
	o->ends = NULL;
}

char *output_room(struct output *o, size_t size)
{
	if (o->size - o->used < size || !o->buf) {
		o->size = o->used + size + BATCH;
		o->buf = grown(o->buf, o->size);
	}
	return o->buf + o->used;
}

void output_put(struct output *o, const char *text)
{
	size_t len = strlen(text);

	output_advance(o, (char *)memcpy(output_room(o, len), text, len) + len);
}

void output_format(struct output *o, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	output_put(o, text);
}

void output_text(struct output *o, const char *text, size_t len, size_t *columns)
{
	char *start = output_room(o, len * ESCAPE_TEXT_MAX);
	char *end = escape_text(start, text, len, o->utf8);

	if (columns)
		*columns = escape_columns(start, end - start);
	output_advance(o, end);
}

void output_shell(struct output *o, const char *text, size_t len, bool quote)
{
	char *start = output_room(o, len * ESCAPE_TEXT_MAX + ESCAPE_SHELL_EXTRA);

	output_advance(o, escape_shell(start, text, len, o->utf8, quote));
}

void output_json_string(struct output *o, const char *text, size_t len, bool *exact)
{
	output_advance(o, escape_json(output_room(o, len * ESCAPE_JSON_MAX), text, len, exact));
}

bool output_json_is_exact(struct output *o, const char *text, size_t len)
{
	bool exact;

	escape_json(output_room(o, len * ESCAPE_JSON_MAX), text, len, &exact);
	return exact;
}

void output_json_text(struct output *o, const char *key, const char *text, size_t len)
{
	bool exact;

	output_format(o, "\"%s\":\"", key);
	output_json_string(o, text, len, &exact);
	output_put(o, "\"");
	if (exact)
		return;
	output_format(o, ",\"%s_hex\":", key);
	output_hex(o, text, len);
}

void output_hex(struct output *o, const char *text, size_t len)
{
	output_put(o, "\"");
	output_advance(o, escape_hex(output_room(o, len * 2), text, len));
	output_put(o, "\"");
}

void output_number(struct output *o, int64_t number)
{
	char digits[24], *p = digits + sizeof(digits), *to = output_room(o, sizeof(digits));
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
	size_t len;

	do
		*--p = '0' + rest % 10;
	while (rest /= 10);
	if (number < 0)
		*--p = '-';
	len = digits + sizeof(digits) - p;
	memcpy(to, p, len);
	output_advance(o, to + len);
}

void output_pad(struct output *o, size_t columns)
{
	output_advance(o, (char *)memset(output_room(o, columns), ' ', columns) + columns);
}

void output_end(struct output *o)
{
	if (o->records == o->ends_size) {
		o->ends_size = o->ends_size ? 2 * o->ends_size : 1024;
		o->ends = grown(o->ends, o->ends_size * sizeof(*o->ends));
	}
	o->ends[o->records++] = o->used;
	if (o->used >= BATCH)
		output_flush(o);
}

/* Waits until something can be written; false when the command is to end and the reader does not read. */
static bool writable(const struct output *o)
{
	struct pollfd p = { .fd = o->fd, .events = POLLOUT };
	uint64_t since = 0; /* when it was first seen that the command is to end */

	for (;;) {
		if (poll(&p, 1, 100) > 0)
			return true;
		if (*o->stopping && !since)
			since = clock_now();
		else if (since && clock_now() - since > PATIENCE)
			return false;
	}
}

int output_flush(struct output *o)
{
	size_t done = 0, piece, i;
	bool full = false; /* it does not block, and would have to */
	ssize_t n;

	if (o->closed || o->error)
		goto out;
	while (done < o->used) {
		piece = o->used - done;
		/* No more than fits without waiting: what poll() promises for a pipe, see pipe(7). */
		if (*o->stopping && piece > PIPE_BUF)
			piece = PIPE_BUF;
		if ((*o->stopping || full) && !writable(o)) {
			o->error = -ETIMEDOUT;
			break;
		}
		full = false;
		n = write(o->fd, o->buf + done, piece);
		if (n >= 0) {
			done += n;
		} else if (errno == EAGAIN) {
			full = true;
		} else if (errno == EPIPE) {
			o->closed = true;
			break;
		} else if (errno != EINTR) {
			o->error = log_err(-errno, "cannot write");
			break;
		}
	}
out:
	/* A reader that has gone away misses nothing. */
	if (done < o->used && !o->closed)
		for (i = 0; i < o->records; i++)
			o->lost += o->ends[i] > done;
	o->used = 0;
	o->records = 0;
	return o->closed ? -EPIPE : o->error;
}
