/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/event.h"
#include "common/order.h"

#define ANY UINT64_MAX

/* A record: when, and which. */
static void put(uint64_t time, uint32_t pid)
{
	const struct event e = { .time = time, .pid = pid };

	assert_int_equal(order_put(&e, sizeof(e)), 0);
}

static void assert_none(uint64_t now)
{
	assert_null(order_take(now));
}

static void assert_taken(uint64_t now, uint64_t time, uint32_t pid)
{
	struct ordered *o = order_take(now);
	const struct event *e;

	assert_non_null(o);
	e = (const void *)o->record;
	assert_true(e->time == time);
	assert_int_equal(e->pid, pid);
	free(o);
}

static int tear_down(void **state)
{
	struct ordered *o;
	int left = 0;

	(void)state;
	for (; (o = order_take(ANY)); left++)
		free(o);
	return left;
}

/* The first test: nothing has been put in so far. */
static void empty(void **state)
{
	(void)state;
	assert_none(0);
	assert_none(ANY);
	assert_true(order_latest() == 0);
}

static void one(void **state)
{
	struct event *e = calloc(1, sizeof(*e) + 3);
	struct ordered *o;

	(void)state;
	assert_non_null(e);
	e->time = 7;
	memcpy(e + 1, "abc", 3);
	assert_int_equal(order_put(e, sizeof(*e) + 3), 0);
	memset(e, 'x', sizeof(*e) + 3); /* it has its own copy */
	free(e);
	o = order_take(ANY);
	assert_non_null(o);
	assert_int_equal(o->size, sizeof(*e) + 3);
	assert_int_equal((uintptr_t)o->record % 8, 0); /* a record has numbers of 64 bits */
	assert_true(((const struct event *)(const void *)o->record)->time == 7);
	assert_memory_equal(o->record + sizeof(*e), "abc", 3);
	free(o);
	assert_none(ANY);
}

static void patience(void **state)
{
	const uint64_t time = 1000000;

	(void)state;
	put(time, 1);
	assert_none(0);
	assert_none(time);
	assert_none(time + ORDER_PATIENCE - 1);
	assert_taken(time + ORDER_PATIENCE, time, 1);
	put(0, 1);
	assert_none(ORDER_PATIENCE - 1);
	assert_taken(ORDER_PATIENCE, 0, 1);
	/* Those for which it has passed, and no others. */
	put(time + 3, 3);
	put(time + 1, 1);
	put(time + 2, 2);
	assert_taken(time + 2 + ORDER_PATIENCE, time + 1, 1);
	assert_taken(time + 2 + ORDER_PATIENCE, time + 2, 2);
	assert_none(time + 2 + ORDER_PATIENCE);
	assert_taken(ANY, time + 3, 3);
}

/* Five records in every order in which they can come. */
static void every_order(void **state)
{
	uint32_t left, digit;
	int order[5];
	bool there[5];

	(void)state;
	for (uint32_t n = 0; n < 5 * 4 * 3 * 2; n++) {
		left = n;
		memset(there, 0, sizeof(there));
		for (int i = 0; i < 5; i++) {
			digit = left % (5 - i);
			left /= 5 - i;
			for (order[i] = 0; there[order[i]] || digit--; order[i]++)
				;
			there[order[i]] = true;
			put(order[i], order[i]);
		}
		for (uint32_t i = 0; i < 5; i++)
			assert_taken(ANY, i, i);
		assert_none(ANY);
	}
}

/* In the order in which they came. */
static void same_time(void **state)
{
	(void)state;
	put(5, 1);
	put(9, 7);
	put(5, 2);
	put(5, 3);
	put(4, 0);
	put(5, 4);
	for (uint32_t i = 0; i < 5; i++)
		assert_taken(ANY, i ? 5 : 4, i);
	assert_taken(ANY, 9, 7);
}

static void latest(void **state)
{
	uint64_t before = order_latest();

	(void)state;
	put(before + 10, 1);
	assert_true(order_latest() == before + 10);
	put(before + 5, 2);
	assert_true(order_latest() == before + 10);
	assert_taken(ANY, before + 5, 2);
	assert_taken(ANY, before + 10, 1);
	assert_true(order_latest() == before + 10);
	put(before + 6, 3);
	assert_taken(ANY, before + 6, 3);
	assert_true(order_latest() == before + 10);
}

/* Later than anything that was waited for: it is not lost. */
static void too_late(void **state)
{
	(void)state;
	put(10, 1);
	put(20, 2);
	assert_taken(ANY, 10, 1);
	put(5, 3);
	assert_taken(ANY, 5, 3);
	assert_taken(ANY, 20, 2);
}

/* Two processors whose records overtake one another, as they come. */
static void many(void **state)
{
	uint64_t now = order_latest() + 1, last = 0, taken = 0, sum = 0;
	const struct event *e;
	struct ordered *o;
	uint32_t seed = 1;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		seed = seed * 1664525 + 1013904223;
		now += seed >> 16 & 4095;
		put(now + (seed >> 8) % ORDER_PATIENCE, i);
		while ((o = order_take(order_latest()))) {
			e = (const void *)o->record;
			assert_true(e->time >= last);
			assert_true(e->time + ORDER_PATIENCE <= order_latest());
			last = e->time;
			sum += e->pid;
			taken++;
			free(o);
		}
	}
	assert_in_range(taken, 1, 99999);
	while ((o = order_take(ANY))) {
		e = (const void *)o->record;
		assert_true(e->time >= last);
		last = e->time;
		sum += e->pid;
		taken++;
		free(o);
	}
	assert_int_equal(taken, 100000);
	assert_true(sum == 99999ULL * 100000 / 2);
}

static void sizes(void **state)
{
	const size_t large = 6 << 20;
	char *record = malloc(large);
	struct ordered *o;

	(void)state;
	assert_non_null(record);
	memset(record, 1, large);
	for (size_t size = sizeof(struct event); size <= large; size *= 3) {
		assert_int_equal(order_put(record, size), 0);
		o = order_take(ANY);
		assert_non_null(o);
		assert_int_equal(o->size, size);
		assert_memory_equal(o->record, record, size);
		free(o);
	}
	free(record);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(empty),  TEST(one),      TEST(patience), TEST(every_order), TEST(same_time),
		TEST(latest), TEST(too_late), TEST(many),     TEST(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
