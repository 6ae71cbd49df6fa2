/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records that wait for their other half, by a number that both have: what an
 * io_uring request asked for, or what a process has executed, until it ends.
 */
#ifndef COMMON_PENDING_H
#define COMMON_PENDING_H

#include <stddef.h>
#include <stdint.h>

struct pending {
	struct pending *next;
	uint64_t key;
	size_t size;
	char record[] __attribute__((aligned(8)));
};

#define PENDING_SMALL 4096 /* bytes */
#define PENDING_BITS 12

/* All zero: nothing is kept. */
struct pending_table {
	struct pending *buckets[1 << PENDING_BITS];
	size_t held; /* bytes */
};

/*
 * Keeps a copy of a record; it hides an older one of the same key.  0, or
 * -ENOMEM: also when 16 MB are kept, for who is traced decides how much that is;
 * and half of that is for small records, so that large ones cannot displace
 * everybody's.
 */
int pending_put(struct pending_table *t, uint64_t key, const void *record, size_t size);
/* Takes a record out, to be freed by the caller; NULL if there is none. */
struct pending *pending_take(struct pending_table *t, uint64_t key);
/* Takes out any one; NULL when none is left. */
struct pending *pending_take_any(struct pending_table *t);

#endif
