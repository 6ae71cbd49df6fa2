/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages to the person at the terminal: one line each, on stderr, as
 * "tool: what: why".
 *
 * A message is one write(2), so that two writers to one terminal or file do
 * not mix within a line. Messages quote option values and file names, so
 * whatever escape_text() would not let through is escaped here; callers pass
 * the bytes as they are. What is longer than 8 KiB is cut and ends in "...".
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#include <bpf/libbpf.h>

/* @tool opens every message; it is kept, not copied. */
void log_init(const char *tool, bool verbose);

bool log_verbose(void);

/*
 * An error: the message, then strerror(-err). With @err 0 there is no reason
 * to add, and -EINVAL is returned; otherwise @err is. So that the one who
 * knows why can say so and return in one statement.
 */
int log_err(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Something the reader should know, though work goes on. */
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something only the curious want: shown with -v. */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * For libbpf_set_print(): libbpf's warnings and information, with -v only,
 * each of their lines a message; its debugging output never.
 */
int log_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

#endif /* COMMON_LOG_H */
