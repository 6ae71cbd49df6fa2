// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/session.h"

#include <string.h>

void session_get_loginuid(const struct session *s, struct cell *cell)
{
	if (s->loginuid != UINT32_MAX)
		cell_number(cell, s->loginuid);
}

/* The kernel's "pts3" is /dev/pts/3. */
void session_get_tty(const struct session *s, struct cell *cell)
{
	bool pts = !strncmp(s->tty, "pts", 3);

	if (*s->tty)
		cell_text(cell, cell->buf,
			  sprintf(cell->buf, "%s%s", pts ? "pts/" : "", s->tty + 3 * pts));
}
