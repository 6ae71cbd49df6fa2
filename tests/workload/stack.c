/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stack: an open below functions whose names a stack trace must show, from
 * the innermost: stack_inner, stack_middle, stack_outer, main.
 */
#include "say.h"

#define IN_STACK __attribute__((noinline, used))
/* Who asks for the frame's address gets a frame pointer, whatever the flags. */
#define HAVE_FRAME() __asm__ volatile("" : : "r"(__builtin_frame_address(0)))

int stack_inner(const char *path);
int stack_outer(const char *path);

/*
 * The call itself, not libc's: a leaf function of libc has no frame pointer
 * and a walk by frame pointers skips whoever called it.
 */
IN_STACK int stack_inner(const char *path)
{
	long fd;

	HAVE_FRAME();
#if defined(__x86_64__)
	__asm__ volatile("syscall"
			 : "=a"(fd)
			 : "0"((long)SYS_openat), "D"((long)AT_FDCWD), "S"(path),
			   "d"((long)O_RDONLY)
			 : "rcx", "r11", "memory");
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_openat;
	register long x0 __asm__("x0") = AT_FDCWD;
	register long x1 __asm__("x1") = (long)path;
	register long x2 __asm__("x2") = O_RDONLY;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	fd = x0;
#else
#error "no system call for this architecture"
#endif
	return fd < 0 ? say_n("openat", -1, (int)-fd, path, strlen(path))
		      : say_n("openat", (int)fd, 0, path, strlen(path));
}

/* Work after each call keeps it from becoming a jump. */
IN_STACK static int stack_middle(const char *path)
{
	HAVE_FRAME();
	return stack_inner(path) + 1;
}

IN_STACK int stack_outer(const char *path)
{
	HAVE_FRAME();
	return stack_middle(path) + 1;
}

int main(void)
{
	HAVE_FRAME();
	return stack_outer("/stack/probe") == 1 ? 0 : 99;
}
