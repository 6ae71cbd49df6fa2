/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who called whom, from what a record has of a user stack (bpf/context.h) and
 * the call frame information in the files that are mapped there.
 */
#ifndef COMMON_UNWIND_H
#define COMMON_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/context.h"
#include "common/usyms.h"

/*
 * The events are clone(2) and its like: their function in a C library is without
 * tables.  Set by a command that is about these.
 */
extern bool unwind_clones;

#define UNWIND_FRAMES 128

struct unwind_frame {
	uint64_t pc;
	const struct stack_mapping *mapping; /* NULL: not known */
	bool returns; /* the pc is behind a call, and so perhaps already in the next function */
};

/*
 * Writes the frames of a struct user_stack of that many bytes, with what is
 * behind it, innermost first, and returns their number.  *whole is whether the
 * last one is the outermost: not so where the part of the stack that was taken
 * ends before, where a function tells neither by call frame information nor by
 * a frame pointer who called it, or where there are more than fit.
 *
 * Without `usyms` there are frame pointers only.
 */
size_t unwind(struct usyms *usyms, const struct user_stack *stack, size_t bytes,
	      struct unwind_frame frames[UNWIND_FRAMES], bool *whole);

/* The path of a mapping's file as text with a NUL; empty if there is none. */
void unwind_path(const struct stack_mapping *mapping, char *buf, size_t size);

/* Where in the file of its mapping the code at an address is. */
uint64_t unwind_offset(const struct stack_mapping *mapping, uint64_t pc);

#endif
