/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rows of clonecount (bpf/clonecount.h): what the counters of the kernel half
 * have grown by since they were read last, the names it has sent for their keys,
 * and their columns.
 */
#ifndef COMMON_COUNTS_H
#define COMMON_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include "common/column.h"
#include "bpf/clonecount.h"

/* Reads all counters of the map.  0 or a negative errno, after saying why. */
int counts_read(int map);
/* One of them: what it says now. */
void counts_take(const struct clone_key *key, const struct clone_counts *now);
/* The row for a new key, with the names in its context. */
void counts_name(const struct clone_row *row, size_t size);

/*
 * The rows that have counted anything since this was asked last, or with `all`
 * since the beginning, busiest first; returns how many.  They and `sum`, in
 * which they are added up, last until the next call.
 */
size_t counts_rows(bool all, struct clone_row ***rows, struct clone_row *sum);

/* New tasks, and calls that failed. */
uint64_t counts_tried(const struct clone_counts *c);

extern struct table counts_table;
extern double
	counts_per; /* what is shown is so many for each so many seconds; 0: the number itself */
/* Shows the columns of "uid,comm,..." in place of those that are counted by so far.  0, or -EINVAL after saying why. */
int counts_by(const char *value);

#endif
