/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Columns of a session (bpf/session.h): of its login and its terminal. */
#ifndef COMMON_SESSION_H
#define COMMON_SESSION_H

#include "common/column.h"
#include "bpf/session.h"

void session_get_loginuid(const struct session *s, struct cell *cell);
void session_get_tty(const struct session *s, struct cell *cell);

/* The kernel's name for a terminal, of "pts/3", "/dev/pts/3" or "tty1".  0 or a negative errno, after saying what is wrong. */
int session_parse_tty(const char *option, const char *arg, char tty[TTY_LEN]);

/* clang-format off */
#define COLUMN_LOGINUID(of, wanted)                                                                      \
	{ .name = "LOGINUID", .help = "user ID of who has logged in, see pam_loginuid(8)", .width = 8,   \
	  .get = (of), .want = (wanted) }
#define COLUMN_TTY(of, wanted)                                                                           \
	{ .name = "TTY", .help = "terminal of the session", .width = -7, .get = (of), .want = (wanted) }
/* clang-format on */

#endif
