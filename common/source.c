// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/source.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/log.h"

#define MS 1000000ULL /* nanoseconds */
#define LINGER (1000 * MS)
#define NAP_MIN 1 /* milliseconds */
#define NAP_MAX 10
#define SLEEP 1000
#define MANY 64 /* records in one drain: they come quickly */

#define RING_MIN (8U << 20) /* bytes, a power of two: some 50,000 records of opens */
#define RING_MAX (32U << 20)

struct source {
	struct ring_buffer *ring;
	volatile struct channel *channel;
	int epoll;
	int nap;       /* milliseconds; 0: asleep */
	uint64_t last; /* when a record came last, CLOCK_MONOTONIC */
};

int source_prepare(struct bpf_object *object)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t size = RING_MIN;

	while (size < RING_MAX && (int)(size >> 20) < cpus)
		size *= 2;
	return bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "ring"), size);
}

struct source *source__new(struct bpf_object *object, struct channel *channel, int epoll,
			   int (*on_record)(void *ctx, void *record, size_t size), void *ctx)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = UINT64_MAX };
	/* Not that there are records, but that somebody wakes the reader: that ends a nap. */
	struct epoll_event woken = { .events = EPOLLIN | EPOLLET, .data.u64 = UINT64_MAX };
	int ring = bpf_object__find_map_fd_by_name(object, "ring");
	struct source *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return NULL;
	s->channel = channel;
	s->ring = ring_buffer__new(ring, on_record, ctx, NULL);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!s->ring || s->epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, ring, &woken) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, epoll, &event) ||
	    epoll_ctl(s->epoll, EPOLL_CTL_ADD, ring_buffer__epoll_fd(s->ring), &event)) {
		err = errno;
		log_err(-err, "ring buffer");
		source__free(s);
		errno = err;
		return NULL;
	}
	return s;
}

void source__free(struct source *s)
{
	if (!s)
		return;
	ring_buffer__free(s->ring);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s);
}

int source__drain(struct source *s)
{
	int n = ring_buffer__consume(s->ring);

	return n > 0 ? n : 0;
}

bool source__pending(const struct source *s)
{
	struct pollfd p = { .fd = ring_buffer__epoll_fd(s->ring), .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

int source__pause(struct source *s, int got, uint64_t now)
{
	if (got)
		s->last = now;
	if (now - s->last > LINGER)
		s->nap = 0;
	else if (got >= MANY || !s->nap)
		s->nap = NAP_MIN;
	else
		s->nap = 2 * s->nap < NAP_MAX ? 2 * s->nap : NAP_MAX;
	return s->nap ? s->nap : SLEEP;
}

bool source__is_napping(const struct source *s)
{
	return s->nap;
}

bool source__sleep(struct source *s)
{
	s->channel->sleeping = 1;
	/* The other half: bpf/tool.bpf.h, wake_reader(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!source__drain(s))
		return true;
	s->channel->sleeping = 0;
	return false;
}

void source__wake(struct source *s)
{
	s->channel->sleeping = 0;
}

int source__epoll(const struct source *s)
{
	return s->epoll;
}
