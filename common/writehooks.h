/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where writesnoop looks (bpf/writesnoop.bpf.c): the exits of its calls, the entries of those that close, and what is no call. */
#ifndef COMMON_WRITEHOOKS_H
#define COMMON_WRITEHOOKS_H

#include <stdbool.h>
#include <bpf/libbpf.h>
#include "bpf/writesnoop.h"

/*
 * Before the programs are loaded: chooses those that this kernel and our
 * privileges allow for the calls in `options`, and makes room for the data that
 * is to be read, which sets options->room.  With `compat` those of 32-bit
 * programs must be seen.  0 or a negative errno, after saying why.
 */
int writehooks_choose(struct bpf_object *object, struct write_options *options, bool compat);
/* And attaches them.  0 or a negative errno, after saying why. */
int writehooks_attach(struct bpf_object *object, const struct write_options *options);

#endif
