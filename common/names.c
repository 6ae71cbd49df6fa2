// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/names.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/*
 * The kernel's own, in include/linux/errno.h: how an interrupted call ends
 * before it is started again, and what a program sees only if a driver is wrong
 * or a seccomp filter says so.
 */
static const struct {
	int err;
	const char *name, *text;
} internals[] = {
	{ 512, "ERESTARTSYS", "To be restarted if SA_RESTART is set" },
	{ 513, "ERESTARTNOINTR", "To be restarted" },
	{ 514, "ERESTARTNOHAND", "To be restarted if no handler" },
	{ 515, "ENOIOCTLCMD", NULL },
	{ 516, "ERESTART_RESTARTBLOCK", "Interrupted by signal" },
	{ 517, "EPROBE_DEFER", NULL },
	{ 518, "EOPENSTALE", NULL },
	{ 521, "EBADHANDLE", NULL },
	{ 522, "ENOTSYNC", NULL },
	{ 523, "EBADCOOKIE", NULL },
	{ 524, "ENOTSUPP", NULL },
	{ 525, "ETOOSMALL", NULL },
	{ 526, "ESERVERFAULT", NULL },
	{ 527, "EBADTYPE", NULL },
	{ 528, "EJUKEBOX", NULL },
	{ 529, "EIOCBQUEUED", NULL },
	{ 530, "ERECALLCONFLICT", NULL },
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
	for (size_t i = 0; i < sizeof(internals) / sizeof(*internals); i++)
		if (internals[i].err == err)
			return internals[i].name;
	return err > 0 ? strerrorname_np(err) : NULL;
}

const char *restart_text(int err)
{
	for (size_t i = 0; i < sizeof(internals) / sizeof(*internals); i++)
		if (internals[i].err == err)
			return internals[i].text;
	return NULL;
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
/* In the order of strace(1); flags of several bits stand before the single bits that they contain. */
static const struct flag flags_known[] = {
	FLAG(O_CREAT),
	FLAG(O_EXCL),
	FLAG(O_NOCTTY),
	FLAG(O_TRUNC),
	FLAG(O_APPEND),
	FLAG(O_NONBLOCK),
	FLAG(O_SYNC),
	{ "__O_SYNC", O_SYNC & ~O_DSYNC },
	FLAG(O_DSYNC),
	FLAG(O_DIRECT),
#ifdef __x86_64__
	{ "O_LARGEFILE", 0100000 }, /* 0 in the headers of a 64-bit libc; 32-bit callers set it */
#else
	{ "O_LARGEFILE", 0400000 },
#endif
	FLAG(O_NOFOLLOW),
	FLAG(O_NOATIME),
	FLAG(O_CLOEXEC),
	FLAG(O_PATH),
	FLAG(O_TMPFILE),
	FLAG(O_DIRECTORY),
	{ "__O_TMPFILE", O_TMPFILE & ~O_DIRECTORY },
	FLAG(FASYNC),
	/* Second names, which the first ones hide when flags are decoded. */
	FLAG(O_ASYNC),
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

static const struct flag rwf_flags[] = {
	FLAG(RWF_HIPRI), FLAG(RWF_DSYNC), FLAG(RWF_SYNC), FLAG(RWF_NOWAIT), FLAG(RWF_APPEND),
};

static const struct flag splice_flags[] = {
	FLAG(SPLICE_F_MOVE),
	FLAG(SPLICE_F_NONBLOCK),
	FLAG(SPLICE_F_MORE),
	FLAG(SPLICE_F_GIFT),
};

static const struct flag sync_range_flags[] = {
	FLAG(SYNC_FILE_RANGE_WAIT_BEFORE),
	FLAG(SYNC_FILE_RANGE_WRITE),
	FLAG(SYNC_FILE_RANGE_WAIT_AFTER),
};

static const struct flag fallocate_flags[] = {
	FLAG(FALLOC_FL_KEEP_SIZE),	FLAG(FALLOC_FL_PUNCH_HOLE), FLAG(FALLOC_FL_NO_HIDE_STALE),
	FLAG(FALLOC_FL_COLLAPSE_RANGE), FLAG(FALLOC_FL_ZERO_RANGE), FLAG(FALLOC_FL_INSERT_RANGE),
	FLAG(FALLOC_FL_UNSHARE_RANGE),
};

static const struct flag rename_flags[] = {
	FLAG(RENAME_NOREPLACE),
	FLAG(RENAME_EXCHANGE),
	FLAG(RENAME_WHITEOUT),
};

static const struct flag at_flags[] = {
	FLAG(AT_SYMLINK_NOFOLLOW), FLAG(AT_REMOVEDIR),	FLAG(AT_SYMLINK_FOLLOW),
	FLAG(AT_NO_AUTOMOUNT),	   FLAG(AT_EMPTY_PATH), FLAG(AT_RECURSIVE),
};

static const struct flag close_range_flags[] = {
	FLAG(CLOSE_RANGE_UNSHARE),
	FLAG(CLOSE_RANGE_CLOEXEC),
};

static const struct flag resolve_flags[] = {
	FLAG(RESOLVE_NO_XDEV), FLAG(RESOLVE_NO_MAGICLINKS), FLAG(RESOLVE_NO_SYMLINKS),
	FLAG(RESOLVE_BENEATH), FLAG(RESOLVE_IN_ROOT),	    FLAG(RESOLVE_CACHED),
};

#define SET(known, none) \
	{ \
		known, sizeof(known) / sizeof(*(known)), none \
	}
static const struct {
	const struct flag *known;
	size_t count;
	const char *none; /* what strace calls bits of which none has a name */
} sets[] = {
	[FLAGS_OPEN] = SET(flags_known, "O_???"),
	[FLAGS_RWF] = SET(rwf_flags, "RWF_???"),
	[FLAGS_SPLICE] = SET(splice_flags, "SPLICE_F_???"),
	[FLAGS_SYNC_RANGE] = SET(sync_range_flags, "SYNC_FILE_RANGE_???"),
	[FLAGS_FALLOCATE] = SET(fallocate_flags, "FALLOC_FL_???"),
	[FLAGS_RENAME] = SET(rename_flags, "RENAME_??"),
	[FLAGS_AT] = SET(at_flags, "AT_???"),
	[FLAGS_CLOSE_RANGE] = SET(close_range_flags, "CLOSE_RANGE_???"),
	[FLAGS_RESOLVE] = SET(resolve_flags, "RESOLVE_???"),
};

size_t flag_set_text(char *buf, size_t size, enum flag_set set, uint64_t flags)
{
	size_t used = flags_text(buf, size, 0, flags, sets[set].known, sets[set].count);

	if (flags && *buf == '0')
		used += snprintf(buf + used, size - used, " /* %s */", sets[set].none);
	return used;
}
