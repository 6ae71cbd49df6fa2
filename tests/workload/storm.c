/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * storm [-p PROCESSES] [-t THREADS] [-n OPENS] [-w] [PATH]
 *
 * Each of PROCESSES times THREADS tasks opens PATH (which does not exist,
 * unless another is given) OPENS times, as fast as it can, and closes it when
 * that worked. Prints the number of opens made and the nanoseconds it took.
 * -w: start when stdin has a line or ends.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include "say.h"

static const char *path = "/storm/does/not/exist";
static long opens = 1000;

static void *work(void *arg)
{
	long i;
	int fd;

	for (i = 0; i < opens; i++) {
		fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
		if (fd >= 0)
			syscall(SYS_close, fd);
	}
	return arg;
}

static void run_threads(long threads)
{
	pthread_t id[1024];
	long i;

	for (i = 1; i < threads; i++) {
		if (pthread_create(&id[i], NULL, work, NULL))
			die("storm: pthread_create");
	}
	work(NULL);
	for (i = 1; i < threads; i++)
		pthread_join(id[i], NULL);
}

int main(int argc, char **argv)
{
	long processes = 1, threads = 1, i, ns;
	struct timespec from, to;
	int opt, wait_first = 0, status;
	char c;

	while ((opt = getopt(argc, argv, "p:t:n:w")) != -1) {
		switch (opt) {
		case 'p':
			processes = atol(optarg);
			break;
		case 't':
			threads = atol(optarg);
			break;
		case 'n':
			opens = atol(optarg);
			break;
		case 'w':
			wait_first = 1;
			break;
		default:
			return 99;
		}
	}
	if (threads > 1024)
		return 99;
	if (optind < argc)
		path = argv[optind];
	while (wait_first && read(0, &c, 1) > 0 && c != '\n')
		;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("storm: fork");
		if (!pid) {
			run_threads(threads);
			_exit(0);
		}
	}
	run_threads(threads);
	for (i = 1; i < processes; i++) {
		if (wait(&status) < 0 || status)
			die("storm: a process failed");
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns = (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec;
	printf("%ld %ld\n", processes * threads * opens, ns);
	return 0;
}
