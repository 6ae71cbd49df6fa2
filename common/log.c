/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/log.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/escape.h"

/* Bytes of a message, before escaping; longer ones are cut. */
#define TOOL_MAX 64
#define TEXT_MAX 8192
#define REASON_MAX 256

static const char *tool_name = "";
static bool verbose_wanted;

void log_init(const char *tool, bool verbose)
{
	tool_name = tool;
	verbose_wanted = verbose;
}

bool log_verbose(void)
{
	return verbose_wanted;
}

static void write_message(const char *text, size_t len, const char *reason)
{
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	char line[(TOOL_MAX + 2 + TEXT_MAX + 2 + REASON_MAX) * ESCAPE_TEXT_MAX + 1];
	char *end = line;

	end = escape_text(end, tool_name, strnlen(tool_name, TOOL_MAX), utf8);
	end = stpcpy(end, ": ");
	end = escape_text(end, text, len, utf8);
	if (reason) {
		end = stpcpy(end, ": ");
		end = escape_text(end, reason, strnlen(reason, REASON_MAX), utf8);
	}
	*end++ = '\n';
	/* When stderr cannot be written there is nobody left to tell. */
	while (write(STDERR_FILENO, line, (size_t)(end - line)) < 0 && errno == EINTR)
		;
}

__attribute__((format(printf, 2, 0))) static void vmessage(const char *reason, const char *fmt,
							   va_list args)
{
	char text[TEXT_MAX + 1];
	int n = vsnprintf(text, sizeof(text), fmt, args);

	if (n > TEXT_MAX) {
		n = TEXT_MAX;
		memcpy(text + n - 3, "...", 3);
	}
	write_message(text, n < 0 ? 0 : (size_t)n, reason);
}

int log_err(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vmessage(err ? strerror(-err) : NULL, fmt, args);
	va_end(args);
	return err ? err : -EINVAL;
}

void log_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vmessage(NULL, fmt, args);
	va_end(args);
}

void log_info(const char *fmt, ...)
{
	va_list args;

	if (!verbose_wanted)
		return;
	va_start(args, fmt);
	vmessage(NULL, fmt, args);
	va_end(args);
}

int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char *text, *line, *next;

	if (!verbose_wanted || level == LIBBPF_DEBUG)
		return 0;
	/* On the heap: the verifier's log comes this way, in one piece. */
	if (vasprintf(&text, fmt, args) < 0)
		return 0;
	for (next = text; (line = strsep(&next, "\n"));)
		if (*line)
			write_message(line, strnlen(line, TEXT_MAX), NULL);
	free(text);
	return 0;
}
