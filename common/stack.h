/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stacks of a record (bpf/stack.h), printed with the names of their functions. */
#ifndef COMMON_STACK_H
#define COMMON_STACK_H

#include <stddef.h>
#include "common/output.h"

/* Before the command gives up its privileges: what names need.  0 or a negative errno, after saying why. */
int stack_init(bool user, bool kernel);
void stack_free(void);

/*
 * A line for each frame below the row, or a member "stack" or "kernel_stack"
 * of the JSON object, an array with a string for each frame.
 */
void stack_print_user(struct output *o, const void *frames, size_t len);
void stack_print_kernel(struct output *o, const void *frames, size_t len);

#endif
