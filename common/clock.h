/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Wall-clock time for the kernel's monotonic timestamps, without reading a clock for each of them. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_LEN 16 /* 23:59:59.123456 */
#define CLOCK_JSON_LEN 64 /* 2026-01-31T23:59:59.123456+01:00, and room */

/* CLOCK_MONOTONIC in nanoseconds, as the kernel half stamps its records. */
uint64_t clock_now(void);

/*
 * Once before the command gives up its privileges: reads the time zone, which
 * localtime(3) would otherwise look for again and again.
 */
void clock_init(void);
/* Once for each batch of records: takes the distance of the two clocks, anew only when the wall clock was set. */
void clock_sync(void);

/* Nanoseconds from clock_init() to a timestamp. */
uint64_t clock_since(uint64_t monotonic);

/* `monotonic` is in nanoseconds; the text is local time, with microseconds. */
void clock_text(uint64_t monotonic, char text[CLOCK_TEXT_LEN]);
/* The same as RFC 3339 has it, with the date and the zone. */
void clock_json(uint64_t monotonic, char text[CLOCK_JSON_LEN]);

#endif
