// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/path.h"

#include <stdio.h>
#include <string.h>

/* File systems that are mounted nowhere, and how /proc/PID/fd writes what is in them. */
static const struct {
	const char *fs, *format;
} nowhere[] = {
	{ "pipefs", "pipe:[%llu]" },
	{ "sockfs", "socket:[%llu]" },
	{ "nsfs", "ns:[%llu]" },
	{ "pidfs", "anon_inode:[pidfd]" },
};

size_t path_reverse(char *buf, size_t size, const char *names, size_t len)
{
	size_t used = 0, name;
	const char *end = names + len, *start;

	while (end > names) {
		/* From the NUL of the name nearest to the root back to the NUL before it. */
		for (start = end - 1; start > names && start[-1]; start--)
			;
		name = end - 1 - start;
		if (used + name + 1 > size)
			break;
		buf[used++] = '/';
		memcpy(buf + used, start, name);
		used += name;
		end = start;
	}
	if (!len && size)
		buf[used++] = '/';
	return used;
}

static size_t path_nowhere(char *buf, size_t size, const char *names, const struct path_info *info)
{
	size_t len = info->len, name;
	const char *fs;
	int n = 0;

	/* The last name is that of the file system. */
	for (fs = names + len - 1; fs > names && fs[-1]; fs--)
		;
	name = fs - names;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++)
		if (!strcmp(fs, nowhere[i].fs))
			n = snprintf(buf, size, nowhere[i].format, (unsigned long long)info->ino);
	if (n > 0)
		return n;
	if (!strcmp(fs, "anon_inodefs"))
		return snprintf(buf, size, "anon_inode:%.*s", (int)name, names);
	return path_reverse(buf, size, names, name);
}

size_t path_text(char *buf, size_t size, const char *names, const struct path_info *info)
{
	size_t cut = 0;

	if (!info->state && !info->len)
		return 0;
	if (info->state & PATH_NOWHERE && info->len)
		return path_nowhere(buf, size, names, info);
	if (!(info->state & PATH_WHOLE)) {
		memcpy(buf, "...", 3);
		cut = 3;
	}
	return cut + path_reverse(buf + cut, size - cut, names, info->len);
}

size_t path_join(char *buf, size_t size, size_t base, const char *asked, size_t len)
{
	if (!len)
		return base;
	/* The root adds nothing in front of a path. */
	if (base == 1 && *buf == '/')
		base = 0;
	if (*asked != '/' && base < size)
		buf[base++] = '/';
	if (len > size - base)
		len = size - base;
	memcpy(buf + base, asked, len);
	return base + len;
}

size_t path_clean(char *path, size_t len)
{
	size_t used = 0, at = 0, name;

	if (!len || *path != '/')
		return len;
	for (; at < len; at += name) {
		for (; at < len && path[at] == '/'; at++)
			;
		for (name = 0; at + name < len && path[at + name] != '/'; name++)
			;
		if (!name || (name == 1 && path[at] == '.'))
			continue;
		if (name == 2 && !memcmp(path + at, "..", 2)) {
			while (used && path[--used] != '/')
				;
			continue;
		}
		path[used++] = '/';
		memmove(path + used, path + at, name);
		used += name;
	}
	if (!used)
		path[used++] = '/';
	return used;
}

bool path_may_begin(const char *text, size_t len, bool whole)
{
	if (len && *text == '/')
		return true;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++) {
		size_t word = strcspn(nowhere[i].format, "[");

		if (len < word && !whole)
			word = len;
		if (len >= word + whole && !memcmp(text, nowhere[i].format, word))
			return true;
	}
	return false;
}
