/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a workload tells of an execution: one line, in the form that
 * tests/oracle-exec.py compares:
 *
 *     RET PID PPID TID COMM FILE EXE ARG...
 *
 * A byte that is not printable ASCII is \xHH, so is a space and a backslash;
 * \e is an empty text, \? one that nobody can read, and \- what there is not.
 *
 * It needs no libc: static and 32-bit programs use it too.
 */
#ifndef TESTS_WORKLOAD_TELL_H
#define TESTS_WORKLOAD_TELL_H

/* in the order of enum nr */
enum nr { NR_EXIT, NR_WRITE, NR_GETPID, NR_GETPPID, NR_GETTID, NR_PRCTL, NR_READLINKAT, NR_EXECVE };
#if defined(__x86_64__)
static const short numbers[] = { 231, 1, 39, 110, 186, 157, 267, 59 };
#elif defined(__i386__)
static const short numbers[] = { 252, 4, 20, 64, 224, 172, 305, 11 };
#elif defined(__aarch64__)
static const short numbers[] = { 94, 64, 172, 173, 178, 167, 78, 221 };
#else
#error "which numbers have the system calls here?"
#endif

#define TELL_AT_FDCWD (-100)
#define TELL_PR_GET_NAME 16

/* What it returns is a negative errno. */
static inline long tell_call(enum nr nr, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"((long)numbers[nr]), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
#elif defined(__i386__)
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"((long)numbers[nr]), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "memory");
#else
	register long ret __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d, x8 __asm__("x8") = numbers[nr];

	__asm__ volatile("svc 0" : "+r"(ret) : "r"(x1), "r"(x2), "r"(x3), "r"(x8) : "memory");
#endif
	return ret;
}

/* A line is one write() unless it is longer than this. */
static char tell_line[65536];
static unsigned int tell_used;

static inline void tell_flush(void)
{
	unsigned int done = 0;
	long n;

	while (done < tell_used) {
		n = tell_call(NR_WRITE, 1, (long)(tell_line + done), tell_used - done, 0);
		if (n <= 0)
			tell_call(NR_EXIT, 99, 0, 0, 0);
		done += (unsigned int)n;
	}
	tell_used = 0;
}

static inline void tell_char(char c)
{
	if (tell_used == sizeof(tell_line))
		tell_flush();
	tell_line[tell_used++] = c;
}

static inline void tell_number(long n)
{
	char digits[24];
	int i = 0;

	if (n < 0) {
		tell_char('-');
		n = -n;
	}
	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		tell_char(digits[--i]);
	tell_char(' ');
}

/* A NULL @text is one that cannot be read. */
static inline void tell_text(const char *text)
{
	static const char hex[] = "0123456789abcdef";

	if (!text || !*text) {
		tell_char('\\');
		tell_char(text ? 'e' : '?');
	}
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > ' ' && c < 0x7f && c != '\\') {
			tell_char(*text);
			continue;
		}
		tell_char('\\');
		tell_char('x');
		tell_char(hex[c >> 4]);
		tell_char(hex[c & 15]);
	}
	tell_char(' ');
}

/* Until the caller has told the arguments and calls tell_end(). */
static inline void tell_begin(long ret, const char *file, const char *exe)
{
	char comm[16] = "";

	tell_call(NR_PRCTL, TELL_PR_GET_NAME, (long)comm, 0, 0);
	tell_number(ret);
	tell_number(tell_call(NR_GETPID, 0, 0, 0, 0));
	tell_number(tell_call(NR_GETPPID, 0, 0, 0, 0));
	tell_number(tell_call(NR_GETTID, 0, 0, 0, 0));
	tell_text(comm);
	tell_text(file);
	tell_text(exe);
}

/* Every text was followed by a space; the last one becomes the newline. */
static inline void tell_end(void)
{
	tell_line[tell_used - 1] = '\n';
	tell_flush();
}

static inline void tell(long ret, const char *file, const char *exe, char **args)
{
	tell_begin(ret, file, exe);
	for (; *args; args++)
		tell_text(*args);
	tell_end();
}

/* Of the link @name; without the " (deleted)" of a file that has no name any more. */
static inline const char *tell_link(const char *name, char *path, unsigned long size)
{
	static const char deleted[] = " (deleted)";
	long len = tell_call(NR_READLINKAT, TELL_AT_FDCWD, (long)name, (long)path, (long)size - 1);
	long i, tail = len - (long)sizeof(deleted) + 1;

	if (len < 0)
		return "?";
	path[len] = '\0';
	for (i = 0; tail > 0 && path[tail + i] && path[tail + i] == deleted[i]; i++)
		;
	if (tail > 0 && !path[tail + i])
		path[tail] = '\0';
	return path;
}

#endif
