// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000LL
#define STEP \
	(SECOND / 1000) /* less is what reading two clocks one after the other costs, and slewing */

static uint64_t beginning;
static int64_t offset;	  /* wall clock minus CLOCK_MONOTONIC, nanoseconds */
static time_t known = -1; /* the second that the texts below stand for */
static char day[16], second[16], zone[16];

static int64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

uint64_t clock_now(void)
{
	return now(CLOCK_MONOTONIC);
}

void clock_init(void)
{
	time_t t = 0;
	struct tm tm;

	/* With TZ unset glibc stats the file on every call, see tzset(3). */
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
	localtime_r(&t, &tm);
	beginning = clock_now();
	clock_sync();
}

uint64_t clock_since(uint64_t monotonic)
{
	return monotonic - beginning;
}

void clock_sync(void)
{
	int64_t before, wall, after;

	/* Whoever loses the processor between the readings tries again. */
	for (int tries = 0; tries < 3; tries++) {
		before = now(CLOCK_MONOTONIC);
		wall = now(CLOCK_REALTIME);
		after = now(CLOCK_MONOTONIC);
		if (after - before > STEP / 2 && (offset || tries < 2))
			continue;
		if (llabs(wall - after - offset) > STEP)
			offset = wall - after;
		return;
	}
}

/* Brings the texts to the second of a timestamp; returns its microseconds. */
static unsigned int break_down(uint64_t monotonic)
{
	int64_t wall = (int64_t)monotonic + offset;
	time_t t = wall / SECOND;
	struct tm tm;

	if (t != known) {
		known = t;
		localtime_r(&t, &tm);
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		strftime(second, sizeof(second), "%H:%M:%S", &tm);
		strftime(zone, sizeof(zone), "%z", &tm); /* +hhmm */
	}
	return wall % SECOND / 1000;
}

void clock_text(uint64_t monotonic, char text[CLOCK_TEXT_LEN])
{
	unsigned int us = break_down(monotonic);
	char *p = text + 8;

	memcpy(text, second, 8);
	*p = '.';
	for (int i = 6; i > 0; i--, us /= 10)
		p[i] = '0' + us % 10;
	p[7] = '\0';
}

void clock_json(uint64_t monotonic, char text[CLOCK_JSON_LEN])
{
	unsigned int us = break_down(monotonic);

	snprintf(text, CLOCK_JSON_LEN, "%sT%s.%06u%.3s:%.2s", day, second, us, zone, zone + 3);
}
