/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * int80: a 64-bit program that makes 32-bit system calls, as malware does to
 * hide from who looks at 64-bit ones alone; a 64-bit one before and after.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include "say.h"

#if defined(__x86_64__)
#define I386_OPEN 5
#define I386_OPENAT 295

static int int80(long nr, long a, long b, long c, long d)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"(nr), "b"(a), "c"(b), "d"(c), "S"(d)
			 : "memory", "r8", "r9", "r10", "r11");
	if (ret < 0)
		errno = (int)-ret;
	return ret < 0 ? -1 : (int)ret;
}

int main(void)
{
	/* 32-bit calls take 32-bit pointers */
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		die("int80: mmap");
	say_begin();
	say("openat", "/int80/before", (int)syscall(SYS_openat, AT_FDCWD, "/int80/before", 0));
	strcpy(low, "/int80/open");
	say("open", low, int80(I386_OPEN, (long)low, O_RDONLY, 0, 0));
	strcpy(low, "/int80/openat");
	say("openat", low, int80(I386_OPENAT, AT_FDCWD, (long)low, O_RDONLY, 0));
	say("openat", "/int80/after", (int)syscall(SYS_openat, AT_FDCWD, "/int80/after", 0));
	return 0;
}
#else
int main(void)
{
	fprintf(stderr, "int80: only on x86-64\n");
	return 77;
}
#endif
