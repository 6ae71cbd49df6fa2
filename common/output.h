/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where records go: one buffer, one write for many records, and an exact count
 * of those that could not be written.
 */
#ifndef COMMON_OUTPUT_H
#define COMMON_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output {
	int fd;
	bool json;
	bool utf8;			       /* the terminal's charset is UTF-8 */
	unsigned short lines;		       /* of the terminal; 0: it is none */
	bool closed;			       /* the reader has gone away (EPIPE) */
	int error;			       /* negative errno of a write that failed otherwise */
	uint64_t lost;			       /* records that were not written */
	const volatile sig_atomic_t *stopping; /* not to wait for a reader that does not read */
	char *buf;
	size_t used, size;
	uint32_t *ends; /* where each record in the buffer ends */
	size_t records, ends_size;
};

/*
 * Opens `path` (NULL: standard output) for records.  Returns 0 or a negative
 * errno, after saying why.
 */
int output_open(struct output *o, const char *path, const volatile sig_atomic_t *stopping);
void output_close(struct output *o);

/* Room for `size` more bytes; valid until the next call.  Never NULL: memory that cannot be had ends the command. */
char *output_room(struct output *o, size_t size);
/* Takes over what was written into the room, up to `end`. */
static inline void output_advance(struct output *o, const char *end)
{
	o->used = end - o->buf;
}

/* Trusted text as it is. */
void output_put(struct output *o, const char *text);
void output_format(struct output *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Untrusted bytes, escaped for a row; `columns`, if not NULL, is set to what they take on a terminal. */
void output_text(struct output *o, const char *text, size_t len, size_t *columns);
/* The same as a word of a shell, see escape_shell(). */
void output_shell(struct output *o, const char *text, size_t len, bool quote);
/* The inside of a JSON string; *exact as escape_json() says. */
void output_json_string(struct output *o, const char *text, size_t len, bool *exact);
/* Would it be exact? */
bool output_json_is_exact(struct output *o, const char *text, size_t len);
/* "key":"value" of untrusted bytes, and "key_hex" where the value is not valid UTF-8. */
void output_json_text(struct output *o, const char *key, const char *text, size_t len);
/* Bytes as a JSON string of hexadecimal. */
void output_hex(struct output *o, const char *text, size_t len);
void output_number(struct output *o, int64_t number);
void output_pad(struct output *o, size_t columns);

/* The end of a record: writes the buffer out when it is large enough to be worth it. */
void output_end(struct output *o);
/* Writes the buffer out.  Returns 0, or what stays true from then on: closed (-EPIPE) or the error. */
int output_flush(struct output *o);

#endif
