/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filters that every command has: their options, and arming the kernel half
 * with them.
 */
#ifndef COMMON_FILTER_H
#define COMMON_FILTER_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <bpf/libbpf.h>
#include "common/event.h"

#define FILTER_PIDS 1024

struct filters {
	struct filter *kernel; /* in the read-only data of the program, before it is loaded */
	struct {
		uint32_t pid;
		int fd; /* pidfd: readable when it has ended */
	} pids[FILTER_PIDS];
	unsigned int pid_count;
	bool follow;
	int cgroup; /* file descriptor; -1: no filter */
};

/* An argp child; its input is a struct filters whose `kernel` is set. */
extern const struct argp filter_argp;
/* Before argp sees it: the letters that a command's own options use are not for filters, which keep their long names. */
void filter_leave_letters(const struct argp_option *own);

/*
 * Before the program is loaded: gives a map by processes, one with
 * BPF_F_NO_PREALLOC, room for all that there can be, or as many as are
 * reasonable where it has to take its memory at once.  0 or a negative errno.
 */
int filter_make_room(struct bpf_map *map);

/*
 * Before the program is loaded: sizes of maps, and which programs there need to
 * be.  `descendants`: of COMMAND.  0 or a negative errno, after saying why.
 */
int filter_prepare(struct filters *f, struct bpf_object *object, bool descendants);

/*
 * Once it is loaded: attaches the programs that follow descendants, then lets
 * the processes and the cgroup through, the descendants they have by now as
 * well.  `command` is the process of COMMAND, 0 for none.
 */
int filter_arm(struct filters *f, struct bpf_object *object, struct channel *channel,
	       uint32_t command);
/* Takes a process of -p out again, by its index: it has ended. */
void filter_disarm(const struct filters *f, struct bpf_object *object, unsigned int index);

#endif
