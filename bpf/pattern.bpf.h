/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Matching a path in the record against the patterns of -P, so that what does not match costs no record. */
#ifndef BPF_PATTERN_BPF_H
#define BPF_PATTERN_BPF_H

#include "tool.bpf.h"
#include "pattern.h"

const volatile struct patterns patterns = {};

struct search {
	u32 slot;    /* of the record */
	u32 pattern; /* looked for */
	u32 len;     /* of the path */
	u32 found;
};

/*
 * Is the pattern's text at that place of the path?  Eight bytes at a time.  Not
 * static: so the verifier looks at it once, and not again for every way here.
 */
__noinline int pattern_at(u32 slot, u32 pattern, u64 at)
{
	struct record *r = bpf_map_lookup_elem(&records, &slot);
	const volatile struct pattern *p = &patterns.pattern[pattern];

	if (!r || pattern >= PATTERNS || at >= PATH_MAX)
		return 0;
	for (u32 i = 0; i < PATTERN_MAX / 8 && p->mask[i]; i++)
		if ((*(u64 *)(r->bytes + RECORD_TEXT + at + 8 * i) ^ p->text[i]) & p->mask[i])
			return 0;
	return 1;
}

/* What a callback of bpf_loop() returns must be seen to be 0 or 1: compilers would return what they know to be. */
static __always_inline long is_end(u32 found)
{
	opaque(found);
	return found ? 1 : 0;
}

static long pattern_search(u32 at, struct search *s)
{
	s->found = pattern_at(s->slot, s->pattern, at);
	return is_end(s->found);
}

static long pattern_try(u32 i, struct search *s)
{
	const volatile struct pattern *p = &patterns.pattern[i];
	u32 last;

	if (i >= PATTERNS)
		return 1;
	if (p->len > s->len)
		return 0;
	last = s->len - p->len; /* the last place where the text has room */
	s->pattern = i;
	if (p->kind == PATTERN_CONTAINED)
		bpf_loop(last + 1, pattern_search, s, 0);
	else if (p->kind != PATTERN_EXACT || !last)
		s->found = pattern_at(s->slot, i, p->kind == PATTERN_SUFFIX ? last : 0);
	return is_end(s->found);
}

/* The path is the first thing behind the head of the record; without bpf_loop() the reader does the matching. */
static __always_inline bool pattern_wanted(const struct record *r, u32 len, bool loops)
{
	struct search search = { .slot = r->slot, .len = len };

	if (!loops || !patterns.count)
		return true;
	bpf_loop(patterns.count, pattern_try, &search, 0);
	return search.found;
}

#endif
