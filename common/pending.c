// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BITS 12
#define PENDING_MAX (16 << 20) /* bytes */

static struct pending *buckets[1 << BITS];
static size_t held; /* bytes */

static struct pending **bucket(uint64_t key)
{
	/* Fibonacci hashing: keys are addresses, alike but for their middle bits, or count up. */
	return &buckets[key * 0x9E3779B97F4A7C15ULL >> (64 - BITS)];
}

int pending_put(uint64_t key, const void *record, size_t size)
{
	size_t most = size <= PENDING_SMALL ? PENDING_MAX : PENDING_MAX / 2;
	struct pending **head = bucket(key), *new;

	new = held + size < most ? malloc(sizeof(*new) + size) : NULL;
	if (!new)
		return -ENOMEM;
	held += size;
	new->next = *head;
	new->key = key;
	new->size = size;
	memcpy(new->record, record, size);
	*head = new;
	return 0;
}

struct pending *pending_take(uint64_t key)
{
	struct pending **at = bucket(key), *found;

	for (; *at && (*at)->key != key; at = &(*at)->next)
		;
	found = *at;
	if (found) {
		*at = found->next;
		held -= found->size;
	}
	return found;
}

struct pending *pending_take_any(void)
{
	struct pending *found;

	for (size_t i = 0; i < sizeof(buckets) / sizeof(*buckets); i++) {
		found = buckets[i];
		if (found) {
			buckets[i] = found->next;
			held -= found->size;
			return found;
		}
	}
	return NULL;
}
