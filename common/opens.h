/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of opens (bpf/opensnoop.h): their columns, and io_uring's two records for one open put together. */
#ifndef COMMON_OPENS_H
#define COMMON_OPENS_H

#include <stdbool.h>
#include <stddef.h>
#include "common/column.h"
#include "common/pattern.h"
#include "bpf/opensnoop.h"

/* Set by the command before the first record. */
extern struct opens {
	bool full_path;			    /* PATH is the full path */
	const struct patterns *patterns;    /* that the kernel half did not match; NULL: none */
	const struct open_options *options; /* for requests whose result it did not know */
} opens;

extern struct table opens_table;

/* For struct tool. */
void opens_handle(const void *record, size_t size);
void opens_finish(void);

#endif
