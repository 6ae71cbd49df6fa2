/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tables of columns: one table gives the heading, the rows, the JSON keys and
 * values, the names that -o takes and the list that explains them, so that
 * these cannot disagree.
 */
#ifndef COMMON_COLUMN_H
#define COMMON_COLUMN_H

#include <stdint.h>
#include <stdio.h>
#include "common/output.h"

#define CELL_BUF 9216 /* bytes: two paths of PATH_MAX and a little */
#define COLUMNS_MAX 48

/* None: there is no such thing, "-"; unknown: there is, but it could not be had, "?"; both null in JSON. */
enum cell_kind { CELL_NONE, CELL_UNKNOWN, CELL_NUMBER, CELL_TEXT };

/* One value, as the function of a column gives it. */
struct cell {
	enum cell_kind kind;
	int64_t number;
	const char *text; /* untrusted bytes, of the record or in buf */
	size_t len;
	char buf[CELL_BUF];
};

enum column_kind {
	COLUMN_CELL, /* what get() says */
	COLUMN_U32,  /* the number at offset */
	COLUMN_S32,
	COLUMN_COMM, /* EVENT_COMM_LEN bytes at offset */
	COLUMN_TIME, /* CLOCK_MONOTONIC nanoseconds at offset, shown as wall-clock time */
};

struct column {
	const char *name; /* in upper case; NULL ends a table */
	const char *help;
	int width; /* columns of the terminal; negative: text, to the left; 0: whatever it takes */
	enum column_kind kind;
	uint32_t offset;
	void (*get)(const void *record, struct cell *cell);
	/* For what is no single value, in place of get(): prints what stands in the row, or the JSON value. */
	void (*print)(const void *record, struct output *o);
	/* What the record has to bring for it: WANT_... of bpf/context.h, or the command's own. */
	uint32_t want;
	/* Always shown, without a heading: follows the row after a TAB if there is something to say. */
	bool note;
};

struct table {
	const struct column *columns; /* in the order in which they are shown */
	const char *list;	      /* the options that list them; NULL: -o list */
	const struct column *shown[COLUMNS_MAX];
	unsigned int count;
};

/* What the cell is to say. */
static inline void cell_number(struct cell *c, int64_t number)
{
	c->kind = CELL_NUMBER;
	c->number = number;
}

static inline void cell_unknown(struct cell *c)
{
	c->kind = CELL_UNKNOWN;
}

static inline void cell_text(struct cell *c, const char *text, size_t len)
{
	c->kind = CELL_TEXT;
	c->text = text;
	c->len = len;
}

/*
 * Shows the columns that `spec` names, "COL,COL", or with a + in front those as
 * well.  0, or -EINVAL after naming what is wrong.
 */
int table_choose(struct table *t, const char *spec);
/* The column of that name, in upper or lower case; NULL if there is none. */
const struct column *table_find(const struct table *t, const char *name, size_t len);
/* Shows a column as well, in its place; the name is known to be right. */
void table_show(struct table *t, const char *name);
/* Is it shown? */
bool table_shows(const struct table *t, const char *name);
/* A cell that is one of a list of words, or several of them: for bits 0, 1, ... that are set; nothing for none. */
void cell_words(struct cell *c, const char *const *words, uint32_t bits);

/* The name of an error, or its number where it has none. */
void cell_errno(struct cell *c, int err);

/* All that the shown columns want. */
uint32_t table_wants(const struct table *t);

void table_heading(const struct table *t, struct output *o);
/* One record: as a row without its newline, or the members of a JSON object without its braces. */
void table_print(const struct table *t, struct output *o, const void *record);
/* The list for "-o list": a line for each column. */
void table_list(const struct table *t, FILE *to);

#endif
