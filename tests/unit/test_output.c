/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log.h"
#include "common/output.h"

#define BATCH (64 * 1024) /* what is written at once */
#define RECORD 100	  /* bytes of one here */

static char said[512];
static int lines;

int log_err(int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	lines++;
	return err ? err : -EINVAL;
}

static volatile sig_atomic_t stopping;
static struct output o;
static int reader; /* of a pipe */
static char path[64];

static int set_up(void **state)
{
	(void)state;
	stopping = 0;
	lines = 0;
	reader = -1;
	return output_open(&o, NULL, &stopping);
}

static int tear_down(void **state)
{
	const struct itimerval none = { 0 };

	(void)state;
	setitimer(ITIMER_REAL, &none, NULL);
	output_close(&o);
	if (o.fd > STDERR_FILENO)
		close(o.fd);
	if (reader >= 0)
		close(reader);
	if (*path)
		unlink(path);
	*path = '\0';
	return 0;
}

/* Records go into a pipe from now on; returns how many bytes it holds. */
static size_t into_pipe(int flags)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	reader = ends[0];
	o.fd = ends[1];
	assert_int_equal(fcntl(o.fd, F_SETFL, flags), 0);
	return (size_t)fcntl(o.fd, F_SETPIPE_SZ, 4096);
}

/* Record number i: that number, and the rest of a hundred bytes. */
static void put_records(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		output_format(&o, "%0*zu\n", RECORD - 1, i);
		output_end(&o);
	}
}

/* Is what can be read the first bytes of those records? Without `all` it may end early. */
static bool records_read(int fd, size_t bytes)
{
	char record[RECORD + 1] = "", wanted[RECORD + 1];
	size_t have = 0, done = 0;
	ssize_t n;

	while ((n = read(fd, record + have, RECORD - have)) > 0) {
		snprintf(wanted, sizeof(wanted), "%0*zu\n", RECORD - 1, done / RECORD);
		if (memcmp(record + have, wanted + have, (size_t)n))
			return false;
		have = (have + (size_t)n) % RECORD;
		done += (size_t)n;
	}
	return done == bytes;
}

/* A process that reads to the end and checks it. */
static pid_t start_reader(size_t bytes)
{
	pid_t pid = fork();

	if (!pid) {
		close(o.fd);
		_exit(!records_read(reader, bytes));
	}
	assert_true(pid > 0);
	return pid;
}

static void assert_reader_content(pid_t pid)
{
	int status;

	close(o.fd);
	o.fd = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void assert_buffer(const char *wanted)
{
	assert_int_equal(o.used, strlen(wanted));
	assert_memory_equal(o.buf, wanted, o.used);
	o.used = 0;
}

/* --- what is put into it --- */

static void nothing(void **state)
{
	size_t columns = 7;
	bool exact;

	(void)state;
	/* Before there is any memory. */
	output_put(&o, "");
	output_pad(&o, 0);
	output_text(&o, "", 0, &columns);
	assert_int_equal(columns, 0);
	output_json_string(&o, "", 0, &exact);
	assert_true(exact);
	assert_int_equal(o.used, 0);
	output_shell(&o, "", 0, false);
	assert_buffer("''");
	output_hex(&o, "", 0);
	assert_buffer("\"\"");
	assert_int_equal(output_flush(&o), 0);
	output_json_text(&o, "k", "", 0);
	assert_buffer("\"k\":\"\"");
}

static void numbers(void **state)
{
	static const int64_t some[] = { 0, 1, 9, 10, -1, -10, UINT32_MAX, INT64_MAX, INT64_MIN };
	char wanted[32];

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		snprintf(wanted, sizeof(wanted), "%lld", (long long)some[i]);
		output_number(&o, some[i]);
		assert_buffer(wanted);
	}
}

static void untrusted(void **state)
{
	size_t columns;

	(void)state;
	o.utf8 = true;
	output_text(&o, "a\n\x1b\xc3\xbc", 5, &columns);
	assert_int_equal(columns, 8);
	assert_buffer("a\\n\\033\xc3\xbc");
	o.utf8 = false;
	output_text(&o, "\xc3\xbc", 2, &columns);
	assert_int_equal(columns, 8);
	assert_buffer("\\303\\274");
	output_json_text(&o, "path", "a\"\n\xc3\xbc", 5);
	assert_buffer("\"path\":\"a\\\"\\n\xc3\xbc\"");
	output_json_text(&o, "path", "\xff/\0", 3);
	assert_buffer("\"path\":\"\xef\xbf\xbd/\\u0000\",\"path_hex\":\"ff2f00\"");
}

static void shell_words(void **state)
{
	(void)state;
	o.utf8 = true;
	output_shell(&o, "plain", 5, false);
	output_put(&o, " ");
	output_shell(&o, "plain", 5, true);
	output_put(&o, " ");
	output_shell(&o, "h\xc3\xbc x", 5, false);
	output_put(&o, " ");
	output_shell(&o, "it's\n", 5, false);
	assert_buffer("plain 'plain' 'h\xc3\xbc x' $'it\\'s\\n'");
	o.utf8 = false;
	output_shell(&o, "h\xc3\xbc", 3, false);
	assert_buffer("$'h\\303\\274'");
}

static void hex(void **state)
{
	(void)state;
	output_put(&o, "x:");
	output_hex(&o, "\x00\x7f\x80\xff\"", 5);
	assert_buffer("x:\"007f80ff22\"");
}

/* Where the memory there is ends just behind what is to be written, or in the middle of it. */
static void at_the_edge(void **state)
{
	size_t room;

	(void)state;
	for (size_t left = 0; left < 16; left++) {
		output_put(&o, "");
		room = o.size - left;
		output_pad(&o, room);
		output_shell(&o, "'\x1b", 2, true);
		output_hex(&o, "\x01\x02", 2);
		assert_memory_equal(o.buf + room, "$'\\'\\033'\"0102\"", 15);
		assert_int_equal(o.used, room + 15);
		output_close(&o);
		o.used = o.size = 0;
	}
}

static void growth(void **state)
{
	size_t len = 3 * BATCH, columns;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 0x1b, len);
	output_put(&o, "before");
	output_text(&o, text, len, &columns);
	assert_int_equal(columns, 4 * len);
	output_pad(&o, len);
	output_put(&o, "behind");
	assert_int_equal(o.used, 5 * len + 12);
	assert_memory_equal(o.buf, "before\\033\\033", 14);
	assert_memory_equal(o.buf + o.used - 10, "    behind", 10);
	o.used = 0;
	output_shell(&o, text, len, false);
	assert_int_equal(o.used, 4 * len + 3);
	assert_memory_equal(o.buf + o.used - 9, "\\033\\033'", 9);
	o.used = 0;
	output_hex(&o, text, len);
	assert_int_equal(o.used, 2 * len + 2);
	assert_memory_equal(o.buf + o.used - 5, "1b1b\"", 5);
	o.used = 0;
	free(text);
}

/* --- files --- */

static void files(void **state)
{
	char text[16];
	int fd;

	(void)state;
	assert_int_equal(o.fd, STDOUT_FILENO);
	strcpy(path, "/tmp/test_output.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "what was there", 14), 14);
	assert_int_equal(output_open(&o, path, &stopping), 0);
	assert_true(fcntl(o.fd, F_GETFD) & FD_CLOEXEC);
	output_put(&o, "heading\n");
	assert_int_equal(output_flush(&o), 0);
	assert_int_equal(o.used, 0);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 8);
	assert_memory_equal(text, "heading\n", 8);
	close(fd);
	assert_int_equal(lines, 0);
}

static void no_file(void **state)
{
	struct output none;

	(void)state;
	assert_int_equal(output_open(&none, "/nowhere/at/all", &stopping), -ENOENT);
	assert_string_equal(said, "/nowhere/at/all");
	assert_int_equal(output_open(&none, "/", &stopping), -EISDIR);
	assert_int_equal(lines, 2);
}

static void batches(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	o.fd = fileno(file);
	put_records(BATCH / RECORD);
	assert_int_equal(o.used, BATCH / RECORD * RECORD); /* less than is worth a write */
	assert_int_equal(lseek(o.fd, 0, SEEK_CUR), 0);
	assert_int_equal(output_flush(&o), 0);
	o.records = 0;
	put_records(5000);
	assert_in_range(o.used, 0, BATCH - 1); /* written by itself */
	assert_int_equal(output_flush(&o), 0);
	assert_int_equal(lseek(o.fd, 0, SEEK_CUR), BATCH / RECORD * RECORD + 5000 * RECORD);
	assert_int_equal(o.lost, 0);
	lseek(o.fd, BATCH / RECORD * RECORD, SEEK_SET);
	assert_true(records_read(o.fd, 5000 * RECORD));
	fclose(file);
	o.fd = -1;
}

/* --- readers --- */

static void readers(void **state)
{
	static const struct {
		int flags;
		bool stopping;
	} cases[] = { { 0, false }, { O_NONBLOCK, false }, { 0, true }, { O_NONBLOCK, true } };
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		into_pipe(cases[i].flags);
		stopping = cases[i].stopping;
		pid = start_reader(5000 * RECORD);
		put_records(5000);
		assert_int_equal(output_flush(&o), 0);
		assert_int_equal(o.lost, 0);
		assert_reader_content(pid);
		close(reader);
		reader = -1;
	}
	assert_int_equal(lines, 0);
}

static void gone(void **state)
{
	(void)state;
	into_pipe(0);
	put_records(3);
	close(reader);
	reader = -1;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(output_flush(&o), -EPIPE);
		assert_true(o.closed);
		assert_int_equal(o.error, 0);
		assert_int_equal(o.lost, 0);
		assert_int_equal(o.used, 0);
		put_records(2000); /* more than a batch */
	}
	assert_int_equal(lines, 0); /* a closed pipe is no failure */
}

static void gone_while_stopping(void **state)
{
	(void)state;
	into_pipe(0);
	stopping = 1;
	put_records(3);
	close(reader);
	reader = -1;
	assert_int_equal(output_flush(&o), -EPIPE);
	assert_int_equal(o.lost, 0);
}

static void full_disk(void **state)
{
	(void)state;
	o.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(o.fd >= 0);
	/* Of which most are noticed by the way. */
	put_records(5000);
	assert_int_equal(output_flush(&o), -ENOSPC);
	assert_int_equal(o.lost, 5000);
	put_records(1);
	assert_int_equal(output_flush(&o), -ENOSPC);
	assert_int_equal(o.lost, 5001);
	assert_int_equal(lines, 1);
	assert_false(o.closed);
	/* What is no record does not count as one. */
	output_put(&o, "{\"type\":\"summary\"}\n");
	assert_int_equal(output_flush(&o), -ENOSPC);
	assert_int_equal(o.lost, 5001);
}

static void bad_descriptor(void **state)
{
	(void)state;
	o.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* Short ones, many to a batch. */
	for (int i = 0; i < 10000; i++) {
		output_put(&o, "\n");
		output_end(&o);
	}
	assert_int_equal(output_flush(&o), -EBADF);
	assert_int_equal(o.lost, 10000);
	assert_int_equal(lines, 1);
}

/* Nobody reads, and the command is to end. What fits is there, and the rest is counted. */
static void stalled(void **state)
{
	char spaces[RECORD];
	size_t room, heading;
	int64_t start;

	(void)state;
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		set_up(NULL);
		room = into_pipe(flags);
		stopping = 1;
		start = milliseconds();
		/* The second time a record ends where the pipe does. */
		heading = flags ? room % RECORD : 0;
		output_pad(&o, heading);
		put_records(2 * room / RECORD);
		assert_int_equal(output_flush(&o), -ETIMEDOUT);
		assert_in_range(milliseconds() - start, 900, 2500);
		/* One that is there in part is lost. */
		assert_int_equal(o.lost, 2 * room / RECORD - room / RECORD);
		/* It is not waited for again. */
		start = milliseconds();
		put_records(1);
		assert_int_equal(output_flush(&o), -ETIMEDOUT);
		assert_in_range(milliseconds() - start, 0, 500);
		assert_int_equal(o.lost, 2 * room / RECORD - room / RECORD + 1);
		close(o.fd);
		o.fd = -1;
		assert_int_equal(read(reader, spaces, heading), heading);
		assert_true(records_read(reader, room - heading));
		output_close(&o);
		close(reader);
		reader = -1;
	}
}

static int ticks, ticks_to_stop;

static void tick(int signal)
{
	(void)signal;
	if (++ticks == ticks_to_stop)
		stopping = 1;
	/* Long enough: let it end, in another way. */
	if (ticks == 50) {
		close(reader);
		reader = -1;
	}
}

static void start_ticking(int to_stop)
{
	const struct itimerval timer = { { 0, 100000 }, { 0, 100000 } };
	const struct sigaction action = { .sa_handler = tick };

	ticks = 0;
	ticks_to_stop = to_stop;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Signals that come again and again, as a command that is to end sends itself, do not prolong that. */
static void stalled_and_interrupted(void **state)
{
	(void)state;
	into_pipe(0);
	stopping = 1;
	start_ticking(0);
	put_records(1000);
	assert_int_equal(output_flush(&o), -ETIMEDOUT);
	assert_in_range(ticks, 5, 40);
}

/* The end is wanted while a write waits: in write(2), and in poll(2). */
static void stopped_while_waiting(void **state)
{
	size_t room;

	(void)state;
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		set_up(NULL);
		room = into_pipe(flags);
		start_ticking(2);
		put_records(2 * room / RECORD);
		assert_int_equal(output_flush(&o), -ETIMEDOUT);
		assert_int_equal(o.lost, 2 * room / RECORD - room / RECORD);
		tear_down(NULL);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(numbers),
		TEST(untrusted),
		TEST(shell_words),
		TEST(hex),
		TEST(at_the_edge),
		TEST(growth),
		TEST(files),
		TEST(no_file),
		TEST(batches),
		TEST(readers),
		TEST(gone),
		TEST(gone_while_stopping),
		TEST(full_disk),
		TEST(bad_descriptor),
		TEST(stalled),
		TEST(stalled_and_interrupted),
		TEST(stopped_while_waiting),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
