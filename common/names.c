// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel's own, in include/linux/errno.h: how an interrupted call ends before it is started again. */
static const struct {
	int err;
	const char *name;
} restarts[] = {
	{ 512, "ERESTARTSYS" },
	{ 513, "ERESTARTNOINTR" },
	{ 514, "ERESTARTNOHAND" },
	{ 516, "ERESTART_RESTARTBLOCK" },
};

/* Second names, which the first ones hide. */
static const struct {
	int err;
	const char *name;
} seconds[] = {
	{ EWOULDBLOCK, "EWOULDBLOCK" },
	{ ENOTSUP, "ENOTSUP" },
	{ EDEADLOCK, "EDEADLOCK" },
};

const char *errno_name(int err)
{
	for (size_t i = 0; i < sizeof(restarts) / sizeof(*restarts); i++)
		if (restarts[i].err == err)
			return restarts[i].name;
	return err > 0 ? strerrorname_np(err) : NULL;
}

int errno_number(const char *name, size_t len)
{
	const char *known;
	char *end;
	long n;

	for (int err = 1; err < ERRNO_MAX; err++) {
		known = errno_name(err);
		if (known && strlen(known) == len && !strncmp(known, name, len))
			return err;
	}
	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++)
		if (strlen(seconds[i].name) == len && !strncmp(name, seconds[i].name, len))
			return seconds[i].err;
	if (!len || *name < '0' || *name > '9')
		return -1;
	n = strtol(name, &end, 10);
	return end == name + len && n > 0 && n < ERRNO_MAX ? (int)n : -1;
}

const char *signal_name(int signal)
{
	static char name[32];
	const char *known = sigabbrev_np(signal);

	if (known)
		snprintf(name, sizeof(name), "SIG%s", known);
	else if (signal == SIGRTMIN)
		return "SIGRTMIN";
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(name, sizeof(name), "SIGRTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(name, sizeof(name), "SIG%d", signal);
	return name;
}

#define FLAG(name) \
	{ \
#name, name \
	}
/* Flags of several bits stand before the single bits that they contain. */
static const struct {
	const char *name;
	uint64_t bits;
} flags_known[] = {
	FLAG(O_CREAT),
	FLAG(O_EXCL),
	FLAG(O_NOCTTY),
	FLAG(O_TRUNC),
	FLAG(O_APPEND),
	FLAG(O_NONBLOCK),
	FLAG(O_SYNC),
	FLAG(O_DSYNC),
	FLAG(O_ASYNC),
	FLAG(O_DIRECT),
#ifdef __x86_64__
	{ "O_LARGEFILE", 0100000 }, /* 0 in the headers of a 64-bit libc; 32-bit callers set it */
#else
	{ "O_LARGEFILE", 0400000 },
#endif
	FLAG(O_TMPFILE),
	FLAG(O_DIRECTORY),
	FLAG(O_NOFOLLOW),
	FLAG(O_NOATIME),
	FLAG(O_CLOEXEC),
	FLAG(O_PATH),
	/* Second names, which the first ones hide when flags are decoded. */
	FLAG(O_RSYNC),
	FLAG(O_NDELAY),
};

static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

#define FLAGS_KNOWN (sizeof(flags_known) / sizeof(*flags_known))

size_t open_flags_text(char *buf, size_t size, uint64_t flags)
{
	size_t used = snprintf(buf, size, "%s", modes[flags & O_ACCMODE]);
	uint64_t rest = flags & ~(uint64_t)O_ACCMODE;

	for (size_t i = 0; i < FLAGS_KNOWN; i++) {
		if ((rest & flags_known[i].bits) != flags_known[i].bits)
			continue;
		rest &= ~flags_known[i].bits;
		used += snprintf(buf + used, size - used, "|%s", flags_known[i].name);
	}
	if (rest)
		used += snprintf(buf + used, size - used, "|0x%llx", (unsigned long long)rest);
	return used;
}

int open_flag_test(const char *name, size_t len, uint64_t *mask, uint64_t *value)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (strlen(modes[i]) == len && !strncmp(modes[i], name, len)) {
			*mask = O_ACCMODE;
			*value = i;
			return 0;
		}
	}
	for (size_t i = 0; i < FLAGS_KNOWN; i++) {
		if (strlen(flags_known[i].name) == len &&
		    !strncmp(flags_known[i].name, name, len)) {
			*mask = *value = flags_known[i].bits;
			return 0;
		}
	}
	return -1;
}
