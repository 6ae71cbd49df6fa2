// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/parse.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define SECOND 1000000000ULL
#define SECONDS_MAX 1000000000ULL /* 31 years: what nanoseconds in 64 bits hold with room */

/* Digits alone: strtoull() would also take a sign, a space and a base. */
static const char *digits(const char *p, uint64_t most, uint64_t *number)
{
	uint64_t n = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			return NULL;
	}
	if (n > most)
		return NULL;
	*number = n;
	return p;
}

int parse_number(const char *option, const char *value, uint64_t least, uint64_t most,
		 uint64_t *number)
{
	const char *end = digits(value, UINT64_MAX, number);

	if (end == value || (end && *end))
		return log_err(0, "%s: not a number: '%s'", option, value);
	if (!end || *number < least || *number > most)
		return log_err(0, "%s: out of range: '%s' (%llu to %llu)", option, value,
			       (unsigned long long)least, (unsigned long long)most);
	return 0;
}

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "", SECOND }, { "s", SECOND },      { "ms", 1000000 },
	{ "us", 1000 }, { "m", 60 * SECOND }, { "h", 3600 * SECOND },
};

static uint64_t unit_ns(const char *name)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(units[i].name, name))
			return units[i].ns;
	return 0;
}

int parse_seconds(const char *option, const char *value, uint64_t *ns)
{
	uint64_t whole = 0, fraction = 0, digit, unit;
	const char *p = digits(value, UINT64_MAX, &whole), *point;
	bool any = p != value;

	point = p && *p == '.' ? p++ : NULL;
	for (; point && *p >= '0' && *p <= '9'; p++)
		any = true;
	if (!p)
		return log_err(0, "%s: too large: '%s'", option, value);
	unit = any ? unit_ns(p) : 0;
	if (!unit)
		return log_err(0,
			       "%s: not a number of seconds, nor one with us, ms, s, m or h: '%s'",
			       option, value);
	digit = unit;
	while (point && ++point < p) {
		digit /= 10;
		fraction += (*point - '0') * digit;
	}
	if (__builtin_mul_overflow(whole, unit, ns) || *ns > SECONDS_MAX * SECOND)
		return log_err(0, "%s: too large: '%s'", option, value);
	*ns += fraction;
	if (!*ns)
		return log_err(0, "%s: must be more than 0: '%s'", option, value);
	return 0;
}

int parse_user(const char *option, const char *value, uint32_t *uid)
{
	const struct passwd *user = *value ? getpwnam(value) : NULL;
	uint64_t number;
	const char *end;

	if (user) {
		*uid = user->pw_uid;
		return 0;
	}
	end = digits(value, UINT32_MAX - 1,
		     &number); /* the last one is no user: (uid_t)-1, see chown(2) */
	if (!end || end == value || *end)
		return log_err(0, "%s: no such user: '%s'", option, value);
	*uid = number;
	return 0;
}

int parse_list(const char *option, const char *value,
	       int (*each)(const char *item, size_t len, void *ctx), void *ctx)
{
	const char *item = value;
	size_t len;
	int err;

	for (;; item += len + 1) {
		len = strcspn(item, ",");
		if (!len)
			return log_err(0, "%s: an empty value: '%s'", option, value);
		err = each(item, len, ctx);
		if (err || !item[len])
			return err;
	}
}
