/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * writes [-m MILLISECONDS] [-g | -r] [PATH]: write 2 bytes to PATH over and over
 * for that long (300), and print how often that was and the nanoseconds each
 * took. -g: getppid(2) instead, which nobody traces; -r: read(2) of a byte.
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
	const char *path = "/dev/shm/write-of-the-benchmark";
	long begin, end, limit = 300000000, ops = 0, ok = 1;
	int opt, what = 'w', fd, zero, i;
	char byte;

	while ((opt = getopt(argc, argv, "m:gr")) != -1) {
		if (opt == 'm')
			limit = atol(optarg) * 1000000;
		else if (opt == 'g' || opt == 'r')
			what = opt;
		else
			return 2;
	}
	if (optind < argc)
		path = argv[optind];
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	zero = open("/dev/zero", O_RDONLY);
	unlink(path);
	if (fd < 0 || zero < 0)
		return 2;

	begin = now();
	do {
		for (i = 0; i < BATCH; i++) {
			if (what == 'g')
				syscall(SYS_getppid);
			else if (what == 'r')
				ok &= syscall(SYS_read, zero, &byte, 1) == 1;
			else
				ok &= syscall(SYS_write, fd, "42", 2) == 2;
		}
		ops += BATCH;
		end = now();
	} while (end - begin < limit);
	if (!ok)
		return 1;
	printf("%ld %.1f\n", ops, (double)(end - begin) / (double)ops);
	return 0;
}
