/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/examine.h"

/* What was said, a letter for each file in the order of the questions: f(ound), a(bsent), k(nown), e(rror), s(ilent). */
static char said[256];
static unsigned int mappings;
static struct file_id last, known_one;

static bool is_known(const struct file_id *id)
{
	return id->ino == known_one.ino && id->dev == known_one.dev;
}

static void on_mapping(const struct mapped *m, uid_t user)
{
	assert_int_equal(user, getuid());
	assert_int_equal(*m->path, '/');
	mappings++;
}

static void on_file(const struct mapped *m, struct finding *f)
{
	char letter = "fa??s"[f->found];

	if (f->err)
		letter = 'e';
	else if (f->known)
		letter = 'k';
	else
		assert_string_equal(f->name, m->path);
	assert_int_equal(f->fd < 0, letter == 'e' || letter == 'k' || letter == 's');
	last = f->id;
	said[strlen(said)] = letter;
}

static const struct examiner examiner = {
	.known = is_known, .mapping = on_mapping, .file = on_file, .symbol = "main"
};

static void until_done(void)
{
	while (examine_pending())
		assert_false(examine_wait(&examiner, -1, 1000));
}

static void ask(const char *path)
{
	assert_int_equal(examine_file(&(struct mapped){ .path = path }, getuid()), 0);
}

static void test_files(void **state)
{
	(void)state;
	memset(said, 0, sizeof(said));
	ask("/proc/self/exe"); /* has main() */
	ask("/nowhere");
	ask("/etc/passwd");
	ask("/tmp"); /* is no file */
	until_done();
	/* What cannot be read is told at once, the rest when all have been opened. */
	assert_string_equal(said, "eefa");
}

/* What a process has unmapped is not looked for by its path. */
static void test_unmapped(void **state)
{
	(void)state;
	memset(said, 0, sizeof(said));
	assert_int_equal(examine_file(&(struct mapped){ .pid = getpid(),
							.start = 0x1000,
							.end = 0x2000,
							.path = "/etc/passwd" },
				      getuid()),
			 0);
	until_done();
	assert_string_equal(said, "e");
}

static void test_known(void **state)
{
	(void)state;
	memset(said, 0, sizeof(said));
	ask("/etc/passwd");
	until_done();
	known_one = last;
	ask("/etc/passwd");
	until_done();
	assert_string_equal(said, "ak");
	memset(&known_one, 0, sizeof(known_one));
}

/* More than one process is given. */
static void test_many(void **state)
{
	(void)state;
	memset(said, 0, sizeof(said));
	for (int i = 0; i < 200; i++)
		ask("/etc/passwd");
	until_done();
	assert_int_equal(strspn(said, "a"), 200);
}

static void test_process(void **state)
{
	(void)state;
	mappings = 0;
	assert_int_equal(examine_process(getpid()), 0);
	until_done();
	assert_true(mappings > 1); /* this program, and the C library */
	mappings = 0;
	assert_int_equal(examine_usual("/proc/self/ex[e]"), 0);
	assert_int_equal(examine_usual("/nowhere/*"), 0);
	until_done();
	assert_int_equal(mappings, 1);
}

/* One who asks for too much is told so. */
static void test_too_many(void **state)
{
	int err = 0;

	(void)state;
	memset(said, 0, sizeof(said));
	for (int i = 0; i < 100000 && !err; i++)
		err = examine_process(getpid());
	assert_int_equal(err, -EAGAIN);
	assert_true(examine_pending() < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	 cmocka_unit_test(test_known),
		cmocka_unit_test(test_many),	 cmocka_unit_test(test_process),
		cmocka_unit_test(test_unmapped), cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
