/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"

/*
 * stderr is a socket that keeps the bounds of what is written to it, so that
 * one receive is one write.
 */
static int reader, old_stderr;

static int set_up(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return -1;
	reader = pair[0];
	old_stderr = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	log_init("tool", false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	close(reader);
	return 0;
}

static ssize_t receive(char *message, size_t size)
{
	ssize_t n = recv(reader, message, size - 1, MSG_DONTWAIT);

	message[n > 0 ? n : 0] = '\0';
	return n;
}

static void assert_message(const char *wanted)
{
	char message[1024];

	receive(message, sizeof(message));
	assert_string_equal(message, wanted);
}

static void assert_silent(void)
{
	char message[1024];

	assert_int_equal(receive(message, sizeof(message)), -1);
}

static void errors(void **state)
{
	(void)state;
	assert_int_equal(log_err(-ENOENT, "%s", "/nowhere"), -ENOENT);
	assert_message("tool: /nowhere: No such file or directory\n");
	assert_int_equal(log_err(0, "-p %s: not a number", "12abc"), -EINVAL);
	assert_message("tool: -p 12abc: not a number\n");
	assert_silent();
}

static void verbosity(void **state)
{
	(void)state;
	assert_false(log_verbose());
	log_warn("%d lost", 3);
	assert_message("tool: 3 lost\n");
	log_info("attached");
	assert_silent();

	log_init("tool", true);
	assert_true(log_verbose());
	log_info("attached");
	assert_message("tool: attached\n");
}

static void hostile(void **state)
{
	(void)state;
	log_warn("%s", "a\nb\033[2J\\\x9b");
	assert_message("tool: a\\nb\\033[2J\\\\\\233\n");
	assert_silent();
}

static void charset(void **state)
{
	(void)state;
	log_warn("\xc3\xbc");
	assert_message("tool: \\303\\274\n");
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	log_warn("\xc3\xbc\xe2\x80\xae");
	setlocale(LC_CTYPE, "C");
	assert_message("tool: \xc3\xbc\\342\\200\\256\n");
}

static void cut(void **state)
{
	static char message[65536], text[8193];
	ssize_t n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	log_warn("%s", text);
	n = receive(message, sizeof(message));
	assert_int_equal(n, strlen("tool: ") + 8192 + 1);
	assert_string_equal(message + n - 4, "xxx\n");

	/* One byte more is too long; the reason still fits. */
	log_err(-EPERM, "%sx", text);
	n = receive(message, sizeof(message));
	assert_int_equal(n, strlen("tool: ") + 8192 + strlen(": Operation not permitted\n"));
	assert_memory_equal(message + n - 33, "xxxx...: Operation not permitted\n", 33);

	memset(text, 033, sizeof(text) - 1);
	log_warn("%s", text);
	assert_int_equal(receive(message, sizeof(message)), strlen("tool: ") + 4 * 8192 + 1);
}

__attribute__((format(printf, 2, 3))) static void libbpf(enum libbpf_print_level level,
							 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_libbpf(level, fmt, args);
	va_end(args);
}

static void from_libbpf(void **state)
{
	(void)state;
	libbpf(LIBBPF_WARN, "libbpf: %s\n", "failed");
	assert_silent();

	log_init("tool", true);
	libbpf(LIBBPF_WARN, "libbpf: log:\n%s\n\nend\n", "R1=\x1b");
	assert_message("tool: libbpf: log:\n");
	assert_message("tool: R1=\\033\n");
	assert_message("tool: end\n");
	libbpf(LIBBPF_INFO, "libbpf: %s", "told");
	assert_message("tool: libbpf: told\n");
	libbpf(LIBBPF_DEBUG, "libbpf: noise\n");
	assert_silent();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(verbosity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(charset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(from_libbpf, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
