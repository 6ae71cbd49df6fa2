/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * told [ARG...]                tell of its own execution, from within: what
 *                              the kernel has put on its stack, see tell.h
 * told exec FILE ARGV0 ARG...  that, and then execute FILE; tell if it fails
 * told silent ...              tell nothing
 *
 * Compiled with -ffreestanding it needs no libc.
 */
#include "tell.h"

#define TOLD_AT_EXECFN 31

static int is_text(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* @argv is where the kernel has put it: the environment and the auxiliary vector follow. */
static int told(char **argv)
{
	static char exe[4096];
	char **envp = argv;
	const char *file = 0;
	unsigned long *aux;
	long err;

	while (*envp++)
		;
	aux = (unsigned long *)envp;
	while (*aux++)
		;
	for (; aux[0]; aux += 2)
		if (aux[0] == TOLD_AT_EXECFN)
			file = (const char *)aux[1];
	if (argv[0] && argv[1] && is_text(argv[1], "silent"))
		return 0;
	tell(0, file, tell_link("/proc/self/exe", exe, sizeof(exe)), argv);
	if (!argv[0] || !argv[1] || !is_text(argv[1], "exec") || !argv[2])
		return 0;
	err = tell_call(NR_EXECVE, (long)argv[2], (long)(argv + 3), (long)envp, 0);
	tell(err, argv[2], argv[2], argv + 3);
	return 0;
}

#if __STDC_HOSTED__
int main(int argc, char **argv)
{
	(void)argc;
	return told(argv);
}
#else
void start(long *sp);

/* The kernel leaves argc at the stack pointer, and argv above it. */
__attribute__((used)) void start(long *sp)
{
	tell_call(NR_EXIT, told((char **)(sp + 1)), 0, 0, 0);
	__builtin_unreachable();
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#elif defined(__i386__)
__asm__(".globl _start\n_start:\n\tmov %esp, %eax\n\tand $-16, %esp\n\tsub $12, %esp\n\tpush %eax\n\tcall start\n");
#else
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tb start\n");
#endif
#endif
