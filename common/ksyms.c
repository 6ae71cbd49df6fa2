/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/ksyms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/symtab.h"

/* kallsyms has no sizes: what is further from the nearest function than any
 * function is long lies behind the end of the kernel's or a module's text. */
#define FUNCTION_MAX (1 << 20)

struct ksyms {
	struct symtab table;
};

/*
 * A line is "address type name", then a tab and "[module]" if the symbol is
 * one's: s_show() in kernel/kallsyms.c. Types are those of nm(1).
 */
static int add_line(struct ksyms *ksyms, char *line, bool *shown, bool *functions)
{
	uint32_t at = SYMTAB_GAP;
	uint64_t addr;
	char *name, *tab;
	int err;

	addr = strtoull(line, &name, 16);
	if (name == line || name[0] != ' ' || !name[1] || name[2] != ' ')
		return 0;
	if (addr)
		*shown = true;
	/* Data ends the function before it, which says nothing of its size. */
	if (strchr("tTwW", name[1])) {
		*functions = true;
		name += 3;
		name[strcspn(name, "\n")] = '\0';
		tab = strchr(name, '\t');
		if (tab)
			*tab = ' ';
		err = symtab__add_names(&ksyms->table, name, strlen(name), &at);
		if (err)
			return err;
	}
	return symtab__add(&ksyms->table, addr, 0, at);
}

static int read_lines(struct ksyms *ksyms, FILE *file)
{
	bool shown = false, functions = false;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	while (!err && getline(&line, &room, file) >= 0)
		err = add_line(ksyms, line, &shown, &functions);
	if (!err && !feof(file))
		err = -errno;
	free(line);
	if (err)
		return err;
	if (!functions)
		return -ENOENT;
	return shown ? 0 : -EPERM;
}

struct ksyms *ksyms__load(const char *path)
{
	struct ksyms *ksyms;
	FILE *file;
	int err;

	ksyms = calloc(1, sizeof(*ksyms));
	if (!ksyms)
		return NULL;
	file = fopen(path ? path : "/proc/kallsyms", "re");
	if (!file) {
		err = -errno;
		goto out;
	}
	err = read_lines(ksyms, file);
	fclose(file);
	if (!err) {
		symtab__sort(&ksyms->table);
		return ksyms;
	}
out:
	ksyms__free(ksyms);
	errno = -err;
	return NULL;
}

void ksyms__free(struct ksyms *ksyms)
{
	if (!ksyms)
		return;
	symtab__clear(&ksyms->table);
	free(ksyms);
}

const char *ksyms__find(const struct ksyms *ksyms, uint64_t addr, uint64_t *offset)
{
	const char *name = symtab__find(&ksyms->table, addr, offset);

	return name && *offset < FUNCTION_MAX ? name : NULL;
}
