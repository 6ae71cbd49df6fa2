/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a workload tells what it did: one line for each open, in the form that tests/oracle.py compares. */
#ifndef TESTS_WORKLOAD_SAY_H
#define TESTS_WORKLOAD_SAY_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Everything before the open of this name is the loader's business and is
 * left out of the comparison.
 */
#define SAY_BEGIN "/=begin="

/* A byte that is not printable ASCII becomes \xHH, so does a space and a backslash. */
static inline size_t say_escaped(char *to, const char *text, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	char *start = to;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c > ' ' && c < 0x7f && c != '\\') {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		*to++ = 'x';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return (size_t)(to - start);
}

/*
 * Print "CALL FD ERR PATH" and hand @fd back. FD and ERR are as opensnoop
 * shows them. A byte of @path that is not printable ASCII is written \xHH, so
 * is a space and a backslash; a NULL @path, one that nobody can read, is \?.
 * One write() a line: threads and children share the descriptor.
 */
static inline int say_n(const char *call, int fd, int err, const char *path, size_t len)
{
	char line[4 * 4096 + 128];
	size_t n;

	n = (size_t)snprintf(line, 128, "%s %d %d ", call, fd < 0 ? -1 : fd, fd < 0 ? err : 0);
	if (path)
		n += say_escaped(line + n, path, len < 4096 ? len : 4096);
	else
		n += (size_t)sprintf(line + n, "\\?");
	line[n++] = '\n';
	if (write(1, line, n) != (ssize_t)n)
		_exit(99);
	return fd;
}

/* The same for the result of a system call just made: the reason is in errno. */
static inline int say(const char *call, const char *path, int fd)
{
	return say_n(call, fd, errno, path, path ? strlen(path) : 0);
}

static inline void die(const char *what)
{
	perror(what);
	_exit(99);
}

static inline void say_begin(void)
{
	syscall(SYS_openat, AT_FDCWD, SAY_BEGIN, O_RDONLY);
}

#endif
