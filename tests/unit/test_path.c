/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/path.h"

/* A copy without a byte to spare, so that one read or written too many is seen. */
static char *exactly(const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static void assert_path(const char *buf, size_t len, const char *wanted)
{
	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(buf, wanted, len);
}

/* sizeof() of a literal counts the NUL of its last name. */
#define NAMES(literal) literal, sizeof(literal)

static void assert_text(const char *names, size_t len, __u32 info_state, const char *wanted)
{
	struct path_info info = { .ino = 4026531840, .len = (__u32)len, .state = info_state };
	char *copy = exactly(names, len), buf[512];

	assert_path(buf, path_text(buf, sizeof(buf), copy, &info), wanted);
	free(copy);
}

static void reversed(void **state)
{
	char *names = exactly(NAMES("leaf\0dir\0top")), buf[64];

	(void)state;
	assert_path(buf, path_reverse(buf, sizeof(buf), names, 13), "/top/dir/leaf");
	free(names);
	names = exactly(NAMES("a"));
	assert_path(buf, path_reverse(buf, sizeof(buf), names, 2), "/a");
	free(names);
	assert_path(buf, path_reverse(buf, sizeof(buf), "", 0), "/");
	assert_path(buf, path_reverse(buf, 0, "", 0), "");
	assert_path(buf, path_reverse(buf, sizeof(buf), NAMES("new\nline\0a\tb\0\xff")),
		    "/\xff/a\tb/new\nline");
}

static void limits(void **state)
{
	static char names[16 * (NAME_MAX + 1)];
	char *buf;

	(void)state;
	for (size_t i = 0; i < sizeof(names); i++)
		names[i] = (char)((i + 1) % (NAME_MAX + 1) ? 'a' + i / (NAME_MAX + 1) : '\0');
	/* Each name has a NUL there and a slash here. One byte less is no room for the leaf. */
	for (size_t size = sizeof(names); size > sizeof(names) - 2; size--) {
		buf = malloc(size);
		assert_non_null(buf);
		assert_int_equal(path_reverse(buf, size, names, sizeof(names)),
				 size == sizeof(names) ? size : sizeof(names) - NAME_MAX - 1);
		assert_memory_equal(buf, "/ppp", 4); /* the sixteenth name is next to the root */
		free(buf);
	}
}

static void texts(void **state)
{
	(void)state;
	assert_text("", 0, 0, "");
	assert_text("", 0, PATH_WHOLE, "/");
	assert_text(NAMES("hosts\0etc"), PATH_WHOLE, "/etc/hosts");
	assert_text(NAMES("hosts\0etc"), PATH_WHOLE | PATH_DELETED, "/etc/hosts");
	assert_text(NAMES("leaf\0dir"), 0, ".../dir/leaf");
	assert_text(NAMES("leaf\0dir"), PATH_DELETED, ".../dir/leaf");
}

/* As /proc/PID/fd has them. */
static void nowhere(void **state)
{
	(void)state;
	assert_text(NAMES("\0pipefs"), PATH_NOWHERE | PATH_WHOLE, "pipe:[4026531840]");
	assert_text(NAMES("TCP\0sockfs"), PATH_NOWHERE | PATH_WHOLE, "socket:[4026531840]");
	assert_text(NAMES("[eventfd]\0anon_inodefs"), PATH_NOWHERE | PATH_WHOLE,
		    "anon_inode:[eventfd]");
	assert_text(NAMES("memfd:x\0tmpfs"), PATH_NOWHERE | PATH_WHOLE, "/memfd:x");
	assert_text(NAMES("/\0pidfs"), PATH_NOWHERE | PATH_WHOLE, "anon_inode:[pidfd]");
	/* A program chooses this name, and may choose that of a file system. */
	assert_text(NAMES("memfd:pipefs\0tmpfs"), PATH_NOWHERE | PATH_WHOLE, "/memfd:pipefs");
	assert_text(NAMES("memfd:\0tmpfs"), PATH_NOWHERE | PATH_WHOLE, "/memfd:");
}

static void assert_joined(const char *base, const char *asked, const char *wanted)
{
	char buf[64], *copy = exactly(asked, strlen(asked));

	memcpy(buf, base, strlen(base));
	assert_path(buf, path_join(buf, sizeof(buf), strlen(base), copy, strlen(asked)), wanted);
	free(copy);
}

static void joined(void **state)
{
	(void)state;
	assert_joined("/", "/etc", "/etc");
	assert_joined("/", "etc", "/etc");
	assert_joined("/home/x", "f", "/home/x/f");
	assert_joined("/home/x", "../f", "/home/x/../f");
	assert_joined("/jail", "/etc", "/jail/etc");
	assert_joined("/jail", "/", "/jail/");
	assert_joined("/", "/", "/");
	assert_joined("/home/x", "", "/home/x");
	assert_joined("/", "", "/");
	assert_joined("?", "f", "?/f");
	assert_joined("pipe:[7]", "f", "pipe:[7]/f");
}

static void joined_at_the_limit(void **state)
{
	static char asked[PATH_MAX];
	char *buf;

	(void)state;
	memset(asked, 'y', sizeof(asked));
	/* Base and path just fit; one byte less; no room even for the slash. */
	for (size_t room = 0; room <= 3; room++) {
		buf = malloc(PATH_MAX + room);
		assert_non_null(buf);
		memset(buf, 'x', PATH_MAX);
		assert_int_equal(path_join(buf, PATH_MAX + room, PATH_MAX, asked, 2),
				 PATH_MAX + room);
		assert_memory_equal(buf + PATH_MAX, "/yy", room);
		free(buf);
	}
	buf = malloc(PATH_MAX + 6);
	assert_non_null(buf);
	memcpy(buf, "/base", 5);
	assert_int_equal(path_join(buf, PATH_MAX + 6, 5, asked, PATH_MAX), PATH_MAX + 6);
	assert_memory_equal(buf, "/base/yy", 8);
	free(buf);
}

static void assert_clean(const char *asked, const char *wanted)
{
	size_t len = strlen(asked);
	char *path = malloc(len ? len : 1);

	assert_non_null(path);
	memcpy(path, asked, len);
	assert_path(path, path_clean(path, len), wanted);
	free(path);
}

static void cleaned(void **state)
{
	(void)state;
	assert_clean("/tmp/f", "/tmp/f");
	assert_clean("//tmp//./x/.././f", "/tmp/f");
	assert_clean("/tmp/f/", "/tmp/f");
	assert_clean("/tmp/f/.", "/tmp/f");
	assert_clean("/tmp/f/..", "/tmp");
	assert_clean("/tmp/.f/..f/...", "/tmp/.f/..f/...");
	assert_clean("/", "/");
	assert_clean("/..", "/");
	assert_clean("/a/../../../b", "/b");
	/* What has no root is left as it is. */
	assert_clean("", "");
	assert_clean("?/./f", "?/./f");
	assert_clean("pipe:[7]", "pipe:[7]");
}

static void beginnings(void **state)
{
	static const char *const can[] = { "/",	      "/x",	 "p",
					   "pipe:",   "pipe:[7", "anon_inode:[e",
					   "socket:[" };
	static const char *const cannot[] = { "x", "./x", "pip:", "pipes", "~", "?" };

	(void)state;
	for (size_t i = 0; i < sizeof(can) / sizeof(*can); i++)
		assert_true(path_may_begin(can[i], strlen(can[i]), false));
	for (size_t i = 0; i < sizeof(cannot) / sizeof(*cannot); i++)
		assert_false(path_may_begin(cannot[i], strlen(cannot[i]), false));
	assert_true(path_may_begin("pipe:[7]", 8, true));
	assert_true(path_may_begin("/", 1, true));
	assert_false(path_may_begin("pipe:", 5, true));
	assert_false(path_may_begin("p", 1, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reversed), cmocka_unit_test(limits),
		cmocka_unit_test(texts),    cmocka_unit_test(nowhere),
		cmocka_unit_test(joined),   cmocka_unit_test(joined_at_the_limit),
		cmocka_unit_test(cleaned),  cmocka_unit_test(beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
