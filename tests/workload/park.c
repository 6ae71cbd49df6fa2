/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * park FIFO THREADS: THREADS threads get stuck in open(FIFO), which nobody
 * writes to, and stay there while this process opens /park/probe. Then they
 * are let go, and each has opened it. Prints the probe's line and
 * "opened N", N the threads that came back with a descriptor.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include "say.h"

static const char *fifo;
static atomic_long opened;
static pid_t *tids;

static void *park(void *slot)
{
	*(volatile pid_t *)slot = (pid_t)syscall(SYS_gettid);
	if (syscall(SYS_openat, AT_FDCWD, fifo, O_RDONLY) >= 0)
		atomic_fetch_add(&opened, 1);
	return NULL;
}

/* Is this thread asleep in a system call? */
static int is_parked(volatile pid_t *tid)
{
	char name[64], text[512], *state;
	ssize_t n;
	int fd;

	if (!*tid)
		return 0;
	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", (int)*tid);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		die("park: /proc");
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

int main(int argc, char **argv)
{
	const struct timespec ms = { 0, 1000000 };
	long threads = argc == 3 ? atol(argv[2]) : 0, i;
	struct rlimit limit;
	pthread_attr_t attr;
	pthread_t *ids;
	int fd;

	if (threads < 1)
		return 99;
	fifo = argv[1];
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	ids = calloc((size_t)threads, sizeof(*ids));
	tids = calloc((size_t)threads, sizeof(*tids));
	if (!ids || !tids || mkfifo(fifo, 0600))
		die("park: setting up");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < threads; i++) {
		if (pthread_create(&ids[i], &attr, park, &tids[i]))
			die("park: pthread_create");
	}
	for (i = 0; i < threads; i++) {
		while (!is_parked(&tids[i]))
			nanosleep(&ms, NULL);
	}
	say("openat", "/park/probe", (int)syscall(SYS_openat, AT_FDCWD, "/park/probe", O_RDONLY));
	/* O_RDWR of a FIFO does not wait and lets every reader in */
	fd = open(fifo, O_RDWR);
	for (i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	close(fd);
	printf("opened %ld\n", (long)opened);
	return 0;
}
