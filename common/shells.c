// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/shells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>

#define ANYBODY (SHELLS_MAX / 2) /* places that are not reserved */

static struct shell {
	struct editor editor;
	unsigned int files; /* copies of one program are one shell; 0: the place is free */
} shells[SHELLS_MAX];

static int update(int map, const struct shell *s)
{
	static const struct editor none;
	uint32_t at = s - shells;

	return bpf_map_update_elem(map, &at, s->files ? &s->editor : &none, BPF_ANY);
}

void *shells_add(int map, const struct editor *editor, bool reserved)
{
	struct shell *s = NULL;

	for (size_t i = 0; i < SHELLS_MAX; i++) {
		if (shells[i].files && shells[i].editor.mark == editor->mark) {
			shells[i].files++;
			return &shells[i];
		}
		if (!shells[i].files && !s && (reserved || i < ANYBODY))
			s = &shells[i];
	}
	if (!s) {
		errno = ENOSPC;
		return NULL;
	}
	s->editor = *editor;
	s->files = 1;
	if (!update(map, s))
		return s;
	s->files = 0;
	return NULL;
}

void shells_remove(int map, void *shell)
{
	struct shell *s = shell;

	if (!--s->files)
		update(map, s);
}
