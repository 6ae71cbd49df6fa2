/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/pattern.h"

static char said[2048];

int log_err(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	return err ? err : -EINVAL;
}

static void assert_refused(struct patterns *p, const char *text)
{
	__u32 count = p->count;

	*said = '\0';
	assert_int_equal(patterns_add(p, "-P", text), -EINVAL);
	assert_int_equal(p->count, count);
	assert_memory_equal(said, "-P: ", 4);
	assert_non_null(strstr(said, text));
}

/* What the kernel half reads: so many bytes of text, and so many of the mask, set. */
static void assert_pattern(const char *spec, enum pattern_kind kind, const char *text, size_t len)
{
	static struct patterns p;
	const char *bytes = (const char *)p.pattern[0].text;
	const unsigned char *mask = (const unsigned char *)p.pattern[0].mask;

	memset(&p, 0, sizeof(p));
	assert_int_equal(patterns_add(&p, "-P", spec), 0);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.pattern[0].kind, kind);
	assert_int_equal(p.pattern[0].len, len);
	assert_memory_equal(bytes, text, len);
	for (size_t i = 0; i < PATTERN_MAX; i++) {
		assert_int_equal(mask[i], i < len ? 0xff : 0);
		if (i >= len)
			assert_int_equal(bytes[i], 0);
	}
	/* The next one is untouched. */
	for (size_t i = 0; i < sizeof(p.pattern[1]); i++)
		assert_int_equal(((const char *)&p.pattern[1])[i], 0);
}

static void kinds(void **state)
{
	(void)state;
	assert_pattern("/etc/passwd", PATTERN_EXACT, "/etc/passwd", 11);
	assert_pattern("/etc/*", PATTERN_PREFIX, "/etc/", 5);
	assert_pattern("*.so", PATTERN_SUFFIX, ".so", 3);
	assert_pattern("*conf*", PATTERN_CONTAINED, "conf", 4);
	assert_pattern("a", PATTERN_EXACT, "a", 1);
	assert_pattern("a*b", PATTERN_EXACT, "a*b", 3);
	assert_pattern("***", PATTERN_CONTAINED, "*", 1);
	assert_pattern("**a", PATTERN_SUFFIX, "*a", 2);
	assert_pattern("\xff\x1b*", PATTERN_PREFIX, "\xff\x1b", 2);
}

static void lengths(void **state)
{
	static struct patterns p;
	char text[PATTERN_MAX + 4] = "*";

	(void)state;
	assert_refused(&p, "");
	assert_refused(&p, "*");
	assert_refused(&p, "**");

	memset(text + 1, 'x', PATTERN_MAX + 1);
	assert_refused(&p, text);     /* one byte too many behind the star */
	assert_refused(&p, text + 1); /* and without one */
	text[PATTERN_MAX + 1] = '\0';
	assert_pattern(text, PATTERN_SUFFIX, text + 1, PATTERN_MAX);
	assert_pattern(text + 1, PATTERN_EXACT, text + 1, PATTERN_MAX);
	assert_pattern(text + 2, PATTERN_EXACT, text + 1, PATTERN_MAX - 1);
	text[PATTERN_MAX + 1] = '*';
	assert_pattern(text, PATTERN_CONTAINED, text + 1, PATTERN_MAX);
}

static void count(void **state)
{
	/* Of its own size, so that a seventeenth would be seen. */
	struct patterns *p = calloc(1, sizeof(*p));
	char text[16];

	(void)state;
	assert_non_null(p);
	for (int i = 0; i < PATTERNS; i++) {
		snprintf(text, sizeof(text), "/%d", i);
		assert_int_equal(patterns_add(p, "-P", text), 0);
	}
	assert_refused(p, "/more");
	assert_true(patterns_match(p, "/15", 3));
	assert_true(patterns_match(p, "/0", 2));
	assert_false(patterns_match(p, "/16", 3));
	free(p);
}

/* The path is not terminated, and has no byte more than it says. */
static bool matches(const char *spec, const char *path, size_t len)
{
	static struct patterns p;
	char *exact = malloc(len ? len : 1);
	bool match;

	assert_non_null(exact);
	memcpy(exact, path, len);
	memset(&p, 0, sizeof(p));
	if (spec)
		assert_int_equal(patterns_add(&p, "-P", spec), 0);
	match = patterns_match(&p, exact, len);
	free(exact);
	return match;
}

static void matching(void **state)
{
	static const struct {
		const char *spec, *yes[4], *no[6];
	} cases[] = {
		{ "/etc", { "/etc" }, { "/et", "/etcx", "/etd", "x/etc", "" } },
		{ "/etc*", { "/etc", "/etc/passwd", "/etcx" }, { "/et", "x/etc", "/Etc/", "" } },
		{ "*.so", { ".so", "libc.so", ".so.so" }, { "so", "libc.so.6", ".sox", "" } },
		{ "*aab*", { "aab", "aaab", "xaabx", "aaaaab" }, { "aa", "aaxb", "ab", "" } },
		{ "a*b", { "a*b" }, { "ab", "axb" } },
	};
	static const struct patterns none;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (int j = 0; j < 4 && cases[i].yes[j]; j++)
			if (!matches(cases[i].spec, cases[i].yes[j], strlen(cases[i].yes[j])))
				fail_msg("%s and %s", cases[i].spec, cases[i].yes[j]);
		for (int j = 0; j < 6 && cases[i].no[j]; j++)
			if (matches(cases[i].spec, cases[i].no[j], strlen(cases[i].no[j])))
				fail_msg("%s but not %s", cases[i].spec, cases[i].no[j]);
	}
	assert_true(patterns_match(&none, "", 0));
	assert_true(patterns_match(&none, "/x", 2));
}

static void longest(void **state)
{
	char spec[PATTERN_MAX + 2], path[4095];

	(void)state;
	memset(path, 'y', sizeof(path));
	memset(spec, 'x', PATTERN_MAX);
	strcpy(spec + PATTERN_MAX, "*");
	memset(path, 'x', PATTERN_MAX);
	assert_true(matches(spec, path, sizeof(path)));
	assert_true(matches(spec, path, PATTERN_MAX));
	assert_false(matches(spec, path, PATTERN_MAX - 1));
	path[PATTERN_MAX - 1] = 'y';
	assert_false(matches(spec, path, sizeof(path)));
}

static void any_of(void **state)
{
	static struct patterns p;

	(void)state;
	assert_int_equal(patterns_add(&p, "-P", "/a"), 0);
	assert_int_equal(patterns_add(&p, "-P", "/long/enough*"), 0);
	assert_int_equal(patterns_add(&p, "-P", "*z"), 0);
	assert_true(patterns_match(&p, "/a", 2));
	assert_true(patterns_match(&p, "z", 1));
	assert_true(patterns_match(&p, "/long/enough/", 13));
	assert_false(patterns_match(&p, "/b", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),    cmocka_unit_test(lengths), cmocka_unit_test(count),
		cmocka_unit_test(matching), cmocka_unit_test(longest), cmocka_unit_test(any_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
