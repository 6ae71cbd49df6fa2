/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records put into the order of their times.
 *
 * In the ring buffer they stand in the order in which their memory was
 * reserved, a little after the time was taken: two processors can overtake one
 * another in between.  So each is kept for a moment.
 */
#ifndef COMMON_ORDER_H
#define COMMON_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* More than a program takes from the time of an event to its place in the ring buffer, if its processor does not stand still. */
#define ORDER_PATIENCE 5000000ULL /* nanoseconds */

struct ordered {
	struct ordered *before, *after;
	size_t size;
	char record[] __attribute__((aligned(8))); /* begins with a struct event */
};

/* Keeps a copy of a record.  0 or -ENOMEM. */
int order_put(const void *record, size_t size);
/*
 * Takes out the oldest, to be freed by the caller, if ORDER_PATIENCE has passed
 * at `now` (CLOCK_MONOTONIC, ns; UINT64_MAX takes out any); NULL if there is
 * none.
 */
struct ordered *order_take(uint64_t now);
/* The latest time of all that were ever put in: so late it is at least. */
uint64_t order_latest(void);

#endif
