/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unwind: opens by way of libc, from functions without frame pointers, whose
 * names a stack trace must show: unwind_inner, unwind_outer and
 *
 *     /unwind/call      main
 *     /unwind/library   qsort_r or the like, main
 *     /unwind/signal    the interrupted unwind_interrupted, main
 *     /unwind/thread    unwind_thread
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define IN_STACK __attribute__((noinline, used))

/* Volatile: raise(3) is declared as if no handler of ours could look at it. */
static const char *volatile path;

int unwind_inner(void);
int unwind_outer(int size);
int unwind_interrupted(void);
void *unwind_thread(void *arg);

/* Work after each call keeps it from becoming a jump. */
IN_STACK int unwind_inner(void)
{
	return open(path, O_RDONLY) + 1;
}

/* With a frame whose size only a frame pointer, or a table, can tell. */
IN_STACK int unwind_outer(int size)
{
	char room[size];

	memset(room, 0, size);
	__asm__ volatile("" : : "r"(room) : "memory");
	return unwind_inner() + room[size / 2];
}

static int compare(const void *a, const void *b)
{
	(void)a;
	(void)b;
	return unwind_outer(100);
}

static void handler(int sig)
{
	(void)sig;
	unwind_outer(200);
}

IN_STACK int unwind_interrupted(void)
{
	return raise(SIGUSR1) + 1;
}

IN_STACK void *unwind_thread(void *arg)
{
	return unwind_outer(300) ? NULL : arg;
}

int main(void)
{
	int numbers[] = { 2, 1 };
	pthread_t thread;

	path = "/unwind/call";
	unwind_outer(1000);
	path = "/unwind/library";
	qsort(numbers, 2, sizeof(*numbers), compare);
	path = "/unwind/signal";
	signal(SIGUSR1, handler);
	unwind_interrupted();
	path = "/unwind/thread";
	if (pthread_create(&thread, NULL, unwind_thread, NULL))
		return 1;
	pthread_join(thread, NULL);
	return 0;
}
