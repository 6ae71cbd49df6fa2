// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"

static struct ordered *oldest, *newest;
static uint64_t latest;

static uint64_t time_of(const struct ordered *o)
{
	return ((const struct event *)o->record)->time;
}

int order_put(const void *record, size_t size)
{
	struct ordered *new = malloc(sizeof(*new) + size), *at = newest;

	if (!new)
		return -ENOMEM;
	new->size = size;
	memcpy(new->record, record, size);
	if (time_of(new) > latest)
		latest = time_of(new);
	while (at && time_of(at) > time_of(new))
		at = at->before;
	new->before = at;
	new->after = at ? at->after : oldest;
	*(new->before ? &new->before->after : &oldest) = new;
	*(new->after ? &new->after->before : &newest) = new;
	return 0;
}

struct ordered *order_take(uint64_t now)
{
	struct ordered *o = oldest;

	if (!o || time_of(o) + ORDER_PATIENCE > now)
		return NULL;
	oldest = o->after;
	*(oldest ? &oldest->before : &newest) = NULL;
	return o;
}

uint64_t order_latest(void)
{
	return latest;
}
