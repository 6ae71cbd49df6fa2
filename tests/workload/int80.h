/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* 32-bit system calls out of a 64-bit program, as malware makes them to hide from who looks at 64-bit ones alone. */
#ifndef TESTS_WORKLOAD_INT80_H
#define TESTS_WORKLOAD_INT80_H

#include <sys/mman.h>
#include "say.h"

/* As syscall(2). */
static inline long int80(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;

	__asm__ volatile("mov %%rbp, %%r12\n\tmov %[f], %%rbp\n\tint $0x80\n\tmov %%r12, %%rbp"
			 : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), [f] "r"(f)
			 : "memory", "r8", "r9", "r10", "r11", "r12");
	if (ret < 0)
		errno = (int)-ret;
	return ret < 0 ? -1 : ret;
}

/* Memory that 32-bit pointers reach. */
static inline char *low_memory(size_t size)
{
	char *low = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		die("int80: mmap");
	return low;
}

#endif
