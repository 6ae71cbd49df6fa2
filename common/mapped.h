/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which files processes have mapped to run code of: those there are, and new ones as they come. */
#ifndef COMMON_MAPPED_H
#define COMMON_MAPPED_H

#include <stdint.h>

struct mapped {
	uint32_t pid;
	uint64_t start, end;	       /* of the mapping */
	uint64_t dev, ino, generation; /* of its file: no later one has all three; 0: not known */
	const char *path;	       /* as the process has it; it is what somebody has named it */
};

typedef void (*mapped_fn)(const struct mapped *m, void *ctx);

/* Each mapping of code, of each process that we may look at; those of one process follow one another. */
void mapped_each(mapped_fn each, void *ctx);

struct mappings;

/* From now on; needs CAP_PERFMON.  NULL with errno set. */
struct mappings *mappings__new(mapped_fn each, void *ctx);
void mappings__free(struct mappings *m);
/* Hands over those that are new.  Also all that there are, once more, if some were lost. */
void mappings__read(struct mappings *m);

#endif
