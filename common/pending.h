/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records that wait for their other half, by a number that both have: what an
 * io_uring request asked for, until it ends.
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

/* Keeps a copy of a record.  0, or -ENOMEM: also when there are more than 65536, of which who is traced decides. */
int pending_put(uint64_t key, const void *record, size_t size);
/* Takes a record out, to be freed by the caller; NULL if there is none. */
struct pending *pending_take(uint64_t key);
/* Takes out any one; NULL when none is left. */
struct pending *pending_take_any(void);

#endif
