/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records from the ring buffer, and when to look for them.
 *
 * A wake-up is the dearest part of a traced event.  So the reader, while events
 * come, looks by itself every few milliseconds and nobody wakes it; only after
 * a quiet second does it raise a flag and sleep, and the next event wakes it.
 */
#ifndef COMMON_SOURCE_H
#define COMMON_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <bpf/libbpf.h>
#include "common/event.h"

struct source;

/* Before the program is loaded: the size of the ring.  0 or a negative errno. */
int source_prepare(struct bpf_object *object);

/*
 * `epoll` is what else is to be waited for.  `on_record` gets each record, and
 * ends a drain by a negative value.  NULL with errno set, after saying why.
 */
struct source *source__new(struct bpf_object *object, struct channel *channel, int epoll,
			   int (*on_record)(void *ctx, void *record, size_t size), void *ctx);
void source__free(struct source *s);

/* Hands over all records there are; returns their number. */
int source__drain(struct source *s);
/* Is there anything in the ring, if only a record that is still being written? */
bool source__pending(const struct source *s);

/* After a drain that gave `got` records, at `now` (CLOCK_MONOTONIC, ns): how many milliseconds to wait. */
int source__pause(struct source *s, int got, uint64_t now);
bool source__is_napping(const struct source *s);

/* Raises the flag.  False if a record came after all, and has been handed over: do not wait then. */
bool source__sleep(struct source *s);
void source__wake(struct source *s);
/* An epoll descriptor for records and for what was given to source__new(). */
int source__epoll(const struct source *s);

#endif
