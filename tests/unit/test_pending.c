/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/pending.h"

/* Several times as many as there are buckets, so that each of these has several. */
#define MANY 20000

static struct pending_table table;

static uint64_t address(uint64_t i)
{
	return 0xffff888100000000 + i * 256; /* as the kernel's slabs give them out */
}

static void assert_taken(uint64_t key, const void *record, size_t size)
{
	struct pending *p = pending_take(&table, key);

	assert_non_null(p);
	assert_true(p->key == key);
	assert_int_equal(p->size, size);
	assert_memory_equal(p->record, record, size);
	free(p);
}

static void assert_empty(void)
{
	assert_null(pending_take_any(&table));
}

static void one(void **state)
{
	static const uint64_t keys[] = { 0, 1, UINT64_MAX, 0xffff888100000000 };
	char record[] = "record";

	(void)state;
	assert_empty();
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		assert_null(pending_take(&table, keys[i]));
		strcpy(record, "record");
		assert_int_equal(pending_put(&table, keys[i], record, sizeof(record)), 0);
		memset(record, 'x', sizeof(record)); /* it has its own copy */
		assert_null(pending_take(&table, keys[i] ^ 2));
		assert_taken(keys[i], "record", sizeof(record));
		assert_null(pending_take(&table, keys[i]));
	}
	assert_empty();
}

static void same_key(void **state)
{
	char seen[3] = "";
	struct pending *p;

	(void)state;
	assert_int_equal(pending_put(&table, 7, "a", 1), 0);
	assert_int_equal(pending_put(&table, 7, "b", 1), 0);
	for (int i = 0; i < 2; i++) {
		p = pending_take(&table, 7);
		assert_non_null(p);
		seen[i] = *p->record;
		free(p);
	}
	assert_null(pending_take(&table, 7));
	assert_true(strchr(seen, 'a') && strchr(seen, 'b'));
}

static void sizes(void **state)
{
	static char record[16384];
	struct pending *p;

	(void)state;
	memset(record, 'x', sizeof(record));
	assert_int_equal(pending_put(&table, 1, record, 0), 0);
	assert_int_equal(pending_put(&table, 2, record, sizeof(record)), 0);
	assert_taken(1, record, 0);
	p = pending_take(&table, 2);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p->record % 8, 0); /* a record has numbers of 64 bits */
	assert_int_equal(p->size, sizeof(record));
	assert_memory_equal(p->record, record, sizeof(record));
	free(p);
}

static void many(void **state)
{
	struct pending *p;
	uint64_t i, sum = 0;

	(void)state;
	for (i = 0; i < MANY; i++)
		assert_int_equal(pending_put(&table, address(i), &i, sizeof(i)), 0);
	assert_null(pending_take(&table, address(MANY)));
	/* From the middle of the chains. */
	for (i = 0; i < MANY; i += 3)
		assert_taken(address(i), &i, sizeof(i));
	for (i = 1; i < MANY; i += 3)
		assert_taken(address(i), &i, sizeof(i));
	for (i = 2; i < MANY; i += 3)
		sum += i;
	while ((p = pending_take_any(&table))) {
		memcpy(&i, p->record, sizeof(i));
		assert_true(p->key == address(i));
		sum -= i;
		free(p);
	}
	assert_int_equal(sum, 0);
	assert_empty();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one),
		cmocka_unit_test(same_key),
		cmocka_unit_test(sizes),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
