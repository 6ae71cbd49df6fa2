/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A 32-bit program that makes a process by fork, vfork and clone, and fails to
 * make one by clone.
 */
#define NR_EXIT 1
#define NR_FORK 2
#define NR_WAITPID 7
#define NR_CLONE 120
#define NR_VFORK 190
#define CLONE_THREAD 0x00010000
#define SIGCHLD 17

void start(void);

static long call(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return ret;
}

/* Not a function's: the child of vfork() must not return from one. */
#define MAKE(nr, flags) \
	do { \
		long pid = call(nr, flags, 0, 0); \
		if (!pid) \
			call(NR_EXIT, 0, 0, 0); \
		if (pid > 0) \
			call(NR_WAITPID, pid, 0, 0); \
	} while (0)

__attribute__((used)) void start(void)
{
	MAKE(NR_FORK, 0);
	MAKE(NR_VFORK, 0);
	MAKE(NR_CLONE, SIGCHLD);
	MAKE(NR_CLONE, CLONE_THREAD);
	call(NR_EXIT, 0, 0, 0);
	__builtin_unreachable();
}

__asm__(".globl _start\n_start:\n\tand $-16, %esp\n\tcall start\n");
