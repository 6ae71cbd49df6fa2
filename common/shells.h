/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shells whose lines are read by a library, as the programs in that know them: by a map with a place for each that differs. */
#ifndef COMMON_SHELLS_H
#define COMMON_SHELLS_H

#include <stdbool.h>
#include "bpf/readline-snoop.h"

/* Puts it into the map; `reserved`: it may have one of the places that are kept free from what anybody can make.  NULL with errno set. */
void *shells_add(int map, const struct editor *editor, bool reserved);
void shells_remove(int map, void *shell);

#endif
