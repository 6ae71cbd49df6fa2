/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of users, all read beforehand: a command that traces opens no files any more. */
#ifndef COMMON_USERS_H
#define COMMON_USERS_H

#include <stdint.h>

/* Reads the users that getpwent(3) lists. */
void users_init(void);
void users_free(void);
/* NULL for one that it did not list. */
const char *users_name(uint32_t uid);

#endif
