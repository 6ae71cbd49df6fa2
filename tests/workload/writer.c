/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * writer [-w] [-t] [-n COMM] [-p PROCESSES] [-c COUNT] PATH
 *
 * Each of PROCESSES opens PATH and writes 2 bytes to it COUNT times, as fast as
 * it can.  Prints the number of writes made and the nanoseconds it took.
 *   -w        start when stdin has a line or ends
 *   -t        in a second thread
 *   -n COMM   be called COMM
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include "say.h"

static const char *path;
static long count = 1;

static void *work(void *arg)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (fd < 0)
		die(path);
	for (long i = 0; i < count; i++)
		if (write(fd, "42", 2) != 2)
			die("writer: write");
	close(fd);
	return arg;
}

static void work_in_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL))
		die("writer: pthread_create");
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	int opt, wait_first = 0, threaded = 0, status;
	long processes = 1, i, ns;
	struct timespec from, to;
	char c;

	while ((opt = getopt(argc, argv, "wtn:p:c:")) != -1) {
		switch (opt) {
		case 'w':
			wait_first = 1;
			break;
		case 't':
			threaded = 1;
			break;
		case 'n':
			prctl(PR_SET_NAME, optarg);
			break;
		case 'p':
			processes = atol(optarg);
			break;
		case 'c':
			count = atol(optarg);
			break;
		default:
			return 99;
		}
	}
	path = argv[optind];
	if (!path)
		return 99;
	while (wait_first && read(0, &c, 1) > 0 && c != '\n')
		;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 1; i < processes; i++) {
		if (!fork()) {
			work(NULL);
			_exit(0);
		}
	}
	if (threaded)
		work_in_thread();
	else
		work(NULL);
	for (i = 1; i < processes; i++)
		if (wait(&status) < 0 || status)
			die("writer: a process failed");
	clock_gettime(CLOCK_MONOTONIC, &to);
	ns = (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec;
	printf("%ld %ld\n", processes * count, ns);
	return 0;
}
