/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What escape.h promises of any bytes. For libFuzzer: make fuzz.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/escape.h"
#include "tests/unit/unescape.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "not so: %s\n", #condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *src, size_t len, bool utf8)
{
	/* One byte more, as malloc(0) may be NULL, and not to be written. */
	char *dst = malloc(len * ESCAPE_TEXT_MAX + 1), *back = malloc(len * ESCAPE_TEXT_MAX + 1);
	size_t n;

	CHECK(dst && back);
	n = (size_t)(escape_text(dst, src, len, utf8) - dst);
	CHECK(n <= len * ESCAPE_TEXT_MAX);
	CHECK(unescape_text(back, dst, n) == (ssize_t)len);
	CHECK(memcmp(back, src, len) == 0);
	CHECK(is_utf8(dst, n));
	CHECK(utf8 ? escape_columns(dst, n) <= n : escape_columns(dst, n) == n);
	free(back);
	free(dst);
}

static void check_shell(const char *src, size_t len, bool utf8, bool quote)
{
	size_t size = len * ESCAPE_TEXT_MAX + ESCAPE_SHELL_EXTRA, n;
	char *dst = malloc(size), *back = malloc(size);

	CHECK(dst && back);
	n = (size_t)(escape_shell(dst, src, len, utf8, quote) - dst);
	CHECK(n <= size);
	CHECK(unescape_shell(back, dst, n) == (ssize_t)len);
	CHECK(memcmp(back, src, len) == 0);
	CHECK(is_utf8(dst, n));
	CHECK(utf8 ? escape_columns(dst, n) <= n : escape_columns(dst, n) == n);
	CHECK(!quote || dst[n - 1] == '\'');
	CHECK(!(n == 1 && dst[0] == '?') && !(n == 3 && memcmp(dst, "...", 3) == 0));
	free(back);
	free(dst);
}

static void check_json(const char *src, size_t len)
{
	char *dst = malloc(len * ESCAPE_JSON_MAX + 1), *back = malloc(len * ESCAPE_JSON_MAX + 1);
	bool exact;
	ssize_t n;

	CHECK(dst && back);
	n = escape_json(dst, src, len, &exact) - dst;
	CHECK(n <= (ssize_t)(len * ESCAPE_JSON_MAX));
	n = unescape_json(back, dst, (size_t)n);
	CHECK(n >= 0);
	CHECK(is_utf8(back, (size_t)n));
	CHECK(exact == is_utf8(src, len));
	CHECK(!exact || (n == (ssize_t)len && memcmp(back, src, len) == 0));
	free(back);
	free(dst);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *src = (const char *)data;
	char *hex = malloc(2 * size + 1);

	check_text(src, size, true);
	check_text(src, size, false);
	check_json(src, size);
	for (int i = 0; i < 4; i++)
		check_shell(src, size, i & 1, i & 2);

	CHECK(hex);
	CHECK(escape_hex(hex, src, size) == hex + 2 * size);
	free(hex);
	return 0;
}
