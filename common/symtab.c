/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/symtab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How far before an address the start of a function around it is looked for,
 * in symbols: enough for the aliases and local labels of real code. */
#define LOOK_BACK 64

int symtab__add_names(struct symtab *t, const char *names, size_t len, uint32_t *at)
{
	if (len >= SYMTAB_GAP - t->names_len)
		return -ENOMEM;
	if (t->names_room - t->names_len <= len) {
		size_t room = 2 * t->names_len + len + 1;
		char *grown = realloc(t->names, room);

		if (!grown)
			return -ENOMEM;
		t->names = grown;
		t->names_room = room;
	}
	*at = (uint32_t)t->names_len;
	memcpy(t->names + t->names_len, names, len);
	t->names_len += len;
	t->names[t->names_len++] = '\0';
	return 0;
}

int symtab__add(struct symtab *t, uint64_t addr, uint64_t size, uint32_t name)
{
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 256;
		struct symbol *grown;

		grown = reallocarray(t->symbols, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		t->symbols = grown;
		t->room = room;
	}
	if (size > UINT32_MAX)
		size = UINT32_MAX;
	if (size > t->longest)
		t->longest = (uint32_t)size;
	t->symbols[t->count++] = (struct symbol){
		.addr = addr,
		.size = (uint32_t)size,
		.name = name,
	};
	return 0;
}

static size_t underscores(const struct symtab *t, const struct symbol *s)
{
	return strspn(t->names + s->name, "_");
}

/* By address; of several at one address the best last, gaps before all. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct symtab *t = arg;
	const struct symbol *x = a, *y = b;
	size_t ux, uy;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->name == SYMTAB_GAP || y->name == SYMTAB_GAP)
		return (y->name == SYMTAB_GAP) - (x->name == SYMTAB_GAP);
	ux = underscores(t, x);
	uy = underscores(t, y);
	if (ux != uy)
		return ux > uy ? -1 : 1;
	return (x->name < y->name) - (x->name > y->name);
}

void symtab__sort(struct symtab *t)
{
	if (t->count)
		qsort_r(t->symbols, t->count, sizeof(*t->symbols), compare, t);
}

const char *symtab__find(const struct symtab *t, uint64_t addr, uint64_t *offset)
{
	const struct symbol *s, *found = NULL;
	size_t low = 0, high = t->count, n;

	/* The first symbol after @addr. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->symbols[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}

	/* Going back from there: one that is known to reach @addr, or else
	 * one at the nearest address that does not say how far it reaches. */
	for (n = low; n > 0 && low - n < LOOK_BACK; n--) {
		s = &t->symbols[n - 1];
		if (s->size && addr - s->addr < s->size) {
			found = s;
			break;
		}
		if (s->addr == t->symbols[low - 1].addr) {
			if (!s->size && !found)
				found = s;
		} else if (addr - s->addr >= t->longest) {
			break;
		}
	}
	if (!found || found->name == SYMTAB_GAP)
		return NULL;
	*offset = addr - found->addr;
	return t->names + found->name;
}

size_t symtab__bytes(const struct symtab *t)
{
	return t->room * sizeof(*t->symbols) + t->names_room;
}

void symtab__clear(struct symtab *t)
{
	free(t->symbols);
	free(t->names);
	*t = (struct symtab){ 0 };
}
