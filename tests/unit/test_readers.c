/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/readers.h"

static char directory[] = "/tmp/test_readers.XXXXXX";
static pid_t children[32];
static unsigned int child_count;
static struct channel channel;
static const uint32_t *const readers = channel.reader;
static int old_stderr, said;

/* A process that has these open as 0, 1 and 3 and nothing else, and does nothing; -1: not that one. */
static uint32_t process(const char *name, int in, int out, int other)
{
	const int from[] = { in, out, -1, other };
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_NAME, name);
		/* None of those that are still needed is in the way: they came later than 3. */
		for (int fd = 0; fd < 4; fd++)
			if (from[fd] < 0)
				close(fd);
			else
				dup2(from[fd], fd);
		syscall(SYS_close_range, 4, ~0U, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	children[child_count++] = pid;
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
	return (uint32_t)pid;
}

static int set_up(void **state)
{
	(void)state;
	said = memfd_create("stderr", 0);
	old_stderr = dup(STDERR_FILENO);
	return dup2(said, STDERR_FILENO) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	while (child_count) {
		kill(children[--child_count], SIGKILL);
		waitpid(children[child_count], NULL, 0);
	}
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	close(said);
	return 0;
}

static void assert_said(const char *format, ...)
{
	char text[1024], wanted[1024];
	ssize_t n = pread(said, text, sizeof(text) - 1, 0);
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	text[n > 0 ? n : 0] = '\0';
	assert_string_equal(text, wanted);
}

static bool is_found(unsigned int n, uint32_t pid)
{
	while (n--)
		if (readers[n] == pid)
			return true;
	return false;
}

static unsigned int find(int fd, enum readers which)
{
	channel.readers = 0;
	readers_find(fd, which, -1, &channel);
	return channel.readers;
}

static void a_file_has_none(void **state)
{
	int fd = openat(AT_FDCWD, directory, O_TMPFILE | O_RDWR, 0600);

	(void)state;
	process("reads", fd, -1, -1);
	assert_int_equal(find(fd, READERS_OF_ANYTHING), 0);
	assert_said("");
	close(fd);
}

static void of_a_pipe(void **state)
{
	uint32_t reader;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	reader = process("tee", ends[0], -1, -1);
	process("writes", -1, ends[1], -1);
	process("has-both", ends[0], ends[1], -1);
	assert_int_equal(find(ends[1], READERS_OF_FILES), 1);
	assert_int_equal(readers[0], reader);
	assert_said("test: not shown: writes by tee (%" PRIu32 "), which reads this output\n",
		    reader);
	assert_int_equal(find(ends[1], READERS_SHOWN), 0);
	close(ends[0]);
	close(ends[1]);
}

static void of_what_they_write_to(void **state)
{
	int first[2], second[2], other[2];
	uint32_t one, two;
	unsigned int n;

	(void)state;
	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe(second), 0);
	assert_int_equal(pipe(other), 0);
	/* The later ones first: one pass over all processes does not find them. */
	two = process("tee", second[0], -1, -1);
	one = process("grep", first[0], second[1], -1);
	process("stranger", other[0], other[1], -1);
	n = find(first[1], READERS_OF_FILES);
	assert_int_equal(n, 2);
	assert_true(is_found(n, one));
	assert_true(is_found(n, two));
	assert_said("test: not shown: writes by grep (%" PRIu32 "), tee (%" PRIu32
		    "), which read this output\n",
		    one, two);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
		close(other[i]);
	}
}

static void not_what_they_have_besides(void **state)
{
	int first[2], other[2];
	uint32_t harness;

	(void)state;
	assert_int_equal(pipe(first), 0);
	assert_int_equal(pipe(other), 0);
	process("traced", other[0], -1, -1);
	harness = process("harness", first[0], -1, other[1]);
	assert_int_equal(find(first[1], READERS_OF_ANYTHING), 1);
	assert_int_equal(readers[0], harness);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(other[i]);
	}
}

static void of_a_fifo(void **state)
{
	char path[64];
	uint32_t reader;
	int fd, in;

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDWR);
	in = open(path, O_RDONLY);
	assert_true(fd >= 0 && in >= 0);
	reader = process("cat", in, -1, -1);
	process("has-both", fd, -1, -1);
	assert_int_equal(find(fd, READERS_OF_FILES), 1);
	assert_int_equal(readers[0], reader);
	close(fd);
	close(in);
	unlink(path);
}

static void of_a_terminal(void **state)
{
	int inner = posix_openpt(O_RDWR | O_NOCTTY), outer = posix_openpt(O_RDWR | O_NOCTTY);
	int in, out, file = openat(AT_FDCWD, directory, O_TMPFILE | O_RDWR, 0600);
	uint32_t shell, tmux, sshd, script;
	unsigned int n;

	(void)state;
	if (inner < 0 || outer < 0)
		skip();
	assert_int_equal(unlockpt(inner) | unlockpt(outer), 0);
	in = open(ptsname(inner), O_RDWR | O_NOCTTY);
	out = open(ptsname(outer), O_RDWR | O_NOCTTY);
	/* Whoever is typed to reads the same terminal, from the other side. */
	shell = process("shell", in, in, in);
	tmux = process("tmux", inner, out, inner);
	sshd = process("sshd", outer, -1, -1);
	/* Of other file systems of terminals there may be readers with these numbers. */
	n = find(in, READERS_OF_FILES);
	assert_false(is_found(n, tmux) || is_found(n, sshd));
	n = find(in, READERS_OF_ANYTHING);
	assert_true(is_found(n, tmux) && is_found(n, sshd));
	assert_false(is_found(n, shell));
	script = process("script", outer, -1, file);
	n = find(in, READERS_OF_FILES);
	assert_true(is_found(n, script));
	assert_false(is_found(n, tmux) || is_found(n, sshd));
	close(inner);
	close(outer);
	close(in);
	close(out);
	close(file);
}

static void no_more_than_there_is_room_for(void **state)
{
	char text[1024];
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < READERS_MAX + 3; i++)
		process("a-name-of-15-by", ends[0], -1, -1);
	assert_int_equal(find(ends[1], READERS_OF_FILES), READERS_MAX);
	n = pread(said, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(
		strstr(text, "), which read this output\ntest: writes by 3 others are shown"));
	close(ends[0]);
	close(ends[1]);
}

/* As the kernel half would see it; a file system that tells stat(2) the truth. */
static bool is_output(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return readers_is_output(major(st.st_dev) << 20 | minor(st.st_dev), st.st_ino);
}

static void what_is_printed_to(void **state)
{
	int file = memfd_create("file", 0), other = memfd_create("other", 0);
	int null = open("/dev/null", O_WRONLY), ends[2], more[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(more), 0);
	find(file, READERS_SHOWN);
	assert_true(is_output(file));
	assert_false(is_output(other));
	find(ends[1], READERS_OF_FILES);
	assert_true(is_output(ends[1]));
	assert_true(is_output(ends[0]));
	assert_false(is_output(more[1]));
	assert_false(is_output(file));
	/* Everybody writes to that, and nobody is surprised. */
	find(null, READERS_OF_FILES);
	assert_false(is_output(null));
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(more[i]);
	}
	close(null);
	close(other);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_pipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_what_they_write_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_what_they_have_besides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_fifo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_a_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_more_than_there_is_room_for, set_up, tear_down),
		cmocka_unit_test(what_is_printed_to),
	};
	int failed;

	log_init("test", false);
	if (!mkdtemp(directory))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
