/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who reads what a command prints.  "X | tee log" makes tee write, and a command
 * that shows writes would print that, which makes tee write again, and so on.
 */
#ifndef COMMON_READERS_H
#define COMMON_READERS_H

#include <stdbool.h>
#include <stdint.h>
#include "common/event.h"

/* Which readers are to be left out: none, those who write to regular files, or all, where everything is shown. */
enum readers { READERS_SHOWN, READERS_OF_FILES, READERS_OF_ANYTHING };

/*
 * Notes that `fd` is what records are printed to.  Finds the processes that
 * read it, where it is a pipe or a terminal, and those that read what these
 * write to: a terminal, or a pipe as their standard output or error.  Who reads
 * a pipe is taken for one who writes to files, now or later; who reads a
 * terminal only if it has one open.
 *
 * Terminals have numbers that anybody can have in a file system of their own, so
 * only root and the owner of ours are taken for those who read it.  It takes half
 * a second of the processor at most, and says so if that was not enough.
 *
 * Of those that are in the map `pids`, or of all if that is -1, up to
 * READERS_MAX are left out from then on, see struct channel; and it says on
 * stderr which.
 */
void readers_find(int fd, enum readers which, int pids, struct channel *channel);

/*
 * Is that the file or the pipe that records are printed to?  The numbers are
 * those of the inode and its file system in the kernel, which stat(2) does not
 * always tell; the device is major << 20 | minor.
 */
bool readers_is_output(uint32_t dev, uint64_t ino);

#endif
