/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/child.h"
#include "common/log.h"

#define ARGV(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static char directory[] = "/tmp/test_child.XXXXXX", file[64];
static int old_stderr,
	said; /* the child has a memory of its own, and says what it has to on stderr */

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
	unlink(file);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	close(said);
	return 0;
}

static void assert_said(const char *wanted)
{
	char text[512];
	ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	assert_string_equal(text, wanted);
}

static bool ended(const struct child *c, int timeout)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

	return poll(&p, 1, timeout) == 1;
}

static void start(struct child *c, char *const *argv, const char *user)
{
	*c = (struct child){ 0 };
	assert_int_equal(child_start(c, argv, user ? getpwnam(user) : NULL), 0);
	assert_true(c->pid > 0);
}

static int finish(struct child *c)
{
	int status = child_wait(c);

	assert_int_equal(c->pid, 0);
	close(c->pidfd);
	return status;
}

static int run(char *const *argv, const char *user)
{
	struct child c;

	start(&c, argv, user);
	child_release(&c);
	assert_int_equal(c.hold, -1);
	assert_true(ended(&c, -1));
	return finish(&c);
}

static int run_shell(const char *script)
{
	return run(ARGV("sh", "-c", script), NULL);
}

static void statuses(void **state)
{
	(void)state;
	assert_int_equal(run_shell("exit 0"), 0);
	assert_int_equal(run_shell("exit 7"), 7);
	assert_int_equal(run_shell("exit 255"), 255);
	assert_int_equal(run_shell("kill -TERM $$"), 128 + SIGTERM);
	assert_int_equal(run_shell("kill -KILL $$"), 128 + SIGKILL);

	assert_said("");
}

static void arguments(void **state)
{
	(void)state;
	assert_int_equal(
		run(ARGV("sh", "-c", "test $#:\"$1\":\"$2\" = '3:a  b:'", "x", "a  b", "", "--"),
		    NULL),
		0);
}

static void unable(void **state)
{
	static const struct {
		const char *command;
		int status;
		const char *message;
	} cases[] = {
		{ "no-such-command-anywhere", 127, "No such file or directory" },
		{ "/nowhere/at/all", 127, "No such file or directory" },
		{ "", 127, "No such file or directory" },
		{ "/", 126, "Permission denied" },
		{ "/dev/null", 126, "Permission denied" },
		{ "/dev/null/x", 126, "Not a directory" },
	};
	char wanted[128];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(ftruncate(said, 0), 0);
		lseek(said, 0, SEEK_SET);
		assert_int_equal(run(ARGV(cases[i].command), NULL), cases[i].status);
		snprintf(wanted, sizeof(wanted), "tool: %s: %s\n", cases[i].command,
			 cases[i].message);
		assert_said(wanted);
	}
}

/* As in a shell: execvp(3). */
static void script_without_interpreter(void **state)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "exit 9\n", 7), 7);
	close(fd);
	assert_int_equal(run(ARGV(file), NULL), 9);
}

static void held(void **state)
{
	struct child c;

	(void)state;
	start(&c, ARGV("touch", file), NULL);
	assert_false(ended(&c, 200));
	assert_int_equal(access(file, F_OK), -1);
	child_release(&c);
	assert_int_equal(finish(&c), 0);
	assert_int_equal(access(file, F_OK), 0);
}

/* The tool ends, for whatever reason, before it has begun. */
static void never_released(void **state)
{
	struct child c;

	(void)state;
	start(&c, ARGV("touch", file), NULL);
	close(c.hold);
	assert_int_equal(finish(&c), 125);
	assert_int_equal(access(file, F_OK), -1);
	assert_said("");
}

static void killed_while_held(void **state)
{
	struct child c;

	(void)state;
	start(&c, ARGV("touch", file), NULL);
	kill(c.pid, SIGKILL);
	assert_true(ended(&c, -1));
	child_release(&c); /* which is no reason for a SIGPIPE */
	assert_int_equal(finish(&c), 128 + SIGKILL);
	assert_int_equal(access(file, F_OK), -1);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* Waiting for it goes on after a signal. */
static void interrupted(void **state)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct itimerval timer = { { 0, 20000 }, { 0, 20000 } }, none = { 0 };
	struct child c;
	int status;

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	start(&c, ARGV("sh", "-c", "sleep 0.2; exit 3"), NULL);
	child_release(&c);
	setitimer(ITIMER_REAL, &timer, NULL);
	status = finish(&c);
	setitimer(ITIMER_REAL, &none, NULL);
	assert_int_equal(status, 3);
}

static void no_descriptors(void **state)
{
	static const char count[] = "set -- /proc/self/fd/*; exit $#";
	int lowest, next;

	(void)state;
	assert_int_equal(run_shell(count), WEXITSTATUS(system(count)));
	/* Nor does the tool keep one. */
	lowest = dup(STDERR_FILENO);
	close(lowest);
	run_shell("exit");
	next = dup(STDERR_FILENO);
	close(next);
	assert_int_equal(next, lowest);
}

static void another_user(void **state)
{
	static const char script[] = "test \"$HOME:$USER:$LOGNAME\" = \"$1:nobody:nobody\" && "
				     "test \"$(id -G)\" = \"$(id -G nobody)\" && "
				     "grep -q \"^Uid:\t$2\t$2\t$2\t$2\" /proc/self/status && "
				     "grep -q \"^Gid:\t$3\t$3\t$3\t$3\" /proc/self/status";
	const struct passwd *user = getpwnam("nobody");
	char home[256], uid[16], gid[16];
	int status;

	(void)state;
	assert_non_null(user);
	snprintf(home, sizeof(home), "%s", user->pw_dir);
	snprintf(uid, sizeof(uid), "%u", user->pw_uid);
	snprintf(gid, sizeof(gid), "%u", user->pw_gid);
	if (!geteuid()) /* groups that must not come along */
		assert_int_equal(setgroups(2, (const gid_t[]){ 0, 4 }), 0);
	status = run(ARGV("sh", "-c", script, "sh", home, uid, gid), "nobody");
	if (!geteuid()) {
		assert_int_equal(status, 0);
		return;
	}
	assert_int_equal(status, 125);
	assert_said("tool: --user nobody: Operation not permitted\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(statuses),
		TEST(arguments),
		TEST(unable),
		TEST(script_without_interpreter),
		TEST(held),
		TEST(never_released),
		TEST(killed_while_held),
		TEST(interrupted),
		TEST(no_descriptors),
		TEST(another_user),
	};
	int failed;

	if (!mkdtemp(directory))
		return 1;
	snprintf(file, sizeof(file), "%s/file", directory);
	log_init("tool", false);
	signal(SIGPIPE, SIG_IGN);
	/* execvp(3) says EACCES, not ENOENT, where it could not look into one of the directories. */
	setenv("PATH", "/usr/bin:/bin", 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(directory);
	return failed;
}
