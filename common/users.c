// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/users.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

struct user {
	uint32_t uid;
	char *name;
};

static struct user *users;
static size_t count;

static int compare(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

void users_init(void)
{
	const struct passwd *entry;
	struct user *more;

	setpwent();
	while ((entry = getpwent())) {
		more = reallocarray(users, count + 1, sizeof(*users));
		if (!more)
			break;
		users = more;
		users[count].uid = entry->pw_uid;
		users[count].name = strdup(entry->pw_name);
		count += users[count].name != NULL;
	}
	endpwent();
	qsort(users, count, sizeof(*users), compare);
}

void users_free(void)
{
	while (count)
		free(users[--count].name);
	free(users);
	users = NULL;
}

const char *users_name(uint32_t uid)
{
	struct user key = { .uid = uid };
	const struct user *found =
		count ? bsearch(&key, users, count, sizeof(*users), compare) : NULL;

	return found ? found->name : NULL;
}
