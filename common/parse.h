/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Option values, strictly: the whole value or nothing.  Each function returns 0
 * or -EINVAL, after one line that names the option and the value.
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* A decimal number from `least` to `most`. */
int parse_number(const char *option, const char *value, uint64_t least, uint64_t most,
		 uint64_t *number);
/* A time of more than 0, as nanoseconds: seconds, or with a unit behind it (us, ms, s, m, h); a fraction may follow a point. */
int parse_seconds(const char *option, const char *value, uint64_t *ns);
/* A user's name, or a number. */
int parse_user(const char *option, const char *value, uint32_t *uid);

/*
 * Each item of "A,B,C" to `each`, which says what is wrong with one itself.  An
 * empty value or item is an error.  Stops at the first error and returns it.
 */
int parse_list(const char *option, const char *value,
	       int (*each)(const char *item, size_t len, void *ctx), void *ctx);

#endif
