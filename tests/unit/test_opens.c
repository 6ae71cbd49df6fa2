/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/context.h"
#include "common/escape.h"
#include "common/opens.h"
#include "common/tool.h"
#include "common/users.h"

/* In place of the machine's users. */
static unsigned int next_user;

void setpwent(void)
{
	next_user = 0;
}

struct passwd *getpwent(void)
{
	static struct passwd users[] = {
		{ .pw_uid = 1000, .pw_name = (char *)"ann" },
		{ .pw_uid = 0, .pw_name = (char *)"root" },
		{ .pw_uid = 0, .pw_name = (char *)"toor" },
		{ .pw_uid = 0, .pw_name = (char *)"admin" },
		{ .pw_uid = UINT32_MAX - 1, .pw_name = (char *)"\x1b[2J" },
	};

	return next_user < sizeof(users) / sizeof(*users) ? &users[next_user++] : NULL;
}

void endpwent(void)
{
}

static struct output o;
static uint32_t want; /* stacks */

/* In place of the command's: what it prints for a record. */
static unsigned int shown;

void tool_show(const void *record)
{
	shown++;
	output_put(&o, o.json ? "{" : "");
	table_print(&opens_table, &o, record);
	context_print_stacks(&o, record, want);
	output_put(&o, o.json ? "}\n" : "\n");
}

/* --- records, as the kernel half makes them --- */

static char bytes[32768] __attribute__((aligned(8)));
static struct open_event *const e = (void *)bytes;
static size_t used;

/* sizeof() of a literal counts the NUL of its last name. */
#define NAMES(literal) literal, sizeof(literal)

static void append(const void *some, size_t len)
{
	assert_in_range(used + len, 0, sizeof(bytes));
	memcpy(bytes + used, some, len);
	used += len;
}

static void append_aligned(const void *some, size_t len)
{
	used = (used + 7) & ~(size_t)7;
	append(some, len);
}

static void begin(enum open_call call, const char *asked, int ret)
{
	memset(bytes, 0, sizeof(bytes));
	e->head = (struct event){ .time = 1, .pid = 42, .tid = 43, .uid = 1000, .comm = "cat" };
	e->call = call;
	e->ret = ret;
	e->asked = (uint32_t)strlen(asked);
	used = sizeof(*e);
	append(asked, e->asked);
}

static void add_full(const char *names, size_t len, uint32_t state)
{
	e->full = (struct path_info){ .ino = 7, .len = (uint32_t)len, .state = state };
	append(names, len);
}

static struct event_context *add_context(uint32_t ppid)
{
	const struct event_context c = { .ppid = ppid, .mntns = 4026531841, .pidns = 4026531836 };

	append_aligned(&c, sizeof(c));
	e->head.context = (uint32_t)(used - sizeof(c));
	return (void *)(bytes + e->head.context);
}

/* Hands over a copy without a byte to spare; returns how many events that were. */
static unsigned int handle(void)
{
	void *copy = malloc(used);

	assert_non_null(copy);
	memcpy(copy, bytes, used);
	shown = 0;
	opens_handle(copy, used);
	free(copy);
	return shown;
}

/* The same for what was left. */
static unsigned int finish(void)
{
	shown = 0;
	opens_finish();
	return shown;
}

static void begin_asked(uint64_t request, const char *asked)
{
	begin(OPEN_IO_OPENAT, asked, 0);
	e->stage = OPEN_ASKED;
	e->request = request;
}

static void begin_ended(uint64_t request, int ret)
{
	begin(OPEN_IO_OPENAT, "", ret);
	e->stage = OPEN_ENDED;
	e->request = request;
	e->head.time = 2000001;
	e->head.pid = 99; /* whose task it was that completed it */
}

/* --- what is printed of them --- */

static struct open_options options;

static int set_up(void **state)
{
	(void)state;
	o = (struct output){ .utf8 = true };
	options = (struct open_options){ 0 };
	opens = (struct opens){ .options = &options };
	want = 0;
	return 0;
}

static int tear_down(void **state)
{
	unsigned int left = finish(); /* a test leaves none */

	(void)state;
	output_close(&o);
	return (int)left;
}

static void assert_printed(const char *wanted)
{
	*output_room(&o, 1) = '\0';
	assert_string_equal(o.buf, wanted);
	o.used = 0;
}

static void choose(const char *spec)
{
	assert_int_equal(table_choose(&opens_table, spec), 0);
}

static void assert_row(const char *wanted)
{
	o.json = false;
	assert_int_equal(handle(), 1);
	assert_printed(wanted);
}

static void assert_json(const char *wanted)
{
	o.json = true;
	assert_int_equal(handle(), 1);
	assert_printed(wanted);
}

/* --- system calls --- */

static void usual(void **state)
{
	(void)state;
	choose("PID,COMM,FD,ERR,PATH");
	table_heading(&opens_table, &o);
	assert_printed("    PID COMM               FD ERR PATH\n");
	begin(OPEN_OPENAT, "/etc/hosts", 3);
	assert_row("     42 cat                 3   0 /etc/hosts\n");
	assert_json("{\"pid\":42,\"comm\":\"cat\",\"fd\":3,\"err\":0,\"path\":\"/etc/hosts\"}\n");
	begin(OPEN_OPEN, "", -ENOENT);
	assert_row("     42 cat                -1   2 \n");
	assert_json("{\"pid\":42,\"comm\":\"cat\",\"fd\":-1,\"err\":2,\"path\":\"\"}\n");
	begin(OPEN_OPEN, "/", 0);
	e->head.pid = UINT32_MAX;
	memset(e->head.comm, 'x', sizeof(e->head.comm));
	assert_row("4294967295 xxxxxxxxxxxxxxxx    0   0 /\n");
}

static void calls(void **state)
{
	static const char *const names[] = {
		"open",
		"creat",
		"openat",
		"openat2",
		"open_by_handle_at",
		"io_uring:openat",
		"io_uring:openat2",
	};
	char wanted[64];

	(void)state;
	choose("CALL");
	for (int i = OPEN_OPEN; i <= OPEN_IO_OPENAT2; i++) {
		begin(i, "x", 3);
		snprintf(wanted, sizeof(wanted), "%s%s\n", names[i],
			 i == OPEN_HANDLE      ? "\t(handle)"
			 : i >= OPEN_IO_OPENAT ? "\t(io_uring)"
					       : "");
		assert_row(wanted);
	}
}

static void details(void **state)
{
	(void)state;
	choose("TID,UID,ERRNAME,FLAGS,MODE,PATH");
	begin(OPEN_OPENAT, "x", -EACCES);
	e->flags = O_WRONLY | O_CREAT | O_CLOEXEC;
	e->mode = 0640;
	assert_row("     43  1000 EACCES       O_WRONLY|O_CREAT|O_CLOEXEC  0640 x\n");
	assert_json("{\"tid\":43,\"uid\":1000,\"errname\":\"EACCES\","
		    "\"flags\":\"O_WRONLY|O_CREAT|O_CLOEXEC\",\"mode\":\"0640\",\"path\":\"x\"}\n");
	/* A mode nobody looks at. */
	begin(OPEN_OPENAT, "x", 3);
	e->mode = 0640;
	assert_row("     43  1000 -            O_RDONLY                 - x\n");
	assert_json(
		"{\"tid\":43,\"uid\":1000,\"errname\":null,\"flags\":\"O_RDONLY\",\"mode\":null,"
		"\"path\":\"x\"}\n");
	choose("ERR,ERRNAME,FLAGS,MODE");
	begin(OPEN_OPENAT2, "x", -512);
	e->flags = 1ULL << 40 | O_CREAT;
	e->mode = 0104755;
	assert_row("512 ERESTARTSYS  O_RDONLY|O_CREAT|0x10000000000 104755\n");
	begin(OPEN_OPENAT2, "x", -639);
	e->flags = O_TMPFILE | O_RDWR;
	assert_row("639 -            O_RDWR|O_TMPFILE      0000\t(tmpfile)\n");
	begin(OPEN_OPENAT2, "x", 3);
	e->flags = O_DIRECTORY;
	assert_row("  0 -            O_RDONLY|O_DIRECTORY     -\n");
}

static void users(void **state)
{
	(void)state;
	choose("USER,PID");
	begin(OPEN_OPEN, "x", 3);
	assert_row("ann           42\n");
	e->head.uid = 0; /* the first of them, as getpwuid(3) says */
	assert_row("root          42\n");
	e->head.uid = 12345;
	assert_row("12345         42\n");
	e->head.uid = UINT32_MAX;
	assert_row("4294967295      42\n");
	e->head.uid = UINT32_MAX - 1;
	assert_row("\\033[2J       42\n");
	assert_json("{\"user\":\"\\u001b[2J\",\"pid\":42}\n");
}

static void unreadable(void **state)
{
	(void)state;
	choose("FD,PATH,FULLPATH");
	begin(OPEN_OPEN, "", -EFAULT);
	e->notes = OPEN_UNREADABLE;
	add_full(NAMES("tmp"), PATH_WHOLE);
	assert_row("  -1 ? ?\t(unreadable)\n");
	assert_json("{\"fd\":-1,\"path\":null,\"fullpath\":null,\"note\":\"(unreadable)\"}\n");
	/* Opened all the same: another thread has unmapped it by now. */
	begin(OPEN_OPEN, "", 3);
	e->notes = OPEN_UNREADABLE;
	add_full(NAMES("hosts\0etc"), PATH_WHOLE);
	assert_row("   3 ? /etc/hosts\t(unreadable)\n");
}

static void handles(void **state)
{
	(void)state;
	choose("PATH,ERR");
	begin(OPEN_HANDLE, "", -ESTALE);
	assert_row("? 116\t(handle)\n");
	assert_json("{\"path\":null,\"err\":116,\"note\":\"(handle)\"}\n");
	begin(OPEN_HANDLE, "", 3);
	add_full(NAMES("hosts\0etc"), PATH_WHOLE);
	assert_row("/etc/hosts   0\t(handle)\n");
	begin(OPEN_HANDLE, "", 3); /* and closed by another thread */
	assert_row("?   0\t(handle)\n");
}

static void assert_full(const char *asked, int ret, const char *names, size_t len, uint32_t walk,
			const char *wanted)
{
	begin(OPEN_OPENAT, asked, ret);
	add_full(names, len, walk);
	assert_row(wanted);
}

static void full_paths(void **state)
{
	(void)state;
	choose("PATH");
	opens.full_path = true;
	assert_full("hosts", 3, NAMES("hosts\0etc"), PATH_WHOLE, "/etc/hosts\n");
	assert_full("link", 3, NAMES("old\0tmp"), PATH_WHOLE | PATH_DELETED,
		    "/tmp/old\t(deleted)\n");
	assert_full(".", 3, "", 0, PATH_WHOLE, "/\n");
	assert_full("x", 3, NAMES("leaf\0dir"), 0, ".../dir/leaf\t(cut)\n");
	assert_full("x", 3, "", 0, 0, "?\n"); /* closed by another thread */
	/* Failed: joined to the directory, or to the process's root. */
	assert_full("x", -ENOENT, NAMES("tmp"), PATH_WHOLE, "/tmp/x\n");
	assert_full("../x", -ENOENT, NAMES("tmp"), PATH_WHOLE, "/tmp/../x\n");
	assert_full("x", -ENOENT, "", 0, PATH_WHOLE, "/x\n");
	assert_full("/x", -ENOENT, "", 0, PATH_WHOLE, "/x\n");
	assert_full("/x", -ENOENT, NAMES("jail"), PATH_WHOLE, "/jail/x\n");
	assert_full("", -ENOENT, NAMES("tmp"), PATH_WHOLE, "/tmp\n");
	assert_full("", -ENOENT, "", 0, PATH_WHOLE, "/\n");
	assert_full("x", -ENOENT, NAMES("gone"), PATH_WHOLE | PATH_DELETED, "/gone/x\n");
	assert_full("x", -ENOENT, NAMES("leaf\0dir"), 0, ".../dir/leaf/x\t(cut)\n");
	assert_full("x", -EBADF, "", 0, 0, "?/x\n");
}

static void notes(void **state)
{
	(void)state;
	choose("FD");
	begin(OPEN_OPENAT, "x", 3);
	e->notes = OPEN_CUT | OPEN_COMPAT;
	e->flags = O_TMPFILE;
	add_full(NAMES("#1\0tmp"), PATH_WHOLE | PATH_DELETED); /* of course: it never had a name */
	assert_row("   3\t(32-bit) (tmpfile) (cut)\n");
	begin(OPEN_OPENAT, "/proc/self/fd/4", 3);
	add_full(NAMES("memfd:x\0tmpfs"), PATH_WHOLE | PATH_NOWHERE);
	assert_row("   3\t(anonymous)\n");
	/* What is said of a directory is not said of what was not opened there. */
	begin(OPEN_OPENAT, "x", -ENOENT);
	add_full(NAMES("gone"), PATH_WHOLE | PATH_DELETED);
	assert_row("  -1\n");
	begin(OPEN_OPENAT, "x", -ENOTDIR);
	add_full(NAMES("\0pipefs"), PATH_WHOLE | PATH_NOWHERE);
	assert_row("  -1\n");
}

static void hostile(void **state)
{
	static const char name[] = "\n\x1b[2J\t(deleted)\xff\"\\\xe2\x80\xae";

	(void)state;
	choose("COMM,PATH");
	begin(OPEN_OPEN, name, 3);
	strcpy(e->head.comm, "\x9b\n");
	assert_row("\\233\\n           \\n\\033[2J\\t(deleted)\\377\"\\\\\\342\\200\\256\n");
	assert_json("{\"comm\":\"\xef\xbf\xbd\\n\",\"comm_hex\":\"9b0a\","
		    "\"path\":\"\\n\\u001b[2J\\t(deleted)\xef\xbf\xbd\\\"\\\\\\u202e\","
		    "\"path_hex\":\"0a1b5b324a092864656c6574656429ff225ce280ae\"}\n");
}

static void longest(void **state)
{
	static char asked[PATH_MAX + 1], names[16 * (NAME_MAX + 1)], wanted[3 * PATH_MAX];

	(void)state;
	memset(asked, 'x', PATH_MAX);
	memset(names, 'y', sizeof(names));
	for (size_t i = 1; i <= 16; i++)
		names[i * (NAME_MAX + 1) - 1] = '\0';
	choose("PATH");
	begin(OPEN_OPEN, asked, -ENAMETOOLONG);
	e->notes = OPEN_CUT;
	add_full(names, sizeof(names), PATH_WHOLE);
	sprintf(wanted, "%s\t(cut)\n", asked);
	assert_row(wanted);
	opens.full_path = true;
	for (size_t i = 0; i < 16; i++)
		sprintf(wanted + i * (NAME_MAX + 1), "/%s", names);
	sprintf(wanted + sizeof(names), "/%s\t(cut)\n", asked);
	assert_row(wanted);
}

/* --- contexts --- */

static void contexts(void **state)
{
	struct event_context *c;

	(void)state;
	choose("PPID,CGROUP,MNTNS,PIDNS,EXE,CWD,PATH");
	begin(OPEN_OPEN, "x", 3);
	add_full(NAMES("y"), PATH_WHOLE);
	c = add_context(41);
	c->exe = (struct path_info){ .len = 8, .state = PATH_WHOLE };
	append(NAMES("cat\0bin"));
	c->cwd = (struct path_info){ .state = PATH_WHOLE };
	c->cgroup = (struct path_info){ .len = 12, .state = PATH_WHOLE };
	append(NAMES("a.b\0c.slice"));
	assert_row("     41 /c.slice/a.b         4026531841 4026531836 /bin/cat             "
		   "/                    x\n");
	assert_json("{\"ppid\":41,\"cgroup\":\"/c.slice/a.b\",\"mntns\":4026531841,"
		    "\"pidns\":4026531836,\"exe\":\"/bin/cat\",\"cwd\":\"/\",\"path\":\"x\"}\n");
	/* A thread of the kernel's: no program, and at the root of everything. */
	begin(OPEN_OPEN, "xyz", 3);
	c = add_context(0);
	c->cwd = (struct path_info){ .len = 4, .state = PATH_WHOLE };
	append(NAMES("tmp"));
	c->cgroup.state = PATH_WHOLE;
	assert_json("{\"ppid\":0,\"cgroup\":\"/\",\"mntns\":4026531841,\"pidns\":4026531836,"
		    "\"exe\":null,\"cwd\":\"/tmp\",\"path\":\"xyz\"}\n");
}

/* What is behind a user stack; the frames of that one are another test's. */
static void stacks(void **state)
{
	static const uint64_t kernel[] = { 0xffffffff81000001, 0x10 };
	struct event_context *c;

	(void)state;
	choose("PID,PATH");
	want = WANT_KERNEL_STACK;
	begin(OPEN_OPEN, "x", 3);
	e->notes = OPEN_COMPAT;
	c = add_context(1);
	c->cgroup = (struct path_info){ .len = 3, .state = PATH_WHOLE };
	append(NAMES("ab"));
	c->user_stack = 9;
	append_aligned("123456789", 9);
	c->kernel_stack = sizeof(kernel);
	append_aligned(kernel, sizeof(kernel));
	assert_row("     42 x\t(32-bit)\n"
		   "    0xffffffff81000001\n"
		   "    0x10\n");
	assert_json("{\"pid\":42,\"path\":\"x\",\"note\":\"(32-bit)\","
		    "\"kernel_stack\":[\"0xffffffff81000001\",\"0x10\"]}\n");
	/* None, for whatever reason. */
	want |= WANT_USER_STACK;
	begin(OPEN_OPEN, "x", 3);
	add_context(1);
	assert_row("     42 x\n");
	assert_json("{\"pid\":42,\"path\":\"x\",\"stack\":[],\"kernel_stack\":[]}\n");
	/* As the only thing that there is to say. */
	choose("NOTE");
	assert_json("{\"stack\":[],\"kernel_stack\":[]}\n");
}

/* --- io_uring --- */

static void requests(void **state)
{
	struct event_context *c;

	(void)state;
	choose("TIME,PID,PPID,FD,ERR,FLAGS,EXE,FULLPATH,PATH");
	begin_asked(1, "odd");
	e->flags = O_RDWR;
	add_full(NAMES("tmp"), PATH_WHOLE);
	c = add_context(41);
	c->exe = (struct path_info){ .len = 8, .state = PATH_WHOLE };
	append(NAMES("cat\0bin"));
	assert_int_equal(handle(), 0);
	assert_printed("");
	begin_ended(1, 3);
	add_full(NAMES("longer than before\0somewhere else\0x"), PATH_WHOLE);
	assert_row(
		"00:00:00.002000      42      41    3   0 O_RDWR               /bin/cat             "
		"/x/somewhere else/longer than before     odd\t(io_uring)\n");
	assert_int_equal(finish(), 0);

	/* One that fails keeps the directory; several at a time; a request without anything. */
	begin_asked(0x100, "");
	handle();
	begin_asked(0x200, "miss");
	add_full(NAMES("tmp"), PATH_WHOLE);
	handle();
	choose("FD,ERR,FULLPATH");
	begin_ended(0x200, -ENOENT);
	assert_row("  -1   2 /tmp/miss\t(io_uring)\n");
	choose("PATH");
	begin_ended(0x100, -ENOENT);
	assert_row("\t(io_uring)\n");
}

/* Every length, so that what moves is aligned anew each time. */
static void request_lengths(void **state)
{
	static const uint64_t kernel[] = { 0x11, 0x22 };
	static char text[PATH_MAX + 1], names[PATH_MAX], wanted[3 * PATH_MAX];
	struct event_context *c;

	(void)state;
	choose("PPID,CWD,FULLPATH,PATH");
	want = WANT_KERNEL_STACK;
	memset(names, 'y', sizeof(names));
	for (size_t asked = 0; asked <= PATH_MAX; asked += asked == 17 ? PATH_MAX - 17 : 1) {
		for (size_t full = 2; full <= PATH_MAX; full += full == 17 ? PATH_MAX - 17 : 1) {
			memset(text, 'x', asked);
			text[asked] = '\0';
			begin_asked(1, text);
			add_full(NAMES("base"), PATH_WHOLE);
			c = add_context(41);
			c->cwd = (struct path_info){ .len = 4, .state = PATH_WHOLE };
			append(NAMES("cwd"));
			append_aligned(kernel, sizeof(kernel));
			c->kernel_stack = sizeof(kernel);
			assert_int_equal(handle(), 0);
			begin_ended(1, 3);
			names[full - 1] = '\0';
			add_full(names, full, PATH_WHOLE);
			sprintf(wanted, "     41 %-20s /%-39s %s\t(io_uring)\n    0x11\n    0x22\n",
				"/cwd", names, text);
			names[full - 1] = 'y';
			assert_row(wanted);
		}
	}
}

/* The table of the ring is not that of the process, whose descriptor of that number is another file. */
static void direct(void **state)
{
	(void)state;
	choose("FD,FULLPATH");
	begin_asked(1, "x");
	e->notes = OPEN_DIRECT;
	add_full(NAMES("tmp"), PATH_WHOLE);
	handle();
	begin_ended(1, 0);
	add_full(NAMES("null\0dev"), PATH_WHOLE);
	assert_row("   0 /tmp/x\t(io_uring) (direct)\n");
}

/* Opened, and what it was could not be seen: not the directory that it was asked in. */
static void lost_sight_of(void **state)
{
	(void)state;
	choose("FD,FULLPATH");
	begin_asked(1, "x");
	add_full(NAMES("tmp"), PATH_WHOLE);
	handle();
	begin_ended(1, 3);
	assert_row("   3 ?\t(io_uring)\n");
}

/* Ended, and nobody knows what was asked. */
static void asked_before(void **state)
{
	(void)state;
	choose("FD,ERR,PPID,FLAGS,PATH");
	begin_ended(1, 3);
	assert_int_equal(handle(), 0); /* of somebody the filters do not want */
	e->notes = OPEN_WANTED;
	assert_row("   3   0       ? ?                    ?\t(io_uring)\n");
	assert_json("{\"fd\":3,\"err\":0,\"ppid\":null,\"flags\":null,\"path\":null,"
		    "\"note\":\"(io_uring)\"}\n");
	choose("ERR,FULLPATH");
	begin_ended(1, 3);
	e->notes = OPEN_WANTED;
	add_full(NAMES("hosts\0etc"), PATH_WHOLE);
	assert_row("  0 /etc/hosts\t(io_uring)\n");
	begin_ended(1, -ENOENT);
	e->notes = OPEN_WANTED;
	add_full(NAMES("null\0dev"), PATH_WHOLE); /* of whatever is descriptor 0 */
	assert_row("  2 ?\t(io_uring)\n");
}

/* The memory of a request that never said how it ended is used again for another one. */
static void used_again(void **state)
{
	(void)state;
	choose("FD,ERR,PATH");
	begin_asked(1, "first");
	e->tag = 7;
	assert_int_equal(handle(), 0);
	begin_ended(1, -ENOENT);
	e->tag = 8;
	assert_row("   ?   ? first\t(io_uring) (unfinished)\n");
}

static void unfinished(void **state)
{
	(void)state;
	choose("FD,ERR,ERRNAME,FULLPATH,PATH");
	begin_asked(1, "x");
	add_full(NAMES("tmp"), PATH_WHOLE);
	assert_int_equal(handle(), 0);
	begin_asked(2, "y");
	assert_int_equal(handle(), 0);
	/* The first one's memory is used again, so that one has ended. */
	begin_asked(1, "z");
	add_full(NAMES("dev"), PATH_WHOLE);
	assert_row("   ?   ? -            /tmp/x                                   x"
		   "\t(io_uring) (unfinished)\n");
	begin_ended(1, 3);
	add_full(NAMES("z\0dev"), PATH_WHOLE);
	assert_row(
		"   3   0 -            /dev/z                                   z\t(io_uring)\n");
	o.json = true;
	assert_int_equal(finish(), 1);
	assert_printed(
		"{\"fd\":null,\"err\":null,\"errname\":null,\"fullpath\":\"?/y\",\"path\":\"y\","
		"\"note\":\"(io_uring) (unfinished)\"}\n");
	assert_int_equal(finish(), 0);
}

static void results(void **state)
{
	static const int rets[] = { 0, 3, -ENOENT, -EACCES, -639, -640 };
	static const char *const wanted[] = {
		"0 3 -2 -13 -639 -640 unfinished",
		"-2 -13 -639 -640",
		"-2 -639",
		"-2 -639",
	};
	char seen[128], *end;

	(void)state;
	choose("PID");
	options.errnos[ENOENT] = options.errnos[639] = 1;
	for (int filter = 0; filter < 4; filter++) {
		options.failed = filter & 1;
		options.by_errno = filter >> 1;
		end = seen;
		for (size_t i = 0; i < sizeof(rets) / sizeof(*rets); i++) {
			begin_asked(i, "x");
			assert_int_equal(handle(), 0);
			begin_ended(i, rets[i]);
			if (handle())
				end += sprintf(end, "%s%d", end > seen ? " " : "", rets[i]);
		}
		begin_asked(7, "x");
		handle();
		if (finish())
			end += sprintf(end, " unfinished");
		assert_string_equal(seen, wanted[filter]);
	}
}

/* --- patterns that are matched here --- */

static void patterns(void **state)
{
	static struct patterns p;

	(void)state;
	choose("PATH");
	assert_int_equal(patterns_add(&p, "-P", "/etc/*"), 0);
	opens.patterns = &p;
	begin(OPEN_OPEN, "/etc/hosts", 3);
	assert_row("/etc/hosts\n");
	begin(OPEN_OPEN, "hosts", 3);
	assert_int_equal(handle(), 0);
	opens.full_path = true;
	add_full(NAMES("hosts\0etc"), PATH_WHOLE);
	assert_row("/etc/hosts\n");
	begin(OPEN_OPEN, "/etc/hosts", 3);
	add_full(NAMES("real\0tmp"), PATH_WHOLE);
	assert_int_equal(handle(), 0);
	/* What is not known does not match, not even a star. */
	p.count = 0;
	assert_int_equal(patterns_add(&p, "-P", "*?*"), 0);
	begin(OPEN_OPEN, "what?", -ENOENT);
	add_full("", 0, PATH_WHOLE);
	assert_row("/what?\n");
	begin(OPEN_OPEN, "x", -EFAULT);
	e->notes = OPEN_UNREADABLE;
	assert_int_equal(handle(), 0);
	/* io_uring: by what it came to. */
	begin_asked(1, "x");
	handle();
	begin_ended(1, 3);
	add_full(NAMES("what?"), PATH_WHOLE);
	assert_row("/what?\t(io_uring)\n");
}

/* --- the table --- */

static void aligned(void **state)
{
	char spec[32], *line;

	(void)state;
	begin(OPEN_CREAT, "@", 3);
	e->flags = O_CREAT;
	for (const struct column *c = opens_table.columns; c->name; c++) {
		if (c->note || !c->width)
			continue;
		snprintf(spec, sizeof(spec), "%s,PATH", c->name);
		choose(spec);
		table_heading(&opens_table, &o);
		assert_int_equal(handle(), 1);
		*output_room(&o, 1) = '\0';
		line = strchr(o.buf, '\n') + 1;
		if (strchr(line, '@') - line != strstr(o.buf, " PATH\n") + 1 - o.buf)
			fail_msg("%s:\n%s", c->name, o.buf);
		o.used = 0;
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(usual),	    TEST(calls),	   TEST(details),    TEST(users),
		TEST(unreadable),   TEST(handles),	   TEST(full_paths), TEST(notes),
		TEST(hostile),	    TEST(longest),	   TEST(contexts),   TEST(stacks),
		TEST(requests),	    TEST(request_lengths), TEST(direct),     TEST(lost_sight_of),
		TEST(asked_before), TEST(used_again),	   TEST(unfinished), TEST(results),
		TEST(patterns),	    TEST(aligned),
	};
	int failed;

	setenv("TZ", "UTC", 1);
	users_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	users_free();
	return failed;
}
