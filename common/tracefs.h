/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ids of tracepoints, whether or not tracefs is mounted anywhere.
 */
#ifndef COMMON_TRACEFS_H
#define COMMON_TRACEFS_H

/*
 * The id of a tracepoint, which perf_event_open(2) takes as the config of a
 * PERF_TYPE_TRACEPOINT event; or a negative errno: -ENOENT when the kernel has
 * no such event, else why tracefs cannot be read.
 *
 * Where tracefs is not mounted it is mounted for this process alone, at no
 * path, and is gone after tracefs_close() or with the process.
 */
int tracefs_event_id(const char *group, const char *name);
void tracefs_close(void);

#endif /* COMMON_TRACEFS_H */
