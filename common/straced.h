/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An event of writesnoop in the notation of strace(1). */
#ifndef COMMON_STRACED_H
#define COMMON_STRACED_H

#include "common/output.h"
#include "bpf/writesnoop.h"

/*
 * A struct write_event in one line, without its newline: what `strace -f -y -o
 * FILE` (6.1) writes for the same call.  What is no system call is a comment, as
 * C has it.
 */
void straced_print(struct output *o, const void *record);

#endif
