/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/escape.h"
#include "tests/unit/unescape.h"

/* A destination of exactly the promised size, so that ASan sees a byte more. */
static char *text_of(const char *src, size_t len, bool utf8, size_t *n)
{
	char *dst = malloc(len * ESCAPE_TEXT_MAX + !len);

	assert_non_null(dst);
	*n = (size_t)(escape_text(dst, src, len, utf8) - dst);
	assert_true(*n <= len * ESCAPE_TEXT_MAX);
	return dst;
}

static char *word_of(const char *src, size_t len, bool utf8, bool quote, size_t *n)
{
	size_t size = len * ESCAPE_TEXT_MAX + ESCAPE_SHELL_EXTRA;
	char *dst = malloc(size);

	assert_non_null(dst);
	*n = (size_t)(escape_shell(dst, src, len, utf8, quote) - dst);
	assert_true(*n <= size);
	return dst;
}

static char *json_of(const char *src, size_t len, bool *exact, size_t *n)
{
	char *dst = malloc(len * ESCAPE_JSON_MAX + !len);

	assert_non_null(dst);
	*n = (size_t)(escape_json(dst, src, len, exact) - dst);
	assert_true(*n <= len * ESCAPE_JSON_MAX);
	return dst;
}

static bool is_text(const char *text, size_t len, const char *wanted)
{
	return len == strlen(wanted) && !memcmp(text, wanted, len);
}

/* As a word of a shell: these bytes again, and neither what stands for "unreadable" nor for "cut". */
static void check_word(const char *src, size_t len, bool utf8, bool quote)
{
	size_t n;
	char *dst = word_of(src, len, utf8, quote, &n), *plain = malloc(n + 1);

	assert_non_null(plain);
	assert_int_equal(unescape_shell(plain, dst, n), len);
	assert_memory_equal(plain, src, len);
	assert_true(is_utf8(dst, n));
	for (size_t i = 0; !utf8 && i < n; i++)
		assert_in_range(dst[i], ' ', '~');
	assert_false(is_text(dst, n, "?") || is_text(dst, n, "..."));
	assert_true(!quote ||
		    (strchr("'\"", dst[n - 1]) && (dst[0] == dst[n - 1] || !memcmp(dst, "$'", 2))));
	free(plain);
	free(dst);
}

/* Everything that holds for any bytes at all. */
static void check_bytes(const char *src, size_t len)
{
	size_t n, back;
	char *dst, *plain;
	bool exact;

	for (int utf8 = 0; utf8 <= 1; utf8++) {
		dst = text_of(src, len, utf8, &n);
		plain = malloc(n + 1);
		assert_non_null(plain);
		back = (size_t)unescape_text(plain, dst, n);
		assert_int_equal(back, len);
		assert_memory_equal(plain, src, len);
		assert_true(is_utf8(dst, n));
		for (size_t i = 0; !utf8 && i < n; i++)
			assert_in_range(dst[i], ' ', '~');
		free(plain);
		free(dst);
		check_word(src, len, utf8, false);
		check_word(src, len, utf8, true);
	}

	dst = json_of(src, len, &exact, &n);
	plain = malloc(n + 1);
	assert_non_null(plain);
	back = (size_t)unescape_json(plain, dst, n);
	assert_true(is_utf8(plain, back));
	assert_int_equal(exact, is_utf8(src, len));
	if (exact) {
		assert_int_equal(back, len);
		assert_memory_equal(plain, src, len);
	}
	free(plain);
	free(dst);
}

static void assert_text(const char *src, size_t len, bool utf8, const char *wanted)
{
	size_t n;
	char *dst = text_of(src, len, utf8, &n);

	assert_int_equal(n, strlen(wanted));
	assert_memory_equal(dst, wanted, n);
	free(dst);
}

static void assert_word(const char *src, size_t len, bool utf8, bool quote, const char *wanted)
{
	size_t n;
	char *dst = word_of(src, len, utf8, quote, &n);

	if (!is_text(dst, n, wanted))
		fail_msg("%.*s is not %s", (int)n, dst, wanted);
	free(dst);
}

static void assert_json(const char *src, size_t len, bool wanted_exact, const char *wanted)
{
	size_t n;
	bool exact = !wanted_exact;
	char *dst = json_of(src, len, &exact, &n);

	assert_int_equal(n, strlen(wanted));
	assert_memory_equal(dst, wanted, n);
	assert_int_equal(exact, wanted_exact);
	free(dst);
}

#define TEXT(src, utf8, wanted) assert_text(src, sizeof(src) - 1, utf8, wanted)
#define WORD(src, wanted) assert_word(src, sizeof(src) - 1, true, false, wanted)
#define QUOTED(src, wanted) assert_word(src, sizeof(src) - 1, true, true, wanted)
#define JSON(src, exact, wanted) assert_json(src, sizeof(src) - 1, exact, wanted)

static void text_ascii(void **state)
{
	(void)state;
	TEXT("", true, "");
	TEXT("/etc/passwd \"~'$", true, "/etc/passwd \"~'$");
	TEXT("a\nb\tc\\d", true, "a\\nb\\tc\\\\d");
	TEXT("\a\b\v\f\r", false, "\\a\\b\\v\\f\\r");
	/* Three digits always: a digit behind stays what it is. */
	TEXT("\0331\177", true, "\\0331\\177");
	TEXT("\0", true, "\\000");
	TEXT("\0330", true, "\\0330");
}

static void text_utf8(void **state)
{
	(void)state;
	TEXT("h\xc3\xbc", true, "h\xc3\xbc");
	TEXT("h\xc3\xbc", false, "h\\303\\274");
	TEXT("\xe6\x97\xa5\xf0\x9f\x98\x80", true, "\xe6\x97\xa5\xf0\x9f\x98\x80");
	/* cut short, at the end and before something else */
	TEXT("\xe6\x97", true, "\\346\\227");
	TEXT("\xe6\x97x", true, "\\346\\227x");
	TEXT("\xf0\x9f\x98\xc3\xbc", true, "\\360\\237\\230\xc3\xbc");
	/* overlong, surrogate, too high, bytes that never occur */
	TEXT("\xc0\xaf\xe0\x80\xaf", true, "\\300\\257\\340\\200\\257");
	TEXT("\xed\xa0\x80", true, "\\355\\240\\200");
	TEXT("\xf4\x90\x80\x80\xff", true, "\\364\\220\\200\\200\\377");
	/* valid, and steering: C1 CSI, right-to-left override, BOM, a tag */
	TEXT("\xc2\x9b", true, "\\302\\233");
	TEXT("x\xe2\x80\xaey", true, "x\\342\\200\\256y");
	TEXT("\xef\xbb\xbf", true, "\\357\\273\\277");
	TEXT("\xf3\xa0\x81\x81", true, "\\363\\240\\201\\201");
}

static void words_as_they_are(void **state)
{
	static const char *const some[] = {
		"x",
		"/bin/ls",
		"-la",
		"--color=auto",
		"a.b-c_d",
		"user@host:/dir",
		"1,2.5%",
		"+x",
		"..",
		"....",
		"...x",
		".",
		"-",
		"OLD=/NEW",
		"h\xc3\xbc",
		"C++",
		"\xf0\x9f\x98\x80",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		assert_word(some[i], strlen(some[i]), true, false, some[i]);
}

static void words_in_quotes(void **state)
{
	static const char special[] = " |&;()<>$`\"*?[]!{}#~^";
	char word[4] = "", wanted[6];

	(void)state;
	WORD("", "''");
	WORD("two words", "'two words'");
	WORD("$(rm -rf /)", "'$(rm -rf /)'");
	WORD("~/x", "'~/x'");
	WORD("a=~", "'a=~'");
	WORD("{a,b}", "'{a,b}'");
	WORD("\"", "'\"'");
	/* What stands for something here: an argument that is not to be read, and those left out. */
	WORD("?", "'?'");
	WORD("...", "'...'");
	for (size_t i = 0; special[i]; i++) {
		word[0] = special[i];
		word[1] = '\0';
		sprintf(wanted, "'%s'", word);
		assert_word(word, 1, true, false, wanted);
		assert_word(word, 1, false, true, wanted);
	}
	QUOTED("", "''");
	QUOTED("x", "'x'");
	QUOTED("two words", "'two words'");
	QUOTED("h\xc3\xbc", "'h\xc3\xbc'");
	QUOTED("?", "'?'");
	QUOTED("...", "'...'");
}

static void words_with_escapes(void **state)
{
	(void)state;
	/* Where quotes are enough there are none. */
	WORD("it's", "\"it's\"");
	WORD("'", "\"'\"");
	WORD("\\", "'\\'");
	WORD("a\\nb", "'a\\nb'");
	QUOTED("it's", "\"it's\"");
	WORD("it's $x", "$'it\\'s $x'");
	WORD("it's \"", "$'it\\'s \"'");
	WORD("it's!", "$'it\\'s!'");
	WORD("it's `", "$'it\\'s `'");
	WORD("\\'", "$'\\\\\\''");
	WORD("\\\n", "$'\\\\\\n'");
	WORD("a\nb c", "$'a\\nb c'");
	WORD("\033[2J", "$'\\033[2J'");
	/* A digit behind stays what it is. */
	WORD("\0011", "$'\\0011'");
	WORD("\xff'\xff", "$'\\377\\'\\377'");
	WORD("x\xe2\x80\xaey", "$'x\\342\\200\\256y'");
	/* Cut by a quote, it must not become another character. */
	WORD("\xc3'\xbc", "$'\\303\\'\\274'");
	QUOTED("it's\n", "$'it\\'s\\n'");
	assert_word("h\xc3\xbc", 3, false, false, "$'h\\303\\274'");
	assert_word("h\xc3\xbc", 3, false, true, "$'h\\303\\274'");
}

static void json_forms(void **state)
{
	(void)state;
	JSON("", true, "");
	JSON("/a b'", true, "/a b'");
	JSON("\"\\\n\t\r\b\f", true, "\\\"\\\\\\n\\t\\r\\b\\f");
	JSON("\a\v\033\177", true, "\\u0007\\u000b\\u001b\\u007f");
	JSON("\0", true, "\\u0000");
	JSON("h\xc3\xbc\xf0\x9f\x98\x80", true, "h\xc3\xbc\xf0\x9f\x98\x80");
	JSON("\xc2\x85\xe2\x80\xa8\xe2\x80\xae", true, "\\u0085\\u2028\\u202e");
	JSON("\xf3\xa0\x81\x81", true, "\\udb40\\udc41");
	JSON("a\xff"
	     "b",
	     false,
	     "a\xef\xbf\xbd"
	     "b");
	JSON("\xe6\x97", false, "\xef\xbf\xbd\xef\xbf\xbd");
	/* Its own U+FFFD is no loss. */
	JSON("\xef\xbf\xbd", true, "\xef\xbf\xbd");
}

/* The list of hidden characters, from the other end. */
static bool steers(uint32_t cp)
{
	static const uint32_t ranges[][2] = {
		{ 0x0, 0x1f },	    { 0x7f, 0x9f },	{ 0xad, 0xad },	      { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (cp >= ranges[i][0] && cp <= ranges[i][1])
			return true;
	return false;
}

static void every_code_point(void **state)
{
	char src[4], dst[4 * ESCAPE_JSON_MAX], *end;
	bool exact;
	size_t len;

	(void)state;
	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		bool passes = !steers(cp) && cp != '\\' && (cp < 0xd800 || cp > 0xdfff);

		len = encode_utf8(src, cp);
		if ((escape_text(dst, src, len, true) == dst + len && !memcmp(dst, src, len)) !=
		    passes)
			fail_msg("text: U+%04X", cp);
		/* In quotes or not, or with its bytes escaped. */
		end = escape_shell(dst, src, len, true, false);
		if ((dst[0] != '$' || cp == '$') != (passes || cp == '\\') ||
		    unescape_shell(dst, dst, (size_t)(end - dst)) != (ssize_t)len)
			fail_msg("shell: U+%04X", cp);
		passes = passes && cp != '"';
		if ((escape_json(dst, src, len, &exact) == dst + len && !memcmp(dst, src, len)) !=
		    passes)
			fail_msg("JSON: U+%04X", cp);
	}
}

/* All there is of one, two and three bytes; of four, the edges. */
static void every_short_sequence(void **state)
{
	static const unsigned char edges[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
					       0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff };
	const size_t n = sizeof(edges);
	char src[4];

	(void)state;
	for (unsigned int i = 0; i < 1u << 16; i++) {
		src[0] = (char)i;
		src[1] = (char)(i >> 8);
		check_bytes(src, 2);
		check_bytes(src, 1);
	}
	for (size_t i = 0; i < n * n * n * n; i++) {
		src[0] = (char)edges[i % n];
		src[1] = (char)edges[i / n % n];
		src[2] = (char)edges[i / n / n % n];
		src[3] = (char)edges[i / n / n / n];
		check_bytes(src, 4);
		check_bytes(src, 3);
	}
}

/* What bytes do to those around them: lengths and mixtures that nobody would think of. */
static void random_bytes(void **state)
{
	static const char often[] = "''\\\\$?...\n\033 a=~#1\xc3\xbc\xe2\x80\xae\xff";
	uint32_t seed = 1;
	char src[40];
	size_t len;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		seed = seed * 1664525 + 1013904223;
		len = seed >> 16 & 15;
		len += len == 15 ? seed >> 20 & 15 : 0;
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			src[i] = seed & 1 << 30 ? often[(seed >> 8) % (sizeof(often) - 1)]
						: (char)(seed >> 16);
		}
		check_bytes(src, len);
	}
}

static void worst_cases(void **state)
{
	char src[4096], *dst;
	bool exact;
	size_t n;

	(void)state;
	memset(src, 033, sizeof(src));
	dst = text_of(src, sizeof(src), true, &n);
	assert_int_equal(n, sizeof(src) * ESCAPE_TEXT_MAX);
	free(dst);
	dst = word_of(src, sizeof(src), true, false, &n);
	assert_int_equal(n, sizeof(src) * ESCAPE_TEXT_MAX + ESCAPE_SHELL_EXTRA);
	free(dst);
	dst = json_of(src, sizeof(src), &exact, &n);
	assert_int_equal(n, sizeof(src) * ESCAPE_JSON_MAX);
	free(dst);
}

static void hex(void **state)
{
	char dst[8];

	(void)state;
	assert_ptr_equal(escape_hex(dst, "\x00\x9f\xff", 3), dst + 6);
	assert_memory_equal(dst, "009fff", 6);
}

static void columns(void **state)
{
	(void)state;
	assert_int_equal(escape_columns("", 0), 0);
	assert_int_equal(escape_columns("a\\n", 3), 3);
	assert_int_equal(escape_columns("h\xc3\xbc\xe6\x97\xa5\xf0\x9f\x98\x80", 10), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_ascii),
		cmocka_unit_test(text_utf8),
		cmocka_unit_test(words_as_they_are),
		cmocka_unit_test(words_in_quotes),
		cmocka_unit_test(words_with_escapes),
		cmocka_unit_test(json_forms),
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(every_short_sequence),
		cmocka_unit_test(random_bytes),
		cmocka_unit_test(worst_cases),
		cmocka_unit_test(hex),
		cmocka_unit_test(columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
