/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"

#define SECOND 1000000000LL
#define MS 1000000LL
#define BOOT (500 * SECOND) /* the monotonic clock of these tests does not move by itself */

/* 2026-01-31 23:59:58 UTC, and the end of March's last Sunday's first hour. */
#define EVENING (1769903998 * SECOND)
#define SPRING (1774746000 * SECOND)

static int64_t wall, monotonic = BOOT;
static int64_t stall; /* what happens once between two readings, as when the reader is not run */

/* In place of libc's, here and in the code under test. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	int64_t now = clock == CLOCK_REALTIME ? wall : monotonic;

	t->tv_sec = now / SECOND;
	t->tv_nsec = now % SECOND;
	wall += stall;
	monotonic += stall;
	stall = 0;
	return 0;
}

static void start(const char *tz, int64_t when)
{
	if (tz)
		setenv("TZ", tz, 1);
	else
		unsetenv("TZ");
	monotonic = BOOT;
	wall = when;
	clock_init();
}

/* Buffers of the promised size, so that one byte more is seen. */
static void assert_text(int64_t at, const char *wanted)
{
	char *text = malloc(CLOCK_TEXT_LEN);

	assert_non_null(text);
	clock_text(BOOT + at, text);
	assert_string_equal(text, wanted);
	free(text);
}

static void assert_json(int64_t at, const char *wanted)
{
	char *text = malloc(CLOCK_JSON_LEN);

	assert_non_null(text);
	clock_json(BOOT + at, text);
	assert_string_equal(text, wanted);
	free(text);
}

static void texts(void **state)
{
	(void)state;
	start("UTC", EVENING);
	assert_text(0, "23:59:58.000000");
	assert_json(0, "2026-01-31T23:59:58.000000+00:00");
	assert_text(999, "23:59:58.000000");
	assert_text(1000, "23:59:58.000001");
	assert_text(SECOND - 1, "23:59:58.999999");
	assert_text(SECOND, "23:59:59.000000");
	assert_json(2 * SECOND + 123456789, "2026-02-01T00:00:00.123456+00:00");
	/* Records of several processors are not in order. */
	assert_text(SECOND, "23:59:59.000000");
	assert_text(-BOOT, "23:51:38.000000"); /* a time of 0 */
}

static void zones(void **state)
{
	(void)state;
	start("", EVENING + 10 * SECOND);
	assert_json(0, "2026-02-01T00:00:08.000000+00:00");
	start("<-0330>3:30", EVENING + 20 * SECOND);
	assert_json(0, "2026-01-31T20:30:18.000000-03:30");
	assert_text(0, "20:30:18.000000");
	start("<+0545>-5:45", EVENING + 30 * SECOND);
	assert_json(0, "2026-02-01T05:45:28.000000+05:45");
	start("nonsense", EVENING + 40 * SECOND);
	assert_json(0, "2026-02-01T00:00:38.000000+00:00");
	start("CET-1CEST,M3.5.0,M10.5.0/3", SPRING);
	assert_json(-1, "2026-03-29T01:59:59.999999+01:00");
	assert_json(0, "2026-03-29T03:00:00.000000+02:00");
}

static void zone_of_the_machine(void **state)
{
	(void)state;
	start(NULL, EVENING);
	/* Or libc would look at the file for every record: tzset(3). */
	assert_string_equal(getenv("TZ"), ":/etc/localtime");
	start("<+0545>-5:45", EVENING);
	assert_string_equal(getenv("TZ"), "<+0545>-5:45");
}

static void steps(void **state)
{
	char text[CLOCK_TEXT_LEN];

	(void)state;
	start("UTC", EVENING);
	/* Two readings are never at the same time: that is no step. */
	wall += MS / 2;
	clock_sync();
	assert_text(0, "23:59:58.000000");
	wall += 3600 * SECOND;
	clock_sync();
	assert_text(0, "00:59:58.000500");
	assert_json(0, "2026-02-01T00:59:58.000500+00:00");
	wall -= 7200 * SECOND;
	clock_sync();
	assert_text(0, "22:59:58.000500");
	/* Small ones do not add up to more than a millisecond of error. */
	for (int i = 0; i < 50; i++) {
		wall += MS / 5;
		clock_sync();
	}
	clock_text(BOOT, text);
	assert_in_range(atoi(text + 9), 9500, 11500);
}

/* The reader may lose the processor between the two clocks; the records must not be told to be earlier. */
static void interrupted(void **state)
{
	(void)state;
	start("UTC", EVENING);
	stall = 50 * MS;
	clock_sync();
	assert_text(50 * MS, "23:59:58.050000");
}

static void since(void **state)
{
	(void)state;
	start("UTC", EVENING);
	assert_true(clock_since(BOOT) == 0);
	assert_true(clock_since(BOOT + 1) == 1);
	assert_true(clock_since(BOOT + 100000 * SECOND + 7) == 100000 * SECOND + 7);
	/* Whatever becomes of the wall clock. */
	wall -= 7200 * SECOND;
	clock_sync();
	monotonic += 3 * SECOND;
	clock_sync();
	assert_true(clock_since(monotonic) == 3 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(zones),
		cmocka_unit_test(zone_of_the_machine),
		cmocka_unit_test(steps),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
