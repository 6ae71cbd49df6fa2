// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/column.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/escape.h"
#include "common/event.h"
#include "common/log.h"
#include "common/names.h"

/* Not tolower(3): what that does is up to the reader's locale. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

const struct column *table_find(const struct table *t, const char *name, size_t len)
{
	size_t i;

	for (const struct column *c = t->columns; c->name; c++) {
		for (i = 0; i < len && c->name[i] && lower(c->name[i]) == lower(name[i]); i++)
			;
		if (i == len && !c->name[i])
			return c;
	}
	return NULL;
}

static bool is_shown(const struct table *t, const struct column *c)
{
	for (unsigned int i = 0; i < t->count; i++)
		if (t->shown[i] == c)
			return true;
	return false;
}

bool table_shows(const struct table *t, const char *name)
{
	return is_shown(t, table_find(t, name, strlen(name)));
}

/* Adds a column in the order of the table. */
static void table_insert(struct table *t, const struct column *c)
{
	unsigned int i = t->count;

	if (is_shown(t, c))
		return;
	for (; i > 0 && t->shown[i - 1] > c; i--)
		t->shown[i] = t->shown[i - 1];
	t->shown[i] = c;
	t->count++;
}

void table_show(struct table *t, const char *name)
{
	table_insert(t, table_find(t, name, strlen(name)));
}

static int table_parse(struct table *t, const char *spec)
{
	bool add = *spec == '+';
	const struct column *c;
	size_t len;

	if (!add)
		t->count = 0;
	for (spec += add;; spec += len + 1) {
		len = strcspn(spec, ",");
		c = table_find(t, spec, len);
		if (!c)
			return log_err(0, "-o: no column '%.*s' (%s shows them)", (int)len, spec,
				       t->list ?: "-o list");
		if (add)
			table_insert(t, c);
		else if (is_shown(t, c))
			return log_err(0, "-o: column '%.*s' twice", (int)len, spec);
		else
			t->shown[t->count++] = c;
		if (!spec[len])
			return 0;
	}
}

int table_choose(struct table *t, const char *spec)
{
	int err = table_parse(t, spec);

	for (const struct column *c = t->columns; c->name; c++)
		if (c->note)
			table_insert(t, c);
	return err;
}

void cell_words(struct cell *c, const char *const *words, uint32_t bits)
{
	size_t used = 0;

	for (; bits; bits >>= 1, words++)
		if (bits & 1)
			used += snprintf(c->buf + used, sizeof(c->buf) - used, "%s%s",
					 used ? " " : "", *words);
	if (used)
		cell_text(c, c->buf, used);
}

void cell_errno(struct cell *c, int err)
{
	const char *name = errno_name(err);

	if (name)
		cell_text(c, name, strlen(name));
	else
		cell_text(c, c->buf, sprintf(c->buf, "%d", err));
}

uint32_t table_wants(const struct table *t)
{
	uint32_t want = 0;

	for (unsigned int i = 0; i < t->count; i++)
		want |= t->shown[i]->want;
	return want;
}

/* Nothing follows it in a row but a note. */
static bool is_last(const struct table *t, unsigned int i)
{
	while (++i < t->count)
		if (!t->shown[i]->note)
			return false;
	return true;
}

void table_heading(const struct table *t, struct output *o)
{
	const struct column *c;
	const char *gap = "";

	for (unsigned int i = 0; i < t->count; i++) {
		c = t->shown[i];
		if (c->note)
			continue;
		output_format(o, "%s%*s", gap, is_last(t, i) && c->width < 0 ? 0 : c->width,
			      c->name);
		gap = " ";
	}
	output_put(o, "\n");
}

static void cell_fill(struct cell *cell, const struct column *c, const void *record, bool json)
{
	const char *at = (const char *)record + c->offset;

	cell->kind = CELL_NONE;
	switch (c->kind) {
	case COLUMN_CELL:
		c->get(record, cell);
		break;
	case COLUMN_U32:
		cell_number(cell, *(const uint32_t *)at);
		break;
	case COLUMN_S32:
		cell_number(cell, *(const int32_t *)at);
		break;
	case COLUMN_COMM:
		cell_text(cell, at, strnlen(at, EVENT_COMM_LEN));
		break;
	case COLUMN_TIME:
		(json ? clock_json : clock_text)(*(const uint64_t *)at, cell->buf);
		cell_text(cell, cell->buf, strlen(cell->buf));
		break;
	}
}

/* Prints a value; returns the columns of the terminal that it takes. */
static size_t print_cell(struct output *o, const struct cell *cell)
{
	size_t start = o->used, columns = 1;

	switch (cell->kind) {
	case CELL_NONE:
		output_put(o, "-");
		break;
	case CELL_UNKNOWN:
		output_put(o, "?");
		break;
	case CELL_NUMBER:
		output_number(o, cell->number);
		columns = o->used - start;
		break;
	case CELL_TEXT:
		output_text(o, cell->text, cell->len, &columns);
		break;
	}
	return columns;
}

/* The value of a column, in its width. */
static void print_column(struct output *o, const struct column *c, const void *record,
			 struct cell *cell, bool last)
{
	size_t width = abs(c->width), start = o->used, columns, pad;

	if (c->print) {
		c->print(record, o);
		columns = escape_columns(o->buf + start, o->used - start);
	} else {
		cell_fill(cell, c, record, false);
		columns = print_cell(o, cell);
	}
	if (columns >= width || (last && c->width < 0))
		return;
	pad = width - columns;
	output_pad(o, pad);
	if (c->width > 0) {
		memmove(o->buf + start + pad, o->buf + start, o->used - start - pad);
		memset(o->buf + start, ' ', pad);
	}
}

/* The members of an object; a note without a word is left out. */
static void print_json(const struct table *t, struct output *o, const void *record,
		       struct cell *cell)
{
	char key[32];
	const char *gap = "";
	const struct column *c;
	size_t n;

	for (unsigned int i = 0; i < t->count; i++) {
		c = t->shown[i];
		if (!c->print)
			cell_fill(cell, c, record, true);
		if (c->note && cell->kind == CELL_NONE)
			continue;
		for (n = 0; n < sizeof(key) - 1 && c->name[n]; n++)
			key[n] = lower(c->name[n]);
		key[n] = '\0';
		output_put(o, gap);
		gap = ",";
		if (c->print) {
			output_format(o, "\"%s\":", key);
			c->print(record, o);
			continue;
		}
		switch (cell->kind) {
		case CELL_NONE:
		case CELL_UNKNOWN:
			output_format(o, "\"%s\":null", key);
			break;
		case CELL_NUMBER:
			output_format(o, "\"%s\":", key);
			output_number(o, cell->number);
			break;
		case CELL_TEXT:
			output_json_text(o, key, cell->text, cell->len);
			break;
		}
	}
}

static void print_row(const struct table *t, struct output *o, const void *record,
		      struct cell *cell)
{
	const struct column *c, *note = NULL;
	const char *gap = "";

	for (unsigned int i = 0; i < t->count; i++) {
		c = t->shown[i];
		if (c->note) {
			note = c;
			continue;
		}
		output_put(o, gap);
		gap = " ";
		print_column(o, c, record, cell, is_last(t, i));
	}
	if (!note)
		return;
	cell_fill(cell, note, record, false);
	if (cell->kind == CELL_TEXT) {
		/* A TAB in a name is shown as \t, so no name can pass for a note. */
		output_put(o, "\t");
		output_text(o, cell->text, cell->len, NULL);
	}
}

void table_print(const struct table *t, struct output *o, const void *record)
{
	static struct cell cell;

	if (o->json)
		print_json(t, o, record, &cell);
	else
		print_row(t, o, record, &cell);
}

void table_list(const struct table *t, FILE *to)
{
	for (const struct column *c = t->columns; c->name; c++)
		fprintf(to, "%-9s %s\n", c->name, c->help);
}
