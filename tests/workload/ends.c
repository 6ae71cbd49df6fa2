/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ends WAY HOW: a process ends, with the exit code HOW, or by the signal -HOW.
 *
 *   leader   the first thread has ended before, by itself; a second one goes on
 *   thread   a second thread ends all of them
 *   alone    as leader, but the second thread ends alone as well, with HOW, after
 *            the first one, with 5: what that is for the parent is up to the kernel
 *   wait     when stdin has a line or ends; it prints how many microseconds
 *            there have been since it began
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int how;

static void end(void)
{
	if (how < 0)
		kill(getpid(), -how);
	else
		_exit(how);
	for (;;)
		pause();
}

static char leader_state(void)
{
	char name[64], text[512], *state;
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", (int)getpid());
	fd = open(name, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');
	return state ? state[2] : 'Z';
}

static void wait_for_leader(void)
{
	const struct timespec ms = { 0, 1000000 };

	while (leader_state() != 'Z')
		nanosleep(&ms, NULL);
}

static void *last(void *unused)
{
	wait_for_leader();
	end();
	return unused;
}

static void *alone(void *unused)
{
	wait_for_leader();
	syscall(SYS_exit, how);
	return unused;
}

static void *at_once(void *unused)
{
	end();
	return unused;
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	long begin = now();
	pthread_t thread;
	char c;

	if (argc != 3)
		return 99;
	how = atoi(argv[2]);
	if (!strcmp(argv[1], "leader")) {
		if (!pthread_create(&thread, NULL, last, NULL))
			pthread_exit(NULL);
	} else if (!strcmp(argv[1], "alone")) {
		if (!pthread_create(&thread, NULL, alone, NULL))
			syscall(SYS_exit, 5);
	} else if (!strcmp(argv[1], "thread")) {
		if (!pthread_create(&thread, NULL, at_once, NULL))
			pthread_join(thread, NULL);
	} else if (!strcmp(argv[1], "wait")) {
		while (read(0, &c, 1) > 0 && c != '\n')
			;
		printf("%ld\n", now() - begin);
		fflush(stdout);
		end();
	}
	return 99;
}
