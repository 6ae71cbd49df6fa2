/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * opens [-m MILLISECONDS] [-g] [PATH]: open PATH, by default one that does not
 * exist, over and over for that long (300), and print how often that was and
 * the nanoseconds each took. -g: getppid(2) instead, which nobody traces.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 100 /* calls between two looks at the clock */

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char **argv)
{
	const char *path = "/nonexistent/path/of/the/benchmark";
	long begin, end, limit = 300000000, ops = 0;
	int opt, getppids = 0, fd, i;

	while ((opt = getopt(argc, argv, "m:g")) != -1) {
		switch (opt) {
		case 'm':
			limit = atol(optarg) * 1000000;
			break;
		case 'g':
			getppids = 1;
			break;
		default:
			return 2;
		}
	}
	if (optind < argc)
		path = argv[optind];

	begin = now();
	do {
		for (i = 0; i < BATCH; i++) {
			if (getppids) {
				syscall(SYS_getppid);
				continue;
			}
			fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
			if (fd >= 0)
				close(fd);
		}
		ops += BATCH;
		end = now();
	} while (end - begin < limit);
	printf("%ld %.1f\n", ops, (double)(end - begin) / (double)ops);
	return 0;
}
