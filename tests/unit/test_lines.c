/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/lines.h"

static void secret(const char *prompt, bool is)
{
	if (lines_is_secret(prompt, strlen(prompt)) != is)
		fail_msg("'%s'", prompt);
}

static void test_secret(void **state)
{
	(void)state;
	secret("Password: ", true);
	secret("[sudo] PASSWORD for x:", true);
	secret("Enter passphrase> ", true);
	secret("Passwort:", true);
	secret("Mot de passe : ", true);
	secret("API token? ", true);
	secret("Verification code: ", true);
	secret("Passkey:", true);
	secret("Contraseña: ", true);
	secret("Clave: ", true);
	secret("Пароль: ", true);
	secret("пароль: ", true);
	secret("密码：", true);
	secret("client_secret=", true);
	secret("PIN", true);
	secret("PIN: ", true);
	secret("the key:", true);
	secret("(pass) ", true);
	secret("", false);
	secret("> ", false);
	secret("spinning: ", false);
	secret("keyboard: ", false);
	secret("monkey: ", false);
	secret("enclave: ", false);
	secret("code: ", false);
	secret("bypass? ", false);
	secret("pas", false);
}

/* A prompt is no string: what follows it in a record does not count. */
static void test_secret_length(void **state)
{
	(void)state;
	assert_false(lines_is_secret("password", 3));
	assert_false(lines_is_secret("pink", 0));
	assert_true(lines_is_secret("pink", 3));
}

static void test_continued(void **state)
{
	(void)state;
	assert_true(lines_is_continued("... ", 4));
	assert_true(lines_is_continued("   ...> ", 8));
	assert_false(lines_is_continued(".. ", 3));
	assert_false(lines_is_continued("...", 2));
	assert_false(lines_is_continued("   ", 3));
	assert_false(lines_is_continued("> ...", 5));
	assert_false(lines_is_continued("", 0));
}

static void more(const char *first, const char *prompt, bool is)
{
	assert_int_equal(strlen(first), strlen(prompt));
	if (lines_is_more_of(first, prompt, strlen(first)) != is)
		fail_msg("'%s' after '%s'", prompt, first);
}

static void test_more_of(void **state)
{
	(void)state;
	more("db=# ", "db-# ", true);
	more("db=> ", "db-> ", true);
	more("db=# ", "db'# ", true);
	more("db=# ", "db(# ", true);
	more("db=*# ", "db-*# ", true);
	more("db=# ", "db=# ", false);
	more("db=# ", "db-> ", false);
	more("db=# ", "dx-# ", false);
	more("db-# ", "db'# ", false);
	more("db=# ", "db+# ", false);
	more("", "", false);
	/* A prompt may have a NUL in it, and that is no sign. */
	assert_false(lines_is_more_of("=", "", 1));
}

static void test_narrow(void **state)
{
	static const struct {
		uint32_t wide;
		const char *bytes;
	} cases[] = {
		{ 'a', "a" },
		{ 0x7f, "\x7f" },
		{ 0x80, "\xc2\x80" },
		{ 0xe4, "\xc3\xa4" },
		{ 0x7ff, "\xdf\xbf" },
		{ 0x800, "\xe0\xa0\x80" },
		{ 0x20ac, "\xe2\x82\xac" },
		{ 0xffff, "\xef\xbf\xbf" },
		{ 0x10000, "\xf0\x90\x80\x80" },
		{ 0x1f600, "\xf0\x9f\x98\x80" },
		{ 0x10ffff, "\xf4\x8f\xbf\xbf" },
		{ 0x110000, "?" },
		{ 0xffffffff, "?" },
		{ 0xdc80, "\x80" },
		{ 0xdcff, "\xff" },
	};
	char text[64];
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memcpy(text, &cases[i].wide, sizeof(cases[i].wide));
		len = lines_narrow(text, text, 1);
		assert_int_equal(len, strlen(cases[i].bytes));
		assert_memory_equal(text, cases[i].bytes, len);
	}
}

/* In place, from an odd address, as it stands in a record. */
static void test_narrow_several(void **state)
{
	static const uint32_t wide[] = { 'a', 0x20ac, 0, 0x1f600, 0xdce4, 'z' };
	static const char bytes[] = "a\xe2\x82\xac\0\xf0\x9f\x98\x80\xe4z";
	char text[64];
	size_t len;

	(void)state;
	memcpy(text + 1, wide, sizeof(wide));
	len = lines_narrow(text + 1, text + 1, sizeof(wide) / sizeof(*wide));
	assert_int_equal(len, sizeof(bytes) - 1);
	assert_memory_equal(text + 1, bytes, len);
	assert_int_equal(lines_narrow(text, text, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret),	       cmocka_unit_test(test_secret_length),
		cmocka_unit_test(test_continued),      cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_narrow_several), cmocka_unit_test(test_more_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
