/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hooks on new tasks (bpf/clone.bpf.h), for the commands that are about them. */
#ifndef COMMON_CLONES_H
#define COMMON_CLONES_H

#include <stdbool.h>
#include <bpf/libbpf.h>

/*
 * Before the programs are loaded: chooses those that this kernel and our
 * privileges allow.  With `compat` failures of 32-bit callers must be seen too.
 */
void clones_choose(struct bpf_object *object, bool compat);
/* And attaches them.  0 or a negative errno, after saying why. */
int clones_attach(struct bpf_object *object);

#endif
