/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Code that reads lines, found in ELF files by its symbols: GNU readline, the line editor of zsh, libedit. */
#ifndef COMMON_EDITORS_H
#define COMMON_EDITORS_H

#include <stddef.h>
#include "bpf/readline-snoop.h"

enum editor_found {
	EDITOR_FOUND,
	EDITOR_ABSENT,	 /* no such code */
	EDITOR_STRIPPED, /* there is, but no symbol tells where */
	EDITOR_FOREIGN,	 /* there is, for another architecture or of 32 bits */
	EDITOR_SILENT,	 /* the file could not be read */
	EDITOR_CHOSEN,	 /* `symbol` stands for one of several functions: an IFUNC */
};

/*
 * Looks for it in a file.  `symbol`: the function that returns a line, instead of
 * those that are known; NULL: those.  The file can be one that was made to do
 * harm: common/examine.h.
 */
enum editor_found editor_read(int fd, const char *symbol, struct editor *editor);

/* The function that a line is taken from; `symbol` as above.  NULL: a library has it. */
const char *editor_symbol(const struct editor *editor, const char *symbol);

#endif
