/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/names.h"

static int number(const char *name)
{
	return errno_number(name, strlen(name));
}

static void errnos(void **state)
{
	const char *name;
	int named = 0;

	(void)state;
	assert_string_equal(errno_name(2), "ENOENT");
	assert_string_equal(errno_name(133), "EHWPOISON");
	assert_string_equal(errno_name(512), "ERESTARTSYS");
	assert_string_equal(errno_name(516), "ERESTART_RESTARTBLOCK");
	assert_string_equal(errno_name(524), "ENOTSUPP");
	assert_null(errno_name(519));
	assert_null(errno_name(134));
	assert_null(errno_name(-2));
	assert_null(errno_name(INT32_MAX));
	for (int err = 1; err < ERRNO_MAX; err++) {
		name = errno_name(err);
		if (!name)
			continue;
		assert_int_equal(number(name), err);
		named++;
	}
	assert_in_range(named, 146, 155);
}

static void errno_numbers(void **state)
{
	static const char *const bad[] = {
		"",	   "0",	    "-2",     "+2",    " 2",
		"2 ",	   "2x",    "0x2",    "640",   "99999999999999999999",
		"E",	   "NOENT", "enoent", "ENOEN", "ENOENTX",
		"ENOENT ",
	};

	(void)state;
	assert_int_equal(number("ENOENT"), 2);
	assert_int_equal(number("2"), 2);
	assert_int_equal(number("639"), 639);
	assert_int_equal(number("ERESTARTSYS"), 512);
	/* Items of a list. */
	assert_int_equal(errno_number("EIO,ENOENT", 3), EIO);
	assert_int_equal(errno_number("13,2", 2), 13);
	/* Second names: errno(3). */
	assert_int_equal(number("EWOULDBLOCK"), EWOULDBLOCK);
	assert_int_equal(number("ENOTSUP"), ENOTSUP);
	assert_int_equal(number("EOPNOTSUPP"), EOPNOTSUPP);
	assert_int_equal(number("EDEADLOCK"), EDEADLOCK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (number(bad[i]) != -1)
			fail_msg("'%s' is %d", bad[i], number(bad[i]));
}

static void signals(void **state)
{
	static const struct {
		int signal;
		const char *name;
	} known[] = {
		{ SIGHUP, "SIGHUP" },	    { SIGINT, "SIGINT" },   { SIGQUIT, "SIGQUIT" },
		{ SIGILL, "SIGILL" },	    { SIGTRAP, "SIGTRAP" }, { SIGABRT, "SIGABRT" },
		{ SIGBUS, "SIGBUS" },	    { SIGFPE, "SIGFPE" },   { SIGKILL, "SIGKILL" },
		{ SIGUSR1, "SIGUSR1" },	    { SIGSEGV, "SIGSEGV" }, { SIGUSR2, "SIGUSR2" },
		{ SIGPIPE, "SIGPIPE" },	    { SIGALRM, "SIGALRM" }, { SIGTERM, "SIGTERM" },
		{ SIGXCPU, "SIGXCPU" },	    { SIGXFSZ, "SIGXFSZ" }, { SIGSYS, "SIGSYS" },
		{ SIGVTALRM, "SIGVTALRM" },
	};
	char seen[129][32], number_of[16];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		assert_string_equal(signal_name(known[i].signal), known[i].name);
	assert_string_equal(signal_name(SIGRTMIN + 1), "SIGRTMIN+1");
	assert_string_equal(signal_name(SIGRTMIN + 2), "SIGRTMIN+2");
	/* All that fits into a wait status has a name of its own, those that libc keeps for itself as well. */
	for (int i = 0; i <= 128; i++) {
		snprintf(seen[i], sizeof(seen[i]), "%s", signal_name(i));
		assert_memory_equal(seen[i], "SIG", 3);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seen[i], seen[j]);
		snprintf(number_of, sizeof(number_of), "SIG%d", i);
		if (i >= 1 && i <= 31)
			assert_string_not_equal(seen[i], number_of);
		else if (i < SIGRTMIN || i > SIGRTMAX)
			assert_string_equal(seen[i], number_of);
	}
}

static void assert_flags(uint64_t flags, const char *wanted)
{
	char buf[512];

	assert_int_equal(open_flags_text(buf, sizeof(buf), flags), strlen(wanted));
	assert_string_equal(buf, wanted);
}

static void flags(void **state)
{
	char buf[512];
	size_t len;

	(void)state;
	assert_flags(0, "O_RDONLY");
	assert_flags(O_WRONLY | O_CREAT | O_TRUNC, "O_WRONLY|O_CREAT|O_TRUNC");
	assert_flags(O_RDWR | O_EXCL | O_CLOEXEC, "O_RDWR|O_EXCL|O_CLOEXEC");
	assert_flags(O_ACCMODE, "O_ACCMODE");
	assert_flags(O_SYNC, "O_RDONLY|O_SYNC");
	assert_flags(O_DSYNC, "O_RDONLY|O_DSYNC");
	assert_flags(O_SYNC & ~O_DSYNC, "O_RDONLY|__O_SYNC");
	assert_flags(O_TMPFILE | O_RDWR, "O_RDWR|O_TMPFILE");
	assert_flags(O_TMPFILE & ~O_DIRECTORY, "O_RDONLY|__O_TMPFILE");
	assert_flags(O_DIRECTORY | O_PATH | O_NOFOLLOW | O_ASYNC,
		     "O_RDONLY|O_NOFOLLOW|O_PATH|O_DIRECTORY|FASYNC");
#ifdef __x86_64__
	assert_flags(0x8000, "O_RDONLY|O_LARGEFILE");
#endif
	assert_flags(4, "O_RDONLY|0x4");
	assert_flags(1ULL << 63 | O_APPEND, "O_RDONLY|O_APPEND|0x8000000000000000");
	len = open_flags_text(buf, sizeof(buf), UINT64_MAX);
	assert_int_equal(len, strlen(buf));
	assert_memory_equal(buf, "O_ACCMODE|O_CREAT|", 18);
	assert_memory_equal(buf + len - 18, "0xffffffffff80003c", 18);
}

static int test_of(const char *name, uint64_t *mask, uint64_t *value)
{
	return open_flag_test(name, strlen(name), mask, value);
}

static void flag_tests(void **state)
{
	static const struct {
		const char *name;
		uint64_t mask, value;
	} known[] = {
		{ "O_RDONLY", 3, 0 },
		{ "O_WRONLY", 3, 1 },
		{ "O_RDWR", 3, 2 },
		{ "O_CREAT", O_CREAT, O_CREAT },
		{ "O_SYNC", O_SYNC, O_SYNC },
		{ "O_DSYNC", O_DSYNC, O_DSYNC },
		{ "O_TMPFILE", O_TMPFILE, O_TMPFILE },
		{ "O_DIRECTORY", O_DIRECTORY, O_DIRECTORY },
		{ "O_ASYNC", O_ASYNC, O_ASYNC },
		{ "O_PATH", O_PATH, O_PATH },
	};
	static const char *const bad[] = {
		"",	 "O_", "O_CREA", "O_CREATX",	   "o_creat",
		"CREAT", "64", "0x40",	 "O_CREAT|O_EXCL", " O_CREAT",
	};
	char text[512], *name, *rest;
	uint64_t mask, value, all = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_int_equal(test_of(known[i].name, &mask, &value), 0);
		assert_int_equal(mask, known[i].mask);
		assert_int_equal(value, known[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(test_of(bad[i], &mask, &value), -1);
	assert_int_equal(open_flag_test("O_CREAT,O_EXCL", 7, &mask, &value), 0);
	assert_int_equal(value, O_CREAT);

	/* Whatever FLAGS shows can be asked for, and together they are what was shown. */
	open_flags_text(text, sizeof(text), 0x7fffffff);
	for (name = strtok_r(text, "|", &rest); name; name = strtok_r(NULL, "|", &rest)) {
		if (!strncmp(name, "0x", 2))
			continue;
		assert_int_equal(test_of(name, &mask, &value), 0);
		assert_int_equal(value & mask, value);
		assert_int_equal(value & all, 0);
		all |= value;
	}
	assert_int_equal(all & (O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_TMPFILE | O_SYNC |
				O_PATH),
			 O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_TMPFILE | O_SYNC | O_PATH);
}

static void clones(void **state)
{
	static const struct {
		uint64_t flags;
		const char *text;
	} known[] = {
		{ 0, "0" },
		{ CLONE_VM | CLONE_VFORK, "CLONE_VM|CLONE_VFORK" },
		{ CLONE_THREAD, "CLONE_THREAD" },
		{ CLONE_NEWTIME, "CLONE_NEWTIME" },
		{ 1ULL << 32 | 1ULL << 33, "CLONE_CLEAR_SIGHAND|CLONE_INTO_CGROUP" },
		{ 1ULL << 60, "0x1000000000000000" },
		{ CLONE_IO | 0x7f, "CLONE_IO|0x7f" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_int_equal(clone_flags_text(text, sizeof(text), known[i].flags),
				 strlen(known[i].text));
		assert_string_equal(text, known[i].text);
	}
	assert_true(clone_flags_text(text, sizeof(text), UINT64_MAX) < sizeof(text));
}

static void restarts(void **state)
{
	(void)state;
	assert_string_equal(restart_text(512), "To be restarted if SA_RESTART is set");
	assert_string_equal(restart_text(516), "Interrupted by signal");
	assert_null(restart_text(515));
	assert_null(restart_text(2));
}

static void sets(void **state)
{
	static const struct {
		enum flag_set set;
		uint64_t flags;
		const char *text;
	} known[] = {
		{ FLAGS_RWF, 0, "0" },
		{ FLAGS_RWF, 0x1f, "RWF_HIPRI|RWF_DSYNC|RWF_SYNC|RWF_NOWAIT|RWF_APPEND" },
		{ FLAGS_RWF, 0x41, "RWF_HIPRI|0x40" },
		{ FLAGS_RWF, 0x100, "0x100 /* RWF_??? */" },
		{ FLAGS_SPLICE, 0xf,
		  "SPLICE_F_MOVE|SPLICE_F_NONBLOCK|SPLICE_F_MORE|SPLICE_F_GIFT" },
		{ FLAGS_SPLICE, 0x10, "0x10 /* SPLICE_F_??? */" },
		{ FLAGS_SYNC_RANGE, 0xf,
		  "SYNC_FILE_RANGE_WAIT_BEFORE|SYNC_FILE_RANGE_WRITE|"
		  "SYNC_FILE_RANGE_WAIT_AFTER|0x8" },
		{ FLAGS_FALLOCATE, 3, "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE" },
		{ FLAGS_FALLOCATE, 0x7c,
		  "FALLOC_FL_NO_HIDE_STALE|FALLOC_FL_COLLAPSE_RANGE|FALLOC_FL_ZERO_RANGE|"
		  "FALLOC_FL_INSERT_RANGE|FALLOC_FL_UNSHARE_RANGE" },
		{ FLAGS_RENAME, 7, "RENAME_NOREPLACE|RENAME_EXCHANGE|RENAME_WHITEOUT" },
		{ FLAGS_RENAME, 8, "0x8 /* RENAME_?? */" },
		{ FLAGS_AT, 0x9f00,
		  "AT_SYMLINK_NOFOLLOW|AT_REMOVEDIR|AT_SYMLINK_FOLLOW|AT_NO_AUTOMOUNT|"
		  "AT_EMPTY_PATH|AT_RECURSIVE" },
		{ FLAGS_AT, 1, "0x1 /* AT_??? */" },
		{ FLAGS_CLOSE_RANGE, 7, "CLOSE_RANGE_UNSHARE|CLOSE_RANGE_CLOEXEC|0x1" },
		{ FLAGS_RESOLVE, 0x3f,
		  "RESOLVE_NO_XDEV|RESOLVE_NO_MAGICLINKS|RESOLVE_NO_SYMLINKS|RESOLVE_BENEATH|"
		  "RESOLVE_IN_ROOT|RESOLVE_CACHED" },
		{ FLAGS_RESOLVE, 1ULL << 63, "0x8000000000000000 /* RESOLVE_??? */" },
		{ FLAGS_OPEN, O_CLOEXEC, "O_CLOEXEC" },
		{ FLAGS_OPEN, O_RDWR, "0x2 /* O_??? */" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_int_equal(flag_set_text(text, sizeof(text), known[i].set, known[i].flags),
				 strlen(known[i].text));
		assert_string_equal(text, known[i].text);
	}
	for (int set = FLAGS_OPEN; set <= FLAGS_RESOLVE; set++)
		assert_true(flag_set_text(text, sizeof(text), set, UINT64_MAX) < sizeof(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errnos),     cmocka_unit_test(errno_numbers),
		cmocka_unit_test(signals),    cmocka_unit_test(flags),
		cmocka_unit_test(flag_tests), cmocka_unit_test(clones),
		cmocka_unit_test(restarts),   cmocka_unit_test(sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
