/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/counts.h"
#include "common/path.h"

static struct clone_row **rows, sum;

static void take(uint32_t uid, int err, uint64_t made, uint64_t failed)
{
	struct clone_key key = { .uid = uid, .err = err };
	struct clone_counts now = { .n = { [KIND_THREAD] = made, [COUNT_FAILED] = failed } };

	counts_take(&key, &now);
}

static void expect(size_t at, uint32_t uid, uint64_t made, uint64_t failed)
{
	assert_int_equal(rows[at]->key.uid, uid);
	assert_int_equal(rows[at]->head.uid, uid);
	assert_int_equal(rows[at]->counts.n[KIND_THREAD], made);
	assert_int_equal(rows[at]->counts.n[COUNT_FAILED], failed);
	assert_false(rows[at]->sum);
}

static void expect_sum(uint64_t made, uint64_t failed)
{
	assert_int_equal(sum.counts.n[KIND_THREAD], made);
	assert_int_equal(sum.counts.n[COUNT_FAILED], failed);
	assert_int_equal(counts_tried(&sum.counts), made + failed);
	assert_true(sum.sum);
}

/* All of this is one run: the module keeps what it has seen. */
static void test_intervals(void **state)
{
	(void)state;
	assert_int_equal(counts_rows(false, &rows, &sum), 0);
	expect_sum(0, 0);

	take(1, 0, 3, 0);
	take(2, 0, 5, 0);
	take(2, -11, 0, 7);
	assert_int_equal(counts_rows(false, &rows, &sum), 3);
	expect(0, 2, 0, 7);
	expect(1, 2, 5, 0);
	expect(2, 1, 3, 0);
	expect_sum(8, 7);

	/* Counters that did not grow have no row. */
	take(1, 0, 10, 0);
	take(2, 0, 5, 0);
	assert_int_equal(counts_rows(false, &rows, &sum), 1);
	expect(0, 1, 7, 0);
	expect_sum(7, 0);

	/* All of it, and that does not change what the next interval is. */
	take(1, 0, 11, 0);
	assert_int_equal(counts_rows(false, &rows, &sum), 1);
	assert_int_equal(counts_rows(true, &rows, &sum), 3);
	expect(0, 1, 11, 0);
	expect(1, 2, 0, 7);
	expect(2, 2, 5, 0);
	expect_sum(16, 7);
	assert_int_equal(counts_rows(false, &rows, &sum), 0);
}

/* More than the first room for them, all as busy: in the order of their keys. */
static void test_many(void **state)
{
	size_t n;

	(void)state;
	for (uint32_t uid = 5000; uid > 1000; uid--)
		take(uid << 16, 0, 2, 0);
	n = counts_rows(false, &rows, &sum);
	assert_int_equal(n, 4000);
	for (size_t i = 1; i < n; i++)
		assert_true(memcmp(&rows[i - 1]->key, &rows[i]->key, sizeof(struct clone_key)) < 0);
	expect_sum(8000, 0);
}

/* What the kernel half sends for a key: the row, a context and the name of the file. */
static void test_names(void **state)
{
	struct {
		struct clone_row row;
		struct event_context context;
		char name[8];
	} sent = { .row.key = { .exe = 99, .uid = 7 }, .name = "app" };
	const struct column *exe = table_find(&counts_table, "exe", 3);
	struct clone_counts now = { .n = { 1 } };
	static struct cell cell;

	(void)state;
	sent.context.exe = (struct path_info){ .len = 4, .state = PATH_WHOLE };
	counts_take(&sent.row.key, &now);
	counts_rows(false, &rows, &sum);
	exe->get(rows[0], &cell);
	assert_int_equal(cell.kind, CELL_UNKNOWN);

	sent.row.head.context = offsetof(typeof(sent), context);
	counts_name(&sent.row, sizeof(sent));
	now.n[0] = 2;
	counts_take(&sent.row.key, &now);
	assert_int_equal(counts_rows(false, &rows, &sum), 1);
	assert_int_equal(rows[0]->counts.n[0], 1);
	exe->get(rows[0], &cell);
	assert_int_equal(cell.len, 4);
	assert_memory_equal(cell.text, "/app", 4);
}

static void expect_shown(const char *wanted)
{
	char names[256] = "";

	for (unsigned int i = 0; i < counts_table.count; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? "," : "",
			 counts_table.shown[i]->name);
	assert_string_equal(names, wanted);
}

static void test_by(void **state)
{
	(void)state;
	assert_int_equal(table_choose(&counts_table, "UID,USER,FAIL,TOTAL"), 0);
	assert_int_equal(counts_by("pid,comm"), 0);
	expect_shown("PID,COMM,FAIL,TOTAL");
	assert_int_equal(counts_by("exe"), 0);
	expect_shown("FAIL,TOTAL,EXE");
	assert_int_equal(counts_by("UID"), 0);
	expect_shown("UID,USER,FAIL,TOTAL");
	assert_int_not_equal(counts_by("total"), 0);
	assert_int_not_equal(counts_by(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
