/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Patterns for paths (-P), as both halves match them; see bpf/pattern.bpf.h and common/pattern.h. */
#ifndef BPF_PATTERN_H
#define BPF_PATTERN_H

#include "common/event.h" /* the types */

#define PATTERNS 16
#define PATTERN_MAX 256 /* bytes, a multiple of 8 */

enum pattern_kind { PATTERN_EXACT, PATTERN_PREFIX, PATTERN_SUFFIX, PATTERN_CONTAINED };

struct pattern {
	__u32 kind;
	__u32 len;
	__u64 text[PATTERN_MAX / 8];
	__u64 mask[PATTERN_MAX / 8]; /* which bytes of the text count; 0: the end */
};

/* A path is wanted if it matches one of them, or if there are none. */
struct patterns {
	__u32 count;
	__u32 pad;
	struct pattern pattern[PATTERNS];
};

#endif
