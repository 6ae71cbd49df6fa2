// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/users.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

struct user {
	uint32_t uid;
	size_t order; /* in the list: the first name of a number is its name */
	char *name;
};

static struct user *users;
static size_t count;

static int compare(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
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
		users[count].order = count;
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
	size_t low = 0, high = count, middle;

	/* The first that is not below. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (users[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && users[low].uid == uid ? users[low].name : NULL;
}
