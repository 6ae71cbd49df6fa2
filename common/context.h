/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every event has, and what every event may have (bpf/context.h): their
 * columns, for the table of each command, and the stacks below a row.
 */
#ifndef COMMON_CONTEXT_H
#define COMMON_CONTEXT_H

#include <stddef.h>
#include <stdint.h>
#include "common/column.h"
#include "common/event.h"
#include "bpf/context.h"

void context_get_user(const void *record, struct cell *cell);
void context_get_ppid(const void *record, struct cell *cell);
void context_get_cgroup(const void *record, struct cell *cell);
void context_get_mntns(const void *record, struct cell *cell);
void context_get_pidns(const void *record, struct cell *cell);
void context_get_exe(const void *record, struct cell *cell);
/* PATH_... bits of the executable's path. */
uint32_t context_exe_state(const void *record);
/* The working directory also as bytes in `cell->buf`, whose number is returned; 0: not known. */
size_t context_cwd(const void *record, struct cell *cell);
void context_get_cwd(const void *record, struct cell *cell);

/* clang-format off */
/* Columns of every table: when and who. */
#define COLUMN_TIME_OF_DAY                                                                               \
	{ .name = "TIME", .help = "wall-clock time", .width = -15, .kind = COLUMN_TIME,                  \
	  .offset = offsetof(struct event, time) }
#define COLUMNS_USER                                                                                     \
	{ .name = "UID", .help = "user ID", .width = 5, .kind = COLUMN_U32,                              \
	  .offset = offsetof(struct event, uid) },                                                       \
	{ .name = "USER", .help = "name of the user", .width = -8, .get = context_get_user,              \
	  .want = WANT_USER }
#define COLUMN_COMM_OF(what)                                                                             \
	{ .name = "COMM", .help = (what), .width = -16, .kind = COLUMN_COMM,                             \
	  .offset = offsetof(struct event, comm) }
#define COLUMNS_IDS                                                                                      \
	{ .name = "PID", .help = "process ID", .width = 7, .kind = COLUMN_U32,                           \
	  .offset = offsetof(struct event, pid) },                                                       \
	{ .name = "TID", .help = "thread ID", .width = 7, .kind = COLUMN_U32,                            \
	  .offset = offsetof(struct event, tid) },                                                       \
	{ .name = "PPID", .help = "process ID of the parent", .width = 7, .get = context_get_ppid,       \
	  .want = WANT_PPID }

/* And where. */
#define COLUMNS_GROUPS                                                                                   \
	{ .name = "CGROUP", .help = "control group (v2)", .width = -20, .get = context_get_cgroup,       \
	  .want = WANT_CGROUP },                                                                         \
	{ .name = "MNTNS", .help = "mount namespace", .width = 10, .get = context_get_mntns,             \
	  .want = WANT_NS },                                                                             \
	{ .name = "PIDNS", .help = "PID namespace", .width = 10, .get = context_get_pidns,               \
	  .want = WANT_NS }
#define COLUMN_EXE                                                                                       \
	{ .name = "EXE", .help = "executable file of the process", .width = -20, .get = context_get_exe, \
	  .want = WANT_EXE }
#define COLUMN_CWD                                                                                       \
	{ .name = "CWD", .help = "working directory of the process", .width = -20,                       \
	  .get = context_get_cwd, .want = WANT_CWD }
/* clang-format on */

/*
 * Before the command gives up its privileges: what names of users and functions
 * need.  `want`: WANT_... bits.
 */
void context_init(uint32_t want);

/*
 * The stacks of a record: a line for each frame below the row, or members
 * "stack" and "kernel_stack" of the JSON object, arrays of strings.
 */
void context_print_stacks(struct output *o, const void *record, uint32_t want);

#endif
