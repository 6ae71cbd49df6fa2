/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of readline-snoop (bpf/readline-snoop.h): their columns, the lines of one command put together, and how it ended. */
#ifndef COMMON_LINES_H
#define COMMON_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/column.h"
#include "bpf/readline-snoop.h"

/* Set by the command before the first record. */
extern struct lines {
	bool raw;	 /* each line as it was read, empty ones too */
	bool ends;	 /* not before the next prompt, with status and duration */
	bool no_secrets; /* without those read at a prompt that looks like one for a secret */
} lines;

extern struct table lines_table;

/* For struct tool. */
void lines_handle(const void *record, size_t size);
void lines_settle(uint64_t now);
void lines_finish(void);

/* Does a prompt ask for something that nobody else is to read? */
bool lines_is_secret(const char *prompt, size_t len);
/* Is it one for the rest of something, by the custom of programs that are no shells: "..."? */
bool lines_is_continued(const char *prompt, size_t len);
/* Is it one for more of what was begun at the prompt `first`, of the same length, by the custom of psql? */
bool lines_is_more_of(const char *first, const char *prompt, size_t len);
/* `count` wide characters of zsh, as the bytes that they stand for: 4 for each at most, in `to`, which may be `wide`.  Returns how many. */
size_t lines_narrow(char *to, const char *wide, size_t count);

#endif
