// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_MAX (16 << 20) /* bytes */

static struct pending **bucket(struct pending_table *t, uint64_t key)
{
	/* Fibonacci hashing: keys are addresses, alike but for their middle bits, or count up. */
	return &t->buckets[key * 0x9E3779B97F4A7C15ULL >> (64 - PENDING_BITS)];
}

int pending_put(struct pending_table *t, uint64_t key, const void *record, size_t size)
{
	size_t most = size <= PENDING_SMALL ? PENDING_MAX : PENDING_MAX / 2;
	struct pending **head = bucket(t, key), *new;

	new = t->held + size < most ? malloc(sizeof(*new) + size) : NULL;
	if (!new)
		return -ENOMEM;
	t->held += size;
	new->next = *head;
	new->key = key;
	new->size = size;
	memcpy(new->record, record, size);
	*head = new;
	return 0;
}

struct pending *pending_take(struct pending_table *t, uint64_t key)
{
	struct pending **at = bucket(t, key), *found;

	for (; *at && (*at)->key != key; at = &(*at)->next)
		;
	found = *at;
	if (found) {
		*at = found->next;
		t->held -= found->size;
	}
	return found;
}

struct pending *pending_take_any(struct pending_table *t)
{
	struct pending *found;

	for (size_t i = 0; i < sizeof(t->buckets) / sizeof(*t->buckets); i++) {
		found = t->buckets[i];
		if (found) {
			t->buckets[i] = found->next;
			t->held -= found->size;
			return found;
		}
	}
	return NULL;
}
