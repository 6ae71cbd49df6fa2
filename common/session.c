// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/session.h"

#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "common/log.h"

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

/* One of a pseudo-terminal may be given out later; of others there are as many as there are. */
int session_parse_tty(const char *option, const char *arg, char tty[TTY_LEN])
{
	const char *name = strncmp(arg, "/dev/", 5) ? arg : arg + 5;
	bool pts = !strncmp(name, "pts/", 4);
	const char *rest = name + 4 * pts;
	int n = snprintf(tty, TTY_LEN, "%s%s", pts ? "pts" : "", rest);
	char path[5 + TTY_LEN];
	struct stat st;
	bool good = *rest && n < TTY_LEN;

	if (good && pts) {
		good = !rest[strspn(rest, "0123456789")];
	} else if (good) {
		snprintf(path, sizeof(path), "/dev/%s", name);
		/* Not /dev/tty and the like, which stand for another one, nor /dev/null and its kind. */
		good = !stat(path, &st) && S_ISCHR(st.st_mode) && major(st.st_rdev) != MEM_MAJOR &&
		       major(st.st_rdev) != TTYAUX_MAJOR && st.st_rdev != makedev(TTY_MAJOR, 0);
	}
	return good ? 0 : log_err(0, "%s: not a terminal: '%s'", option, arg);
}
