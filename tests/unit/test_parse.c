/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/parse.h"

static char said[512];
static int lines;

int log_err(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	lines++;
	return err ? err : -EINVAL;
}

/* In place of the machine's users; one of them has a name of digits. */
struct passwd *getpwnam(const char *name)
{
	static struct passwd entry;

	if (strcmp(name, "root") && strcmp(name, "77"))
		return NULL;
	entry.pw_uid = *name == '7' ? 5 : 0;
	return &entry;
}

/* Called after what it is about: one line was printed if and only if that failed. */
static void assert_told(int err, int wanted, const char *value)
{
	int told = lines;

	lines = 0;
	if (err != wanted || told != (wanted ? 1 : 0))
		fail_msg("'%s': %d and %d lines: %s", value, err, told, said);
	if (wanted) {
		assert_memory_equal(said, "-x: ", 4);
		assert_non_null(strstr(said, value));
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *value;
		uint64_t least, most, number;
	} good[] = {
		{ "0", 0, 0, 0 },
		{ "12", 1, 12, 12 },
		{ "12", 12, 4000, 12 },
		{ "007", 0, 7, 7 },
		{ "18446744073709551609", 0, UINT64_MAX, 18446744073709551609ULL },
		{ "18446744073709551610", 0, UINT64_MAX, 18446744073709551610ULL },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX },
		{ "000000000000000000000000000001", 0, 1, 1 },
	};
	static const struct {
		const char *value;
		uint64_t least, most;
	} bad[] = {
		{ "0", 1, 9 },
		{ "10", 1, 9 },
		{ "18446744073709551616", 0, UINT64_MAX },
		{ "18446744073709551620", 0, UINT64_MAX },
		{ "36893488147419103233", 0, UINT64_MAX }, /* 2 * 2^64 + 1 */
		{ "99999999999999999999999999999999", 0, UINT64_MAX },
		{ "", 0, UINT64_MAX },
		{ " 1", 0, UINT64_MAX },
		{ "1 ", 0, UINT64_MAX },
		{ "1\n", 0, UINT64_MAX },
		{ "+1", 0, UINT64_MAX },
		{ "-1", 0, UINT64_MAX },
		{ "-0", 0, UINT64_MAX },
		{ "0x10", 0, UINT64_MAX },
		{ "12abc", 0, UINT64_MAX },
		{ "1e3", 0, UINT64_MAX },
		{ "1.0", 0, UINT64_MAX },
		{ "1,2", 0, UINT64_MAX },
		{ "\xd9\xa1", 0, UINT64_MAX }, /* a one in Arabic */
	};
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		n = ~good[i].number;
		assert_told(parse_number("-x", good[i].value, good[i].least, good[i].most, &n), 0,
			    good[i].value);
		assert_true(n == good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_told(parse_number("-x", bad[i].value, bad[i].least, bad[i].most, &n),
			    -EINVAL, bad[i].value);
}

static void seconds(void **state)
{
	static const struct {
		const char *value;
		uint64_t ns;
	} good[] = {
		{ "1", 1000000000 },
		{ "1.5", 1500000000 },
		{ ".5", 500000000 },
		{ "0.000000001", 1 },
		{ "0.123456789", 123456789 },
		{ "0.1234567899", 123456789 },
		{ "1000000000.999999999", 1000000000999999999 },
		{ "1s", 1000000000 },
		{ "1.5ms", 1500000 },
		{ ".5us", 500 },
		{ "2m", 120000000000 },
		{ "1.5h", 5400000000000 },
		{ "2000000000us", 2000000000000 },
	};
	static const char *const bad[] = {
		"",
		"0",
		".",
		"0.0",
		"1000000001",
		"18446744074",
		"99999999999999999999",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1e3",
		"1.5.5",
		"1,5",
		"nan",
		"inf",
		"0x1",
		"1d",
		"1.-5",
		".5e1",
		"s",
		".ms",
		"1 s",
		"1ss",
		"99999999999h",
		"277778h",
		"0s",
	};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_told(parse_seconds("-x", good[i].value, &ns), 0, good[i].value);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_told(parse_seconds("-x", bad[i], &ns), -EINVAL, bad[i]);
	parse_seconds("-x", "99999999999999999999", &ns);
	assert_string_equal(said, "-x: too large: '99999999999999999999'");
	lines = 0;
}

static void users(void **state)
{
	static const struct {
		const char *value;
		uint32_t uid;
	} good[] = {
		{ "root", 0 }, { "0", 0 }, { "1000", 1000 }, { "4294967294", 4294967294 },
		{ "77", 5 }, /* the name is looked for first: POSIX, chown */
		{ "78", 78 },
	};
	static const char *const bad[] = {
		"",	 "nosuch", "4294967295", "4294967296", "18446744073709551616",
		"-1",	 "+1",	   " 0",	 "0 ",	       "0x0",
		"root ", "77x",
	};
	uint32_t uid;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_told(parse_user("-x", good[i].value, &uid), 0, good[i].value);
		assert_int_equal(uid, good[i].uid);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_told(parse_user("-x", bad[i], &uid), -EINVAL, bad[i]);
}

static int collect(const char *item, size_t len, void *ctx)
{
	char *all = ctx;

	if (*item == '!')
		return -E2BIG;
	sprintf(all + strlen(all), "<%.*s>", (int)len, item);
	return 0;
}

static void lists(void **state)
{
	static const struct {
		const char *value, *items;
		int err;
	} lists[] = {
		{ "a", "<a>", 0 },	  { "a,bc,d", "<a><bc><d>", 0 }, { " a, b", "< a>< b>", 0 },
		{ "", "", -EINVAL },	  { ",", "", -EINVAL },		 { ",a", "", -EINVAL },
		{ "a,", "<a>", -EINVAL }, { "a,,b", "<a>", -EINVAL },
	};
	char all[64];

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		*all = '\0';
		assert_told(parse_list("-x", lists[i].value, collect, all), lists[i].err,
			    lists[i].value);
		assert_string_equal(all, lists[i].items);
	}
	/* The function for the items has said why. */
	*all = '\0';
	assert_int_equal(parse_list("-x", "a,!,b", collect, all), -E2BIG);
	assert_string_equal(all, "<a>");
	assert_int_equal(lines, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(seconds),
		cmocka_unit_test(users),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
