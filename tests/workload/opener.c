/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * opener [-w] [-t] [-n COMM] [-f FLAGS] [-c COUNT] [-k] PATH...
 *
 * openat(2) each PATH and tell the results.
 *   -w        wait for a line (or the end) of stdin before that; otherwise
 *             it begins with the open that say.h tells of
 *   -t        do it in a second thread
 *   -n COMM   be called COMM
 *   -f FLAGS  a number as strtoul(3) takes it; the mode is always 0600
 *   -c COUNT  all of it so many times
 *   -k        keep silent: tell nothing
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/prctl.h>
#include "say.h"

static char **paths;
static int flags, silent, count = 1, wait_first;

static void *work(void *arg)
{
	char c;
	int fd, i;

	if (!wait_first)
		say_begin();
	while (wait_first && read(0, &c, 1) > 0 && c != '\n')
		;
	while (count-- > 0) {
		for (i = 0; paths[i]; i++) {
			fd = (int)syscall(SYS_openat, AT_FDCWD, paths[i], flags, 0600);
			if (!silent)
				say("openat", paths[i], fd);
			if (fd >= 0)
				close(fd);
		}
	}
	return arg;
}

int main(int argc, char **argv)
{
	int opt, threaded = 0;
	pthread_t thread;

	while ((opt = getopt(argc, argv, "wtn:f:c:k")) != -1) {
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
		case 'f':
			flags = (int)strtoul(optarg, NULL, 0);
			break;
		case 'c':
			count = atoi(optarg);
			break;
		case 'k':
			silent = 1;
			break;
		default:
			return 99;
		}
	}
	paths = argv + optind;
	if (!threaded) {
		work(NULL);
		return 0;
	}
	if (pthread_create(&thread, NULL, work, NULL))
		die("opener: pthread_create");
	pthread_join(thread, NULL);
	return 0;
}
