/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Patterns for paths: TEXT is the whole path, TEXT* its beginning, *TEXT its
 * end, *TEXT* any part of it.  The kernel half has its own matching
 * (bpf/pattern.bpf.h) and this one is for what only the reader knows.
 */
#ifndef COMMON_PATTERN_H
#define COMMON_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "bpf/pattern.h"

/* Adds a pattern.  0, or -EINVAL after a message that names `option` and the text. */
int patterns_add(struct patterns *p, const char *option, const char *text);
/* Does the path match one of them?  True if there are none. */
bool patterns_match(const struct patterns *p, const char *path, size_t len);

#endif
