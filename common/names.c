// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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

struct flag {
	const char *name;
	uint64_t bits;
};

#define FLAG(name) \
	{ \
#name, name \
	}
/* Flags of several bits stand before the single bits that they contain. */
static const struct flag flags_known[] = {
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

/* What is set, after `used` bytes of text that end where a name can follow; bits without a name in hexadecimal. */
static size_t flags_text(char *buf, size_t size, size_t used, uint64_t flags,
			 const struct flag *known, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if ((flags & known[i].bits) != known[i].bits)
			continue;
		flags &= ~known[i].bits;
		used += snprintf(buf + used, size - used, "%s%s", used ? "|" : "", known[i].name);
	}
	if (flags || !used)
		used += snprintf(buf + used, size - used, "%s%#llx", used ? "|" : "",
				 (unsigned long long)flags);
	return used;
}

static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

#define FLAGS_KNOWN (sizeof(flags_known) / sizeof(*flags_known))

size_t open_flags_text(char *buf, size_t size, uint64_t flags)
{
	return flags_text(buf, size, snprintf(buf, size, "%s", modes[flags & O_ACCMODE]),
			  flags & ~(uint64_t)O_ACCMODE, flags_known, FLAGS_KNOWN);
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

/* In the order of their bits.  CLONE_NEWTIME has the place of a signal: clone(2) cannot be asked for it. */
static const struct flag clone_flags[] = {
	FLAG(CLONE_NEWTIME),
	FLAG(CLONE_VM),
	FLAG(CLONE_FS),
	FLAG(CLONE_FILES),
	FLAG(CLONE_SIGHAND),
	FLAG(CLONE_PIDFD),
	FLAG(CLONE_PTRACE),
	FLAG(CLONE_VFORK),
	FLAG(CLONE_PARENT),
	FLAG(CLONE_THREAD),
	FLAG(CLONE_NEWNS),
	FLAG(CLONE_SYSVSEM),
	FLAG(CLONE_SETTLS),
	FLAG(CLONE_PARENT_SETTID),
	FLAG(CLONE_CHILD_CLEARTID),
	FLAG(CLONE_DETACHED),
	FLAG(CLONE_UNTRACED),
	FLAG(CLONE_CHILD_SETTID),
	FLAG(CLONE_NEWCGROUP),
	FLAG(CLONE_NEWUTS),
	FLAG(CLONE_NEWIPC),
	FLAG(CLONE_NEWUSER),
	FLAG(CLONE_NEWPID),
	FLAG(CLONE_NEWNET),
	FLAG(CLONE_IO),
	{ "CLONE_CLEAR_SIGHAND", 1ULL << 32 }, /* linux/sched.h, by clone3(2) only */
	{ "CLONE_INTO_CGROUP", 1ULL << 33 },
};

size_t clone_flags_text(char *buf, size_t size, uint64_t flags)
{
	return flags_text(buf, size, 0, flags, clone_flags,
			  sizeof(clone_flags) / sizeof(*clone_flags));
}
