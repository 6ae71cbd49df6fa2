/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which files processes have mapped to run code of: those there are, and new ones as they come. */
#ifndef COMMON_MAPPED_H
#define COMMON_MAPPED_H

#include <stdint.h>

struct mapped {
	uint32_t pid;
	uint64_t start, end;	       /* of the mapping */
	uint64_t dev, ino, generation; /* of its file, as the kernel has them; 0: not known */
	const char *path;	       /* as the process has it; it is what somebody has named it */
};

typedef void (*mapped_fn)(const struct mapped *m, void *ctx);

/* Each file that a process has mapped code of; none if we may not look at it.  Can take forever: the process may be held up in the midst of mapping something. */
void mapped_of(uint32_t pid, mapped_fn each, void *ctx);

struct mappings;

/* From now on; needs CAP_PERFMON.  NULL with errno set. */
struct mappings *mappings__new(mapped_fn each, void *ctx);
void mappings__free(struct mappings *m);
/* Can be read when there are many new ones. */
int mappings__fd(const struct mappings *m);
/* Hands over those that are new.  Returns how many were lost. */
uint64_t mappings__read(struct mappings *m);

#endif
