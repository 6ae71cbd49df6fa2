/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An io_uring, with nothing but system calls; status 77: this kernel does not let us. */
#ifndef TESTS_WORKLOAD_RING_H
#define TESTS_WORKLOAD_RING_H

#include <linux/io_uring.h>
#include <sys/mman.h>
#include "say.h"

#define ENTRIES 64

struct ring {
	int fd;
	unsigned flags, queued;
	unsigned *sq_tail, *sq_mask, *sq_array;
	unsigned *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static struct ring ring;

static inline void ring_open(unsigned flags)
{
	struct io_uring_params p = { .flags = flags, .sq_thread_idle = 10 };
	size_t size;
	char *base;

	ring.flags = flags;
	ring.fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &p);
	if (ring.fd < 0) {
		perror("ring: io_uring_setup");
		_exit(77);
	}
	if (!(p.features & IORING_FEAT_SINGLE_MMAP))
		_exit(77);
	size = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	if (size < p.sq_off.array + p.sq_entries * sizeof(unsigned))
		size = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd,
		    IORING_OFF_SQ_RING);
	ring.sqes = mmap(NULL, p.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQES);
	if (base == MAP_FAILED || ring.sqes == MAP_FAILED)
		die("ring: mmap");
	ring.sq_tail = (unsigned *)(void *)(base + p.sq_off.tail);
	ring.sq_mask = (unsigned *)(void *)(base + p.sq_off.ring_mask);
	ring.sq_array = (unsigned *)(void *)(base + p.sq_off.array);
	ring.cq_head = (unsigned *)(void *)(base + p.cq_off.head);
	ring.cq_tail = (unsigned *)(void *)(base + p.cq_off.tail);
	ring.cq_mask = (unsigned *)(void *)(base + p.cq_off.ring_mask);
	ring.cqes = (struct io_uring_cqe *)(void *)(base + p.cq_off.cqes);
}

/* A request to fill in, which ring_submit() hands over. */
static inline struct io_uring_sqe *ring_request(unsigned char opcode)
{
	unsigned index = (*ring.sq_tail + ring.queued) & *ring.sq_mask;
	struct io_uring_sqe *sqe = &ring.sqes[index];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = opcode;
	ring.sq_array[index] = index;
	ring.queued++;
	return sqe;
}

/* And waits for @want completions. */
static inline void ring_submit(unsigned want)
{
	unsigned enter = IORING_ENTER_GETEVENTS;

	/* only now: with SQPOLL the kernel may look at once, and the entries must be whole */
	__atomic_store_n(ring.sq_tail, *ring.sq_tail + ring.queued, __ATOMIC_RELEASE);
	if (ring.flags & IORING_SETUP_SQPOLL)
		enter |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring.fd, ring.queued, want, enter, NULL, 0) < 0)
		die("ring: io_uring_enter");
	ring.queued = 0;
}

/* The result of the next completion, which must be there; @tag is what its request was given. */
static inline int ring_completion(__u64 *tag)
{
	unsigned head = *ring.cq_head;
	struct io_uring_cqe *cqe = &ring.cqes[head & *ring.cq_mask];
	int res;

	if (head == __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE))
		die("ring: a completion is missing");
	res = cqe->res;
	*tag = cqe->user_data;
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

#endif
