/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* int80: opens by 32-bit system calls out of a 64-bit program, and a 64-bit one before and after. */
#define _GNU_SOURCE
#if defined(__x86_64__)
#include "int80.h"

#define I386_OPEN 5
#define I386_OPENAT 295

int main(void)
{
	char *low = low_memory(4096);

	say_begin();
	say("openat", "/int80/before", (int)syscall(SYS_openat, AT_FDCWD, "/int80/before", 0));
	strcpy(low, "/int80/open");
	say("open", low, (int)int80(I386_OPEN, (long)low, O_RDONLY, 0, 0, 0, 0));
	strcpy(low, "/int80/openat");
	say("openat", low, (int)int80(I386_OPENAT, AT_FDCWD, (long)low, O_RDONLY, 0, 0, 0));
	say("openat", "/int80/after", (int)syscall(SYS_openat, AT_FDCWD, "/int80/after", 0));
	return 0;
}
#else
#include <stdio.h>

int main(void)
{
	fprintf(stderr, "int80: only on x86-64\n");
	return 77;
}
#endif
