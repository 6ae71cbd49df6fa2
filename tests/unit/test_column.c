/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/column.h"
#include "common/escape.h"
#include "common/event.h"
#include "common/log.h"

static char said[512];

int log_err(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	return err ? err : -EINVAL;
}

/* In place of libc's: the record's time is the second 0 of the wall clock. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	*t = (struct timespec){ 0 };
	return 0;
}

struct record {
	uint64_t time;
	uint32_t id;
	int32_t result;
	char comm[EVENT_COMM_LEN];
	const char *mode, *text, *note; /* NULL: none; "?": unknown */
	size_t len;			/* of the text; 0: up to its NUL */
};

static const struct record usual = { 1500, 42, -2, "cat", "0644", "/etc", NULL, 0 };

static void get(const char *text, size_t len, struct cell *c)
{
	if (!text)
		return;
	if (!strcmp(text, "?"))
		cell_unknown(c);
	else
		cell_text(c, text, len ? len : strlen(text));
}

static void get_mode(const void *record, struct cell *c)
{
	get(((const struct record *)record)->mode, 0, c);
}

static void get_text(const void *record, struct cell *c)
{
	const struct record *r = record;

	get(r->text, r->len, c);
}

static void get_note(const void *record, struct cell *c)
{
	get(((const struct record *)record)->note, 0, c);
}

static const struct column columns[] = {
	{ .name = "TIME",
	  .help = "when",
	  .width = -15,
	  .kind = COLUMN_TIME,
	  .offset = offsetof(struct record, time) },
	{ .name = "ID",
	  .help = "who",
	  .width = 5,
	  .kind = COLUMN_U32,
	  .offset = offsetof(struct record, id),
	  .want = 1 },
	{ .name = "COMM",
	  .help = "its name",
	  .width = -8,
	  .kind = COLUMN_COMM,
	  .offset = offsetof(struct record, comm) },
	{ .name = "RES",
	  .help = "result",
	  .width = 4,
	  .kind = COLUMN_S32,
	  .offset = offsetof(struct record, result),
	  .want = 4 },
	{ .name = "MODE", .help = "text to the right", .width = 5, .get = get_mode },
	{ .name = "LEFT", .help = "text to the left", .width = -10, .get = get_text, .want = 8 },
	{ .name = "TEXT", .help = "of any width", .get = get_text },
	{ .name = "NOTE", .help = "behind", .get = get_note, .note = true, .want = 16 },
	{},
};

static struct table table;
static struct output o;

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	clock_init();
	table = (struct table){ .columns = columns };
	o = (struct output){ .utf8 = true };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	output_close(&o);
	return 0;
}

static const char *printed(void)
{
	static char text[8 * CELL_BUF];

	assert_in_range(o.used, 0, sizeof(text) - 1);
	if (o.used)
		memcpy(text, o.buf, o.used);
	text[o.used] = '\0';
	o.used = 0;
	return text;
}

static void assert_shown(const char *wanted)
{
	char names[256] = "";

	for (unsigned int i = 0; i < table.count; i++) {
		strcat(names, i ? "," : "");
		strcat(names, table.shown[i]->name);
	}
	assert_string_equal(names, wanted);
}

static void choose(const char *spec)
{
	assert_int_equal(table_choose(&table, spec), 0);
}

static void assert_heading(const char *wanted)
{
	table_heading(&table, &o);
	assert_string_equal(printed(), wanted);
}

static void assert_row(const struct record *r, const char *wanted)
{
	o.json = false;
	table_print(&table, &o, r);
	assert_string_equal(printed(), wanted);
}

static void assert_json(const struct record *r, const char *wanted)
{
	o.json = true;
	table_print(&table, &o, r);
	assert_string_equal(printed(), wanted);
}

/* --- which columns --- */

static void chosen(void **state)
{
	(void)state;
	choose("ID,TEXT");
	assert_shown("ID,TEXT,NOTE");
	choose("TEXT,ID"); /* not added to what was chosen before, and in this order */
	assert_shown("TEXT,ID,NOTE");
	choose("res,Comm");
	assert_shown("RES,COMM,NOTE");
	choose("NOTE,ID");
	assert_shown("NOTE,ID");
	choose("TIME,ID,COMM,RES,MODE,LEFT,TEXT,NOTE");
	assert_shown("TIME,ID,COMM,RES,MODE,LEFT,TEXT,NOTE");
}

static void added(void **state)
{
	(void)state;
	choose("ID,TEXT");
	choose("+RES,COMM");
	assert_shown("ID,COMM,RES,TEXT,NOTE");
	choose("+ID,comm,ID");
	assert_shown("ID,COMM,RES,TEXT,NOTE");
	table_show(&table, "TIME");
	table_show(&table, "TIME");
	assert_shown("TIME,ID,COMM,RES,TEXT,NOTE");
	/* An order of the reader's own is kept. */
	choose("TEXT,ID");
	choose("+COMM");
	assert_shown("TEXT,ID,COMM,NOTE");
	table_show(&table, "TIME");
	assert_shown("TIME,TEXT,ID,COMM,NOTE");
}

static void refused(void **state)
{
	static const struct {
		const char *spec, *named;
	} bad[] = {
		{ "", "''" },
		{ "+", "''" },
		{ ",", "''" },
		{ "ID,", "''" },
		{ ",ID", "''" },
		{ "ID,,RES", "''" },
		{ "+ID,", "''" },
		{ "++ID", "'+ID'" },
		{ "ID,+RES", "'+RES'" },
		{ "I", "'I'" },
		{ "IDS", "'IDS'" },
		{ "ID RES", "'ID RES'" },
		{ " ID", "' ID'" },
		{ "-ID", "'-ID'" },
		{ "ID,NO,RES", "'NO'" },
		{ "ID,RES,ID", "'ID'" },
		{ "ID,id", "'id'" },
		{ "NOTE,NOTE", "'NOTE'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		*said = '\0';
		if (table_choose(&table, bad[i].spec) != -EINVAL)
			fail_msg("-o '%s' is taken", bad[i].spec);
		assert_memory_equal(said, "-o: ", 4);
		assert_non_null(strstr(said, bad[i].named));
	}
}

static void as_many_as_there_can_be(void **state)
{
	static struct column all[COLUMNS_MAX + 1];
	static char names[COLUMNS_MAX][8];
	char spec[sizeof(names)] = "";

	(void)state;
	table.columns = all;
	for (int i = 0; i < COLUMNS_MAX; i++) {
		sprintf(names[i], "C%d", i);
		all[i] = (struct column){ .name = names[i], .kind = COLUMN_U32 };
		sprintf(spec + strlen(spec), "%s%s", i ? "," : "", names[i]);
	}
	choose(spec);
	assert_int_equal(table.count, COLUMNS_MAX);
	choose("C24");
	for (int i = COLUMNS_MAX; i--;)
		table_show(&table, names[i]);
	for (int i = 0; i < COLUMNS_MAX; i++)
		assert_true(table.shown[i] == all + i);
	assert_int_equal(table.count, COLUMNS_MAX);
}

static void wanted(void **state)
{
	(void)state;
	choose("TIME,COMM");
	assert_int_equal(table_wants(&table), 16);
	choose("+ID,RES");
	assert_int_equal(table_wants(&table), 16 | 4 | 1);
}

static void listed(void **state)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	assert_non_null(to);
	table_list(&table, to);
	fclose(to);
	assert_memory_equal(text, "TIME      when\nID        who\n", 28);
	for (const struct column *c = columns; c->name; c++)
		assert_non_null(strstr(text, c->help));
	free(text);
}

/* --- rows --- */

static void rows(void **state)
{
	struct record r = usual;

	(void)state;
	choose("ID,COMM,RES,TEXT");
	assert_heading("   ID COMM      RES TEXT\n");
	assert_row(&r, "   42 cat        -2 /etc");
	r.note = "(deleted)";
	assert_row(&r, "   42 cat        -2 /etc\t(deleted)");
	choose("TIME,ID");
	assert_heading("TIME               ID\n");
	assert_row(&r, "00:00:00.000001    42\t(deleted)");
}

/* Whatever the order, what is said of a column stands below its name. */
static void aligned(void **state)
{
	static const char *const specs[] = {
		"TIME,TEXT", "ID,TEXT",	  "COMM,TEXT",	  "RES,TEXT",
		"MODE,TEXT", "LEFT,TEXT", "NOTE,ID,TEXT", "TIME,ID,COMM,RES,MODE,LEFT,TEXT",
	};
	static const char *const modes[] = { "0644", "x", NULL, "?", "\xc3\xbc" };
	struct record r = usual;
	const char *text;
	size_t at;

	(void)state;
	r.text = "@";
	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		choose(specs[i]);
		table_heading(&table, &o);
		text = printed();
		at = strstr(text, "TEXT") - text;
		for (size_t j = 0; j < sizeof(modes) / sizeof(*modes); j++) {
			r.mode = modes[j];
			table_print(&table, &o, &r);
			text = printed();
			if (escape_columns(text, strrchr(text, '@') - text) != at)
				fail_msg("%s: '%s'", specs[i], text);
		}
	}
}

static void to_the_right(void **state)
{
	struct record r = usual;

	(void)state;
	choose("MODE,ID");
	assert_heading(" MODE    ID\n");
	assert_row(&r, " 0644    42");
	r.mode = NULL;
	assert_row(&r, "    -    42");
	r.mode = "?";
	assert_row(&r, "    ?    42");
	r.mode = "100644";
	assert_row(&r, "100644    42");
}

/* Nothing hangs behind a line: neither spaces for a name to come, nor for a note that there is not. */
static void last(void **state)
{
	struct record r = usual;

	(void)state;
	choose("ID,COMM");
	assert_row(&r, "   42 cat");
	assert_heading("   ID COMM\n");
	choose("LEFT");
	assert_row(&r, "/etc");
	assert_heading("LEFT\n");
	r.text = NULL;
	assert_row(&r, "-");
	choose("TEXT,ID");
	assert_row(&r, "-    42");
	assert_heading("TEXT    ID\n");
}

static void too_wide(void **state)
{
	struct record r = usual;

	(void)state;
	r.id = UINT32_MAX;
	r.result = INT32_MIN;
	memcpy(r.comm, "0123456789abcdef", 16); /* without a NUL, as the kernel never has it */
	choose("ID,COMM,RES,LEFT,TEXT");
	assert_row(&r, "4294967295 0123456789abcdef -2147483648 /etc       /etc");
	r.text = "0123456789";
	assert_row(&r, "4294967295 0123456789abcdef -2147483648 0123456789 0123456789");
	r.id = r.result = 0;
	r.comm[0] = '\0';
	r.text = "0123456789!";
	assert_row(&r, "    0             0 0123456789! 0123456789!");
}

static void hostile(void **state)
{
	struct record r = usual;

	(void)state;
	strcpy(r.comm, "a\t\x1b\xc3\xbc");
	r.text = "x\n\t(deleted)\\";
	choose("COMM,LEFT,ID,TEXT");
	/* Columns of the terminal are counted, as it is escaped. */
	assert_row(&r, "a\\t\\033\xc3\xbc x\\n\\t(deleted)\\\\    42 x\\n\\t(deleted)\\\\");
	o.utf8 = false;
	strcpy(r.comm, "\xc3\xbc");
	r.text = "\xff";
	assert_row(&r, "\\303\\274 \\377          42 \\377");
	o.utf8 = true;
	assert_row(&r, "\xc3\xbc        \\377          42 \\377");
	r.note = "a\tb\n";
	assert_row(&r, "\xc3\xbc        \\377          42 \\377\ta\\tb\\n");
}

static void longest(void **state)
{
	static char text[CELL_BUF];
	struct record r = usual;
	const char *row;

	(void)state;
	memset(text, 0x1b, sizeof(text));
	r.text = text;
	r.len = sizeof(text);
	choose("ID,TEXT");
	table_print(&table, &o, &r);
	row = printed();
	assert_int_equal(strlen(row), 6 + 4 * sizeof(text));
	assert_string_equal(row + strlen(row) - 8, "\\033\\033");
	o.json = true;
	table_print(&table, &o, &r);
	row = printed();
	assert_int_equal(strlen(row), strlen("\"id\":42,\"text\":\"\"") + 6 * sizeof(text));
}

/* --- JSON --- */

static void json(void **state)
{
	struct record r = usual;

	(void)state;
	choose("TIME,ID,COMM,RES,MODE,TEXT");
	assert_json(&r, "\"time\":\"1970-01-01T00:00:00.000001+00:00\",\"id\":42,\"comm\":\"cat\","
			"\"res\":-2,\"mode\":\"0644\",\"text\":\"/etc\"");
	r.mode = "?";
	r.text = NULL;
	r.note = "(cut)";
	choose("MODE,TEXT");
	assert_json(&r, "\"mode\":null,\"text\":null,\"note\":\"(cut)\"");
	/* In the order of the reader; a note may be the first. */
	choose("NOTE,ID");
	assert_json(&r, "\"note\":\"(cut)\",\"id\":42");
	r.note = NULL;
	assert_json(&r, "\"id\":42");
	choose("NOTE");
	assert_json(&r, "");
}

static void json_hostile(void **state)
{
	struct record r = usual;

	(void)state;
	choose("ID,COMM,TEXT");
	r.id = UINT32_MAX;
	strcpy(r.comm, "\"\\\xff");
	r.text = "a\n\x7f\xe2\x80\xae";
	assert_json(&r,
		    "\"id\":4294967295,\"comm\":\"\\\"\\\\\xef\xbf\xbd\",\"comm_hex\":\"225cff\","
		    "\"text\":\"a\\n\\u007f\\u202e\"");
	r.comm[0] = '\0';
	r.text = "\0\xc3";
	r.len = 2;
	o.utf8 = false; /* a terminal's charset is not that of JSON */
	assert_json(
		&r,
		"\"id\":4294967295,\"comm\":\"\",\"text\":\"\\u0000\xef\xbf\xbd\",\"text_hex\":\"00c3\"");
}

/* --- columns that print themselves --- */

/* Bytes of the text: "a+b", or an array. */
static void print_list(const void *record, struct output *out)
{
	const struct record *r = record;
	bool exact;

	output_put(out, out->json ? "[" : "");
	for (size_t i = 0; i < r->len; i++) {
		if (out->json) {
			output_put(out, i ? ",\"" : "\"");
			output_json_string(out, r->text + i, 1, &exact);
			output_put(out, "\"");
		} else {
			output_put(out, i ? "+" : "");
			output_text(out, r->text + i, 1, NULL);
		}
	}
	output_put(out, out->json ? "]" : "");
}

static void print_whole(const void *record, struct output *out)
{
	const struct record *r = record;

	output_text(out, r->text, strlen(r->text), NULL);
}

static const struct column printing[] = {
	{ .name = "ID", .width = 3, .kind = COLUMN_U32, .offset = offsetof(struct record, id) },
	{ .name = "LEFT", .width = -6, .print = print_list, .want = 2 },
	{ .name = "RIGHT", .width = 6, .print = print_list },
	{ .name = "ANY", .print = print_list },
	{ .name = "WHOLE", .width = 4, .print = print_whole },
	{ .name = "TEXT", .get = get_text },
	{ .name = "NOTE", .get = get_note, .note = true },
	{},
};

static void prints(void **state)
{
	struct record r = usual;

	(void)state;
	table.columns = printing;
	r.text = "abc";
	r.len = 2;
	choose("LEFT,ID");
	assert_int_equal(table_wants(&table), 2);
	assert_heading("LEFT    ID\n");
	assert_row(&r, "a+b     42");
	choose("RIGHT,ID");
	assert_heading(" RIGHT  ID\n");
	assert_row(&r, "   a+b  42");
	choose("ID,RIGHT,LEFT,ANY");
	assert_heading(" ID  RIGHT LEFT   ANY\n");
	assert_row(&r, " 42    a+b a+b    a+b");
	r.note = "(cut)";
	assert_row(&r, " 42    a+b a+b    a+b\t(cut)");
	/* Nothing at all. */
	r.len = 0;
	assert_row(&r, " 42               \t(cut)");
	r.note = NULL;
	choose("ANY");
	assert_row(&r, "");
	/* More than there is room for moves what follows, and nothing is cut. */
	r.text = "abcd";
	r.len = 4;
	choose("LEFT,RIGHT,ID");
	assert_row(&r, "a+b+c+d a+b+c+d  42");
}

static void prints_last(void **state)
{
	struct record r = usual;

	(void)state;
	table.columns = printing;
	r.text = "ab";
	r.len = 2;
	choose("ID,LEFT");
	assert_heading(" ID LEFT\n");
	assert_row(&r, " 42 a+b");
	r.note = "(cut)";
	assert_row(&r, " 42 a+b\t(cut)");
	choose("ID,RIGHT");
	assert_row(&r, " 42    a+b\t(cut)");
}

static void prints_columns_of_the_terminal(void **state)
{
	struct record r = usual;

	(void)state;
	table.columns = printing;
	choose("WHOLE,ID");
	r.text = "h\xc3\xbc";
	assert_row(&r, "  h\xc3\xbc  42");
	o.utf8 = false;
	r.text = "\xc3";
	assert_row(&r, "\\303  42");
	r.text = "\n";
	assert_row(&r, "  \\n  42");
}

/* The memory of the output moves while a column prints. */
static void prints_much(void **state)
{
	static char text[300000];
	struct record r = usual;

	(void)state;
	table.columns = printing;
	memset(text, 'x', sizeof(text) - 1);
	r.text = text;
	choose("ID,WHOLE,RIGHT");
	r.len = 1;
	o.json = false;
	table_print(&table, &o, &r);
	assert_int_equal(o.used, 4 + sizeof(text) - 1 + 1 + 6);
	assert_memory_equal(o.buf, " 42 xxx", 7);
	assert_memory_equal(o.buf + o.used - 9, "xx      x", 9);
	o.used = 0;
}

static void prints_json(void **state)
{
	struct record r = usual;

	(void)state;
	table.columns = printing;
	r.text = "a\"b";
	r.len = 3;
	choose("ID,RIGHT,TEXT");
	assert_json(&r, "\"id\":42,\"right\":[\"a\",\"\\\"\",\"b\"],\"text\":\"a\\\"b\"");
	r.len = 0;
	choose("LEFT,ANY");
	assert_json(&r, "\"left\":[],\"any\":[]");
	r.note = "(cut)";
	assert_json(&r, "\"left\":[],\"any\":[],\"note\":\"(cut)\"");
	r.note = NULL;
	choose("NOTE,ANY,ID");
	assert_json(&r, "\"any\":[],\"id\":42");
	choose("ID,LEFT,NOTE");
	r.note = "(cut)";
	assert_json(&r, "\"id\":42,\"left\":[],\"note\":\"(cut)\"");
}

/* --- words --- */

static void assert_words(uint32_t bits, const char *wanted_text)
{
	static const char *const words[32] = { [0] = "a", [1] = "bc", [4] = "d", [31] = "last" };
	static struct cell c;

	c.kind = CELL_NONE;
	cell_words(&c, words, bits);
	if (!wanted_text) {
		assert_int_equal(c.kind, CELL_NONE);
		return;
	}
	assert_int_equal(c.kind, CELL_TEXT);
	assert_int_equal(c.len, strlen(wanted_text));
	assert_memory_equal(c.text, wanted_text, c.len);
}

static void words(void **state)
{
	(void)state;
	assert_words(0, NULL);
	assert_words(1, "a");
	assert_words(1 << 4, "d");
	assert_words(1 << 4 | 3, "a bc d");
	assert_words(1U << 31, "last");
	assert_words(1U << 31 | 1, "a last");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(chosen),
		TEST(added),
		TEST(refused),
		TEST(as_many_as_there_can_be),
		TEST(wanted),
		TEST(listed),
		TEST(rows),
		TEST(aligned),
		TEST(to_the_right),
		TEST(last),
		TEST(too_wide),
		TEST(hostile),
		TEST(longest),
		TEST(json),
		TEST(json_hostile),
		TEST(words),
		TEST(prints),
		TEST(prints_last),
		TEST(prints_columns_of_the_terminal),
		TEST(prints_much),
		TEST(prints_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
