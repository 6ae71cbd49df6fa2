/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A compact table of functions to be found by an address within them: what
 * ksyms and usyms have in common.
 */
#ifndef COMMON_SYMTAB_H
#define COMMON_SYMTAB_H

#include <stddef.h>
#include <stdint.h>

/* In the place of a name: from here on nothing is known. */
#define SYMTAB_GAP UINT32_MAX

/* All zero is an empty table. */
struct symtab {
	struct symbol {
		uint64_t addr;
		uint32_t size; /* 0: up to the next symbol */
		uint32_t name; /* where it begins in names, or SYMTAB_GAP */
	} * symbols;
	size_t count, room;
	uint32_t longest; /* of the sizes */
	char *names;
	size_t names_len, names_room;
};

/*
 * Adds @len bytes of names, and a NUL after them; *@at is where they begin.
 * -ENOMEM when there is no room for them.
 */
int symtab__add_names(struct symtab *t, const char *names, size_t len, uint32_t *at);
int symtab__add(struct symtab *t, uint64_t addr, uint64_t size, uint32_t name);

/* To be called once, after the last symbol and before the first question. */
void symtab__sort(struct symtab *t);

/*
 * The innermost function at @addr, and in *@offset the bytes from its start;
 * NULL if there is none. Of several names for one address the one with the
 * fewest leading underscores, then the one whose name was added first.
 */
const char *symtab__find(const struct symtab *t, uint64_t addr, uint64_t *offset);

/* What it occupies. */
size_t symtab__bytes(const struct symtab *t);

/* Leaves an empty table. */
void symtab__clear(struct symtab *t);

#endif /* COMMON_SYMTAB_H */
