/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/execs.h"
#include "common/order.h"
#include "common/pending.h"
#include "common/tool.h"
#include "tests/unit/unescape.h"

#define SECOND 1000000000ULL
#define MS 1000000ULL

/* When a test begins, later than all that was before it; the wall clock is at second 0 then. */
static uint64_t start;

/* In place of libc's. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	*t = (struct timespec){ .tv_sec = clock == CLOCK_REALTIME ? 0 : start / SECOND };
	return 0;
}

static struct output o;

/* In place of the command's: what it prints for a record. */
static unsigned int shown, lost;

void tool_show(const void *record)
{
	shown++;
	output_put(&o, o.json ? "{" : "");
	table_print(&execs_table, &o, record);
	output_put(&o, o.json ? "}\n" : "\n");
}

void tool_lose(void)
{
	lost++;
}

/* --- records, as the kernel half makes them --- */

static char bytes[4 << 20] __attribute__((aligned(8)));
static struct exec_start *const e = (void *)bytes;
static size_t used;

/* sizeof() of a literal counts the NUL of its last string. */
#define STRINGS(literal) literal, sizeof(literal)

static void append(const void *some, size_t len)
{
	assert_in_range(used + len, 0, sizeof(bytes));
	memcpy(bytes + used, some, len);
	used += len;
}

static void append_aligned(const void *some, size_t len)
{
	static const char zeros[8];

	append(zeros, -used & 7);
	append(some, len);
}

static void begin(enum exec_kind kind, int ret)
{
	memset(e, 0, sizeof(*e));
	e->event = (struct exec_event){
		.head = { .time = start, .pid = 42, .tid = 42, .uid = 1000, .comm = "sh" },
		.start_time = 7,
		.exec_id = 1,
		.ret = ret,
		.kind = kind,
	};
	e->session.loginuid = UINT32_MAX;
	used = sizeof(*e);
}

static void add_name(struct exec_part *part, const char *name)
{
	*part = (struct exec_part){ (uint32_t)used, (uint32_t)strlen(name) };
	append(name, part->len);
}

static void add_ancestor(uint32_t pid, const char *comm)
{
	struct exec_ancestor a = { .pid = pid };

	memcpy(a.comm, comm, strnlen(comm, sizeof(a.comm)));
	if (!e->ancestors.at) {
		append_aligned("", 0);
		e->ancestors.at = (uint32_t)used;
	}
	append(&a, sizeof(a));
	e->ancestors.len += (uint32_t)sizeof(a);
}

/* The directory that a failed exec begins at: names leaf first. */
static void add_base(const char *names, size_t len)
{
	e->base = (struct exec_part){ (uint32_t)used, (uint32_t)len };
	e->base_info = (struct path_info){ .len = (uint32_t)len, .state = PATH_WHOLE };
	append(names, len);
}

static void add_path(struct path_info *path, const char *names, size_t len)
{
	*path = (struct path_info){ .len = (uint32_t)len, .state = PATH_WHOLE };
	append(names, len);
}

static struct event_context *add_context(uint32_t ppid)
{
	const struct event_context c = { .ppid = ppid, .mntns = 4026531841, .pidns = 4026531836 };

	append_aligned(&c, sizeof(c));
	e->event.head.context = (uint32_t)(used - sizeof(c));
	return (void *)(bytes + e->event.head.context);
}

/* The last parts: of EXEC_FAILED the arguments are "+text" or "-". */
static void add_args(const char *strings, size_t len)
{
	bool failed = e->event.kind == EXEC_FAILED;

	e->args = (struct exec_part){ (uint32_t)used, (uint32_t)len };
	append(strings, len);
	for (size_t i = 0; i < len; i++)
		e->argc += !strings[i];
	e->args_len = failed ? 0 : len;
	e->env.at = failed ? 0 : (uint32_t)used;
}

/* There was room for so many bytes of them, or no more were wanted. */
static void cut_args(size_t len)
{
	e->args.len = (uint32_t)len;
	e->env.at = (uint32_t)(used = e->args.at + len);
}

static void add_env(const char *strings, size_t len)
{
	append(strings, len);
	e->env.len = (uint32_t)len;
	e->env_len = len;
}

static void done(const char *strings, size_t len)
{
	begin(EXEC_DONE, 0);
	add_args(strings, len);
}

static void failed_file(int ret, const char *file)
{
	begin(EXEC_FAILED, ret);
	add_name(&e->file, file);
	append("", 1);
}

static void failed(const char *strings, size_t len)
{
	failed_file(-ENOENT, "/no/such");
	add_args(strings, len);
}

#define DONE(strings) done(STRINGS(strings))
#define FAILED(strings) failed(STRINGS(strings))
#define WITH(strings) add_args(STRINGS(strings))

/* Hands over a copy without a byte to spare. */
static void handle(void)
{
	char *copy = malloc(used);

	assert_non_null(copy);
	memcpy(copy, bytes, used);
	execs_handle(copy, used);
	free(copy);
}

/* The end of the process that has pid 42, began at 7 and executed its program number exec_id. */
static void handle_end(uint64_t time, uint64_t exec_id, int status)
{
	begin(EXEC_ENDED, status);
	e->event.head.time = time;
	e->event.exec_id = exec_id;
	strcpy(e->event.head.comm, "renamed");
	used = sizeof(e->event);
	handle();
}

/* --- what is printed of them --- */

static int set_up(void **state)
{
	(void)state;
	start = (order_latest() / SECOND + 1000) * SECOND;
	clock_init();
	o = (struct output){ .utf8 = true };
	execs = (struct execs){ 0 };
	shown = lost = 0;
	return 0;
}

static int tear_down(void **state)
{
	struct pending *p;

	(void)state;
	shown = 0;
	execs_finish();
	while ((p = pending_take_any(&execs_pending))) /* of processes whose end a test has lost */
		free(p);
	output_close(&o);
	return (int)(shown + lost); /* a test leaves none */
}

static const char *printed(void)
{
	*output_room(&o, 1) = '\0';
	o.used = 0;
	shown = 0;
	return o.buf;
}

static void choose(const char *spec)
{
	assert_int_equal(table_choose(&execs_table, spec), 0);
}

/* What there is of the records that have been handed over. */
static void assert_lines(const char *wanted)
{
	execs_finish();
	assert_string_equal(printed(), wanted);
}

static const char *row(void)
{
	o.json = false;
	handle();
	execs_finish();
	assert_int_equal(shown, 1);
	return printed();
}

static const char *json(void)
{
	o.json = true;
	handle();
	execs_finish();
	assert_int_equal(shown, 1);
	return printed();
}

static void assert_row(const char *wanted)
{
	assert_string_equal(row(), wanted);
}

static void assert_json(const char *wanted)
{
	assert_string_equal(json(), wanted);
}

static void assert_not_in(const char *text, const char *unwanted)
{
	if (strstr(text, unwanted))
		fail_msg("%s in %s", unwanted, text);
}

static void assert_begins(const char *text, const char *wanted)
{
	if (strncmp(text, wanted, strlen(wanted)))
		fail_msg("%s does not begin with %s", text, wanted);
}

static void assert_ends(const char *text, const char *wanted)
{
	if (strlen(text) < strlen(wanted) || strcmp(text + strlen(text) - strlen(wanted), wanted))
		fail_msg("%s does not end with %s", text, wanted);
}

/* --- columns --- */

static void usual(void **state)
{
	(void)state;
	choose("COMM,PID,PPID,RET,ARGS");
	table_heading(&execs_table, &o);
	assert_string_equal(printed(), "COMM                 PID    PPID RET ARGS\n");
	begin(EXEC_DONE, 0);
	add_context(41);
	WITH("sh\0-c\0exit 7");
	assert_row("sh                    42      41   0 sh -c 'exit 7'\n");
	assert_json("{\"comm\":\"sh\",\"pid\":42,\"ppid\":41,\"ret\":0,"
		    "\"args\":[\"sh\",\"-c\",\"exit 7\"]}\n");
	failed_file(-EACCES, "/etc/x");
	add_context(41);
	WITH("+x\0+a b");
	assert_row("sh                    42      41 -13 x 'a b'\t(EACCES /etc/x)\n");
	assert_json("{\"comm\":\"sh\",\"pid\":42,\"ppid\":41,\"ret\":-13,"
		    "\"args\":[\"x\",\"a b\"],\"note\":\"(EACCES /etc/x)\"}\n");
}

static void every_column(void **state)
{
	struct event_context *c;

	(void)state;
	begin(EXEC_DONE, 0);
	e->event.head.time = start + 1500 * MS + 250000;
	e->event.head.tid = 43;
	e->event.notes = EXEC_SCRIPT;
	e->session.id = 40;
	e->session.loginuid = 1001;
	strcpy(e->session.parent, "bash");
	strcpy(e->session.tty, "pts3");
	add_name(&e->file, "./x.py");
	add_name(&e->interp, "/usr/bin/python3");
	add_ancestor(41, "bash");
	add_ancestor(1, "systemd");
	c = add_context(41);
	add_path(&c->exe, STRINGS("python3.11\0bin\0usr"));
	add_path(&c->cwd, STRINGS("home"));
	add_path(&c->cgroup, STRINGS("a.service\0system.slice"));
	WITH("python3\0./x.py");
	add_env(STRINGS("A=1\0B=2"));
	choose("TIME,SINCE,UID,USER,LOGINUID,COMM,PCOMM,PID,TID,PPID");
	assert_row("00:00:01.500250     1.500  1000 1000         1001 sh               bash    "
		   "              42      43      41\t(script)\n");
	assert_json(
		"{\"time\":\"1970-01-01T00:00:01.500250+00:00\",\"since\":1.500250,"
		"\"uid\":1000,\"user\":\"1000\",\"loginuid\":1001,\"comm\":\"sh\","
		"\"pcomm\":\"bash\",\"pid\":42,\"tid\":43,\"ppid\":41,\"note\":\"(script)\"}\n");
	choose("SESSION,TTY,RET,ERRNAME,STATUS,DUR,MNTNS,PIDNS,CGROUP");
	assert_row("     40 pts/3     0 -            -               - 4026531841 4026531836 "
		   "/system.slice/a.service\t(script)\n");
	assert_json("{\"session\":40,\"tty\":\"pts/3\",\"ret\":0,\"errname\":null,"
		    "\"status\":null,\"dur\":null,\"mntns\":4026531841,\"pidns\":4026531836,"
		    "\"cgroup\":\"/system.slice/a.service\",\"note\":\"(script)\"}\n");
	choose("EXE,CWD,FILE,SCRIPT,INTERP");
	assert_row("/usr/bin/python3.11  /home                ./x.py               "
		   "/home/./x.py         /usr/bin/python3\t(script)\n");
	assert_json("{\"exe\":\"/usr/bin/python3.11\",\"cwd\":\"/home\",\"file\":\"./x.py\","
		    "\"script\":\"/home/./x.py\",\"interp\":\"/usr/bin/python3\","
		    "\"note\":\"(script)\"}\n");
	choose("ANCESTORS,ENV,ARGS");
	assert_row("bash(41)<systemd(1)                      A=1 B=2              "
		   "python3 ./x.py\t(script)\n");
	assert_json("{\"ancestors\":[{\"comm\":\"bash\",\"pid\":41},{\"comm\":\"systemd\","
		    "\"pid\":1}],\"env\":{\"A\":\"1\",\"B\":\"2\"},"
		    "\"args\":[\"python3\",\"./x.py\"],\"note\":\"(script)\"}\n");
}

/* Of which there is nothing to say. */
static void nothing(void **state)
{
	(void)state;
	begin(EXEC_DONE, 0);
	add_context(0);
	WITH("");
	choose("LOGINUID,PPID,SESSION,TTY,ERRNAME,STATUS,DUR,SCRIPT,INTERP,ANCESTORS,ENV");
	assert_row("       -       0       0 -       -            -               - "
		   "-                    -                    "
		   "-                                        -\n");
	assert_json("{\"loginuid\":null,\"ppid\":0,\"session\":0,\"tty\":null,\"errname\":null,"
		    "\"status\":null,\"dur\":null,\"script\":null,\"interp\":null,"
		    "\"ancestors\":[],\"env\":{}}\n");
}

static void terminals(void **state)
{
	static const char *const names[][2] = {
		{ "pts0", "pts/0" },  { "pts4095", "pts/4095" }, { "tty1", "tty1" },
		{ "ttyS0", "ttyS0" }, { "console", "console" },
	};
	char wanted[32];

	(void)state;
	choose("TTY");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		DONE("x");
		strcpy(e->session.tty, names[i][0]);
		snprintf(wanted, sizeof(wanted), "%s\n", names[i][1]);
		assert_row(wanted);
	}
}

static void scripts(void **state)
{
	struct event_context *c;

	(void)state;
	choose("SCRIPT,INTERP");
	begin(EXEC_DONE, 0);
	e->event.notes = EXEC_SCRIPT;
	add_name(&e->file, "/bin/which");
	add_name(&e->interp, "/bin/sh");
	c = add_context(1);
	add_path(&c->cwd, STRINGS("home"));
	WITH("sh\0/bin/which");
	assert_row("/bin/which           /bin/sh\t(script)\n");
	begin(EXEC_DONE, 0);
	e->event.notes = EXEC_SCRIPT | EXEC_COMPAT;
	add_name(&e->file, "x");
	add_name(&e->interp, "/bin/sh");
	c = add_context(1);
	add_path(&c->cwd, "", 0);
	WITH("sh\0x");
	assert_row("/x                   /bin/sh\t(32-bit) (script)\n");
	/* No interpreter: what was asked for is what is executed. */
	begin(EXEC_DONE, 0);
	add_name(&e->file, "x");
	c = add_context(1);
	add_path(&c->cwd, STRINGS("home"));
	WITH("x");
	assert_json("{\"script\":null,\"interp\":null}\n");
}

/* What is executed has no name any more. */
static void deleted(void **state)
{
	struct event_context *c;

	(void)state;
	choose("EXE");
	begin(EXEC_DONE, 0);
	c = add_context(1);
	add_path(&c->exe, STRINGS("gone\0tmp"));
	c->exe.state |= PATH_DELETED;
	WITH("gone");
	assert_row("/tmp/gone\t(deleted)\n");
	/* That of a directory is none of its business. */
	begin(EXEC_DONE, 0);
	c = add_context(1);
	add_path(&c->exe, STRINGS("true\0bin"));
	add_path(&c->cwd, STRINGS("gone\0tmp"));
	c->cwd.state |= PATH_DELETED;
	WITH("true");
	assert_row("/bin/true\n");
	/* Nor that of who failed to execute another. */
	failed_file(-ENOENT, "/x");
	add_base("", 0);
	c = add_context(1);
	add_path(&c->exe, STRINGS("gone\0tmp"));
	c->exe.state |= PATH_DELETED;
	WITH("+x");
	assert_row("/x\t(ENOENT /x)\n");
}

static void ancestors(void **state)
{
	char whole[128];

	(void)state;
	choose("ANCESTORS");
	DONE("x");
	assert_row("-\n");
	assert_json("{\"ancestors\":[]}\n");
	begin(EXEC_DONE, 0);
	add_ancestor(4294967295,
		     "0123456789abcdef"); /* without a NUL, as the kernel never has it */
	add_ancestor(9, "a b\n");
	add_ancestor(1, "\xff");
	WITH("x");
	assert_row("0123456789abcdef(4294967295)<$'a b\\n'(9)<$'\\377'(1)\n");
	assert_json("{\"ancestors\":[{\"comm\":\"0123456789abcdef\",\"pid\":4294967295},"
		    "{\"comm\":\"a b\\n\",\"pid\":9},"
		    "{\"comm\":\"\xef\xbf\xbd\",\"comm_hex\":\"ff\",\"pid\":1}]}\n");
	/* More than could be found; JSON says so in some way as well. */
	begin(EXEC_DONE, 0);
	add_ancestor(9, "bash");
	WITH("x");
	snprintf(whole, sizeof(whole), "%s", json());
	e->event.notes = EXEC_ORPHANED;
	assert_row("bash(9)<...\n");
	assert_string_not_equal(json(), whole);
	DONE("x");
	e->event.notes = EXEC_ORPHANED;
	assert_row("...\n");
}

/* --- arguments --- */

static void words(void **state)
{
	(void)state;
	choose("ARGS");
	DONE("ls\0-la\0a b\0\0$x\0it's\0a\nb\0?\0...\0--x=y");
	assert_row("ls -la 'a b' '' '$x' \"it's\" $'a\\nb' '?' '...' --x=y\n");
	execs.quote = true;
	assert_row("'ls' '-la' 'a b' '' '$x' \"it's\" $'a\\nb' '?' '...' '--x=y'\n");
	execs.quote = false;
	DONE("");
	assert_row("''\n");
	/* None: the kernel puts an empty one there, but older ones do not. */
	done("", 0);
	assert_row("\n");
	assert_json("{\"args\":[]}\n");
	/* Of a program this would be an assignment, of its arguments it is not. */
	DONE("A=1\0B=2");
	assert_row("'A=1' B=2\n");
	/* What the terminal would not show is not shown there. */
	o.utf8 = false;
	DONE("h\xc3\xbc");
	assert_row("$'h\\303\\274'\n");
}

/* A file of that name can be executed; as the first word of a command the shell would take it for its own. */
static void reserved_words(void **state)
{
	static const char *const reserved[] = {
		"if",	 "then", "elif", "else", "fi",	 "time",   "for",    "until",
		"while", "do",	 "done", "case", "esac", "coproc", "select", "function",
	};
	char text[32], wanted[32];
	size_t len;

	(void)state;
	choose("ARGS");
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		len = (size_t)snprintf(text, sizeof(text), "%s", reserved[i]) + 1;
		memcpy(text + len, text, len);
		snprintf(wanted, sizeof(wanted), "'%s' %s\n", reserved[i], reserved[i]);
		done(text, 2 * len);
		assert_row(wanted);
	}
}

static void strings(void **state)
{
	(void)state;
	choose("ARGS");
	DONE("ls\0a \"b\"\\\0\0a\n\x1b");
	assert_json("{\"args\":[\"ls\",\"a \\\"b\\\"\\\\\",\"\",\"a\\n\\u001b\"]}\n");
	/* The bytes of all of them, where one is not what it was. */
	DONE("ls\0\xff/\0h\xc3\xbc");
	assert_json("{\"args\":[\"ls\",\"\xef\xbf\xbd/\",\"h\xc3\xbc\"],"
		    "\"args_hex\":[\"6c73\",\"ff2f\",\"68c3bc\"]}\n");
	/* What looks like it, and is what it was. */
	DONE("\xef\xbf\xbd");
	assert_json("{\"args\":[\"\xef\xbf\xbd\"]}\n");
}

static void at_most_some(void **state)
{
	(void)state;
	choose("ARGS");
	DONE("ls\0a\0bc\0def");
	execs.max_args = 4;
	assert_row("ls a bc def\n");
	assert_json("{\"args\":[\"ls\",\"a\",\"bc\",\"def\"]}\n");
	execs.max_args = 3;
	assert_row("ls a bc ...\t(cut: 1 argument, 4 bytes left out)\n");
	assert_json("{\"args\":[\"ls\",\"a\",\"bc\"],\"args_cut\":1,\"args_cut_bytes\":4,"
		    "\"note\":\"(cut: 1 argument, 4 bytes left out)\"}\n");
	execs.max_args = 1;
	assert_row("ls ...\t(cut: 3 arguments, 9 bytes left out)\n");
	/* One that looks like what stands for the others. */
	DONE("...\0x");
	assert_row("'...' ...\t(cut: 1 argument, 2 bytes left out)\n");
	execs.quote = true;
	assert_row("'...' ...\t(cut: 1 argument, 2 bytes left out)\n");
	/* None is left out, though more than shown are cut in hexadecimal as well. */
	DONE("\xff\0x");
	assert_json("{\"args\":[\"\xef\xbf\xbd\"],\"args_hex\":[\"ff\"],\"args_cut\":1,"
		    "\"args_cut_bytes\":2,\"note\":\"(cut: 1 argument, 2 bytes left out)\"}\n");
}

static void at_most_so_many_bytes(void **state)
{
	(void)state;
	choose("ARGS");
	DONE("ls\0abc\0de"); /* 10 bytes, with the NULs */
	execs.max_bytes = 10;
	assert_row("ls abc de\n");
	execs.max_bytes = 7;
	assert_row("ls abc ...\t(cut: 1 argument, 3 bytes left out)\n");
	execs.max_bytes = 5;
	assert_row("ls ab ...\t(cut: 1 argument, 5 bytes left out)\n");
	assert_json("{\"args\":[\"ls\",\"ab\"],\"args_cut\":1,\"args_cut_bytes\":5,"
		    "\"note\":\"(cut: 1 argument, 5 bytes left out)\"}\n");
	execs.max_bytes = 3;
	assert_row("ls ...\t(cut: 2 arguments, 7 bytes left out)\n");
	execs.max_bytes = 1;
	assert_row("l ...\t(cut: 2 arguments, 9 bytes left out)\n");
	/* Of the last one only: no argument is left out. */
	DONE("x\0abc");
	execs.max_bytes = 4;
	assert_row("x ab ...\t(cut: 2 bytes left out)\n");
	/* Both. */
	DONE("ls\0abc\0de");
	execs.max_args = 2;
	execs.max_bytes = 4;
	assert_row("ls a ...\t(cut: 1 argument, 6 bytes left out)\n");
	execs.max_bytes = 9;
	assert_row("ls abc ...\t(cut: 1 argument, 3 bytes left out)\n");
}

/* The kernel half reads no more than asked for, unless -l has to see all: nobody can tell by the lines. */
static void cut_by_either_half(void **state)
{
	static const char args[] = "ls\0\0abc\0d\xff";
	char by_reader[256];

	(void)state;
	choose("ARGS");
	for (execs.max_bytes = 1; execs.max_bytes <= sizeof(args) + 1; execs.max_bytes++) {
		for (int as_json = 0; as_json <= 1; as_json++) {
			done(args, sizeof(args));
			snprintf(by_reader, sizeof(by_reader), "%s", as_json ? json() : row());
			if (execs.max_bytes + 1 < sizeof(args))
				cut_args(execs.max_bytes + 1);
			if (strcmp(as_json ? json() : row(), by_reader))
				fail_msg("%d bytes: %s and %s", (int)execs.max_bytes, o.buf,
					 by_reader);
		}
	}
}

/* There was no room for all of them. */
static void cut_by_the_kernel_half(void **state)
{
	(void)state;
	choose("ARGS");
	DONE("ls\0abc\0de");
	cut_args(5);
	assert_row("ls ab ...\t(cut: 1 argument, 5 bytes left out)\n");
	assert_json("{\"args\":[\"ls\",\"ab\"],\"args_cut\":1,\"args_cut_bytes\":5,"
		    "\"note\":\"(cut: 1 argument, 5 bytes left out)\"}\n");
	/* Between two. */
	cut_args(3);
	assert_row("ls ...\t(cut: 2 arguments, 7 bytes left out)\n");
	cut_args(0);
	assert_row("...\t(cut: 3 arguments, 10 bytes left out)\n");
	/* And not all of what is there is wanted. */
	DONE("ls\0abc\0de");
	cut_args(5);
	execs.max_args = 1;
	assert_row("ls ...\t(cut: 2 arguments, 7 bytes left out)\n");
}

static void unreadable(void **state)
{
	(void)state;
	choose("ARGS,ENV");
	begin(EXEC_DONE, 0);
	e->event.notes = EXEC_UNREADABLE;
	e->argc = 3;
	e->args_len = 100;
	e->args.at = e->env.at = (uint32_t)used;
	assert_row("? ?\t(unreadable)\n");
	assert_json("{\"args\":[null],\"env\":null,\"note\":\"(unreadable)\"}\n");
	execs.max_args = 1;
	assert_row("? ?\t(unreadable)\n");
	/* What is not known contains nothing. */
	execs.line = "?";
	handle();
	assert_lines("");
}

static void large(void **state)
{
	static char strings_of[1 << 21], wanted[1 << 23];
	char *to = wanted;
	size_t len = 0;

	(void)state;
	choose("ARGS");
	for (int i = 0; i < 100000; i++) {
		to += sprintf(to, "%s%s%x", i ? " " : "", i % 3 ? "" : "x", i);
		len += (size_t)sprintf(strings_of + len, "%s%x", i % 3 ? "" : "x", i) + 1;
	}
	strcpy(to, "\n");
	done(strings_of, len);
	assert_true(!strcmp(row(), wanted));
	memset(strings_of, 'x', sizeof(strings_of));
	for (size_t i = 1; i <= 16; i++)
		strings_of[i * 131072 - 1] = '\0';
	done(strings_of, 16 * 131072);
	assert_int_equal(strlen(json()), strlen("{\"args\":[]}\n") + 16 * (131071 + 3) - 1);
	execs.max_bytes = 100000;
	assert_ends(row(), "x ...\t(cut: 15 arguments, 1997152 bytes left out)\n");
}

/* --- failures --- */

static void failures(void **state)
{
	(void)state;
	choose("RET,ERRNAME,EXE,FILE,ARGS");
	failed_file(-ENOENT, "/no/such");
	add_base("", 0);
	WITH("+such\0+x");
	assert_row(" -2 ENOENT       /no/such             /no/such             such x"
		   "\t(ENOENT /no/such)\n");
	assert_json("{\"ret\":-2,\"errname\":\"ENOENT\",\"exe\":\"/no/such\","
		    "\"file\":\"/no/such\",\"args\":[\"such\",\"x\"],"
		    "\"note\":\"(ENOENT /no/such)\"}\n");
	choose("EXE,NOTE");
	failed_file(-EACCES, "x");
	add_base(STRINGS("b\0a"));
	assert_row("/a/b/x\t(EACCES x)\n");
	failed_file(-EACCES, "/x");
	add_base(STRINGS("jail"));
	assert_row("/jail/x\t(EACCES /x)\n");
	failed_file(-ENOENT, "x");
	add_base("", 0);
	assert_row("/x\t(ENOENT x)\n");
	failed_file(-EBADF, "x");
	add_base("", 0);
	e->base_info.state = 0;
	assert_row("?/x\t(EBADF x)\n");
	/* AT_EMPTY_PATH: the directory itself. */
	failed_file(-EACCES, "");
	add_base(STRINGS("tmp"));
	assert_begins(row(), "/tmp\t(EACCES)");
	/* The record tells of what the caller is, too: that is not what was to be executed. */
	failed_file(-EACCES, "x");
	add_base(STRINGS("a"));
	add_path(&add_context(1)->exe, STRINGS("sh\0bin"));
	assert_row("/a/x\t(EACCES x)\n");
}

/* AT_EMPTY_PATH, and no such descriptor. */
static void failures_of_nothing(void **state)
{
	(void)state;
	choose("EXE");
	failed_file(-EBADF, "");
	assert_begins(row(), "?\t(EBADF)");
	assert_begins(json(), "{\"exe\":null,");
}

static void failures_without_a_name(void **state)
{
	(void)state;
	choose("RET,ERRNAME");
	failed_file(-639, "x");
	assert_begins(json(), "{\"ret\":-639,\"errname\":null,");
	assert_begins(row(), "-639 ");
}

static void failures_unreadable(void **state)
{
	(void)state;
	choose("EXE,FILE,ARGS");
	begin(EXEC_FAILED, -EFAULT);
	WITH("+x");
	assert_row("?                    ?                    x\t(EFAULT ?)\n");
	assert_json("{\"exe\":null,\"file\":null,\"args\":[\"x\"],\"note\":\"(EFAULT ?)\"}\n");
	choose("ARGS");
	FAILED("-\0+a\0-\0+?\0+");
	assert_row("? a ? '?' ''\t(ENOENT /no/such)\n");
	execs.quote = true;
	assert_row("? 'a' ? '?' ''\t(ENOENT /no/such)\n");
	assert_json("{\"args\":[null,\"a\",null,\"?\",\"\"],\"note\":\"(ENOENT /no/such)\"}\n");
	execs.quote = false;
	/* What cannot be read is no empty argument, in hexadecimal either. */
	FAILED("+\xff\0-\0+");
	assert_json("{\"args\":[\"\xef\xbf\xbd\",null,\"\"],\"args_hex\":[\"ff\",null,\"\"],"
		    "\"note\":\"(ENOENT /no/such)\"}\n");
	/* The rest of the pointers, or all of them. */
	FAILED("+a");
	e->event.notes = EXEC_UNREADABLE;
	assert_row("a ?\t(unreadable) (ENOENT /no/such)\n");
	assert_ends(json(), ",\"note\":\"(unreadable) (ENOENT /no/such)\"}\n");
	failed("", 0);
	e->event.notes = EXEC_UNREADABLE | EXEC_COMPAT;
	assert_row("?\t(32-bit) (unreadable) (ENOENT /no/such)\n");
	assert_not_in(json(), "\"args\":[]");
	/* There are none. */
	failed("", 0);
	assert_row("\t(ENOENT /no/such)\n");
	assert_json("{\"args\":[],\"note\":\"(ENOENT /no/such)\"}\n");
}

/* How many bytes these have is not told of a failure: 0 in JSON, and nothing in the note. */
static void failures_cut(void **state)
{
	(void)state;
	choose("ARGS");
	FAILED("+x\0+ab\0+cde");
	execs.max_args = 3;
	assert_row("x ab cde\t(ENOENT /no/such)\n");
	execs.max_args = 1;
	assert_begins(row(), "x ...\t(cut: 2 arguments left out) (ENOENT /no/such)");
	assert_begins(json(), "{\"args\":[\"x\"],\"args_cut\":2,\"args_cut_bytes\":");
	execs.max_args = 0;
	/* The marks of the kernel half are not counted. */
	execs.max_bytes = 9;
	assert_row("x ab cde\t(ENOENT /no/such)\n");
	execs.max_bytes = 5;
	assert_begins(row(), "x ab ...\t(cut: 1 argument left out) (ENOENT /no/such)");
	/* Within the last one: that is not nothing. */
	execs.max_bytes = 6;
	assert_begins(row(), "x ab c ...\t(cut) (ENOENT /no/such)");
	assert_not_in(row(), " 0 bytes");
	assert_begins(json(), "{\"args\":[\"x\",\"ab\",\"c\"],\"args_cut\":");
}

/* There was no room for all of them. */
static void failures_cut_by_the_kernel_half(void **state)
{
	(void)state;
	choose("ARGS");
	FAILED("+x\0+ab");
	e->argc = 5;
	assert_begins(row(), "x ab ...\t(cut: 3 arguments left out) (ENOENT /no/such)");
	assert_begins(json(), "{\"args\":[\"x\",\"ab\"],\"args_cut\":3");
	/* Of the last one there is more; how much, nobody knows. */
	FAILED("+x\0+ab");
	e->event.notes = EXEC_CUT;
	assert_row("x ab ...\t(cut) (ENOENT /no/such)\n");
	assert_begins(json(), "{\"args\":[\"x\",\"ab\"],\"args_cut\":0,\"args_cut_bytes\":null,");
	/* It is not wanted anyway. */
	execs.max_args = 1;
	assert_begins(row(), "x ...\t(cut: 1 argument left out) (ENOENT /no/such)");
}

/* A file may be named like anything, a note included. */
static void forged_notes(void **state)
{
	char real[64];

	(void)state;
	choose("NOTE,ARGS");
	failed_file(-ENOENT, "a");
	e->event.notes = EXEC_COMPAT;
	WITH("+a");
	snprintf(real, sizeof(real), "%s", row());
	assert_string_equal(real, "a\t(32-bit) (ENOENT a)\n");
	failed_file(-ENOENT, "a) (32-bit");
	WITH("+a");
	assert_string_not_equal(row(), real);
	failed_file(-ENOENT, "\t(script)\n");
	WITH("+a\t(script)");
	assert_begins(row(), "$'a\\t(script)'\t(ENOENT ");
}

static void longest(void **state)
{
	static char file[PATH_MAX], names[16 * (NAME_MAX + 1)], wanted[4 * PATH_MAX];

	(void)state;
	choose("EXE,ARGS");
	memset(file, 'x', PATH_MAX - 1);
	memset(names, 'y', sizeof(names));
	for (size_t i = 1; i <= 16; i++)
		names[i * (NAME_MAX + 1) - 1] = '\0';
	failed_file(-ENOENT, file);
	e->event.notes = EXEC_COMPAT | EXEC_UNREADABLE;
	add_base(names, sizeof(names));
	WITH("+x\0+y");
	e->argc = UINT32_MAX;
	for (size_t i = 0; i < 16; i++)
		sprintf(wanted + i * (NAME_MAX + 1), "/%s", names);
	sprintf(wanted + sizeof(names),
		"/%s x y ? ...\t(32-bit) (unreadable) (cut: 4294967293 arguments left out) "
		"(ENOENT %s)\n",
		file, file);
	assert_row(wanted);
}

/* --- the environment --- */

static void environment(void **state)
{
	(void)state;
	choose("ENV,ARGS");
	DONE("x");
	add_env(STRINGS("A=1\0B=two words\0C=\0D=x=y\0\xc3\xbc=\xc3\xbc"));
	assert_row("A=1 'B=two words' C= D=x=y \xc3\xbc=\xc3\xbc x\n");
	assert_json("{\"env\":{\"A\":\"1\",\"B\":\"two words\",\"C\":\"\",\"D\":\"x=y\","
		    "\"\xc3\xbc\":\"\xc3\xbc\"},\"args\":[\"x\"]}\n");
	execs.quote = true;
	assert_row("'A=1' 'B=two words' 'C=' 'D=x=y' '\xc3\xbc=\xc3\xbc' 'x'\n");
	execs.quote = false;
	DONE("x");
	assert_row("-                    x\n");
	assert_json("{\"env\":{},\"args\":[\"x\"]}\n");
	FAILED("+x");
	assert_json("{\"env\":null,\"args\":[\"x\"],\"note\":\"(ENOENT /no/such)\"}\n");
}

static void chosen_variables(void **state)
{
	static const char *const chosen[][2] = {
		{ "A", "A=1\n" },   { "AB", "AB=2\n" },		{ "AB,A", "A=1 AB=2\n" },
		{ "B", "B=A=1\n" }, { "A,C,B", "A=1 B=A=1\n" }, { "C", "-\n" },
		{ "a", "-\n" },	    { "N", "'N'\n" },
	};

	(void)state;
	choose("ENV");
	DONE("x");
	add_env(STRINGS("A=1\0AB=2\0B=A=1\0N"));
	for (size_t i = 0; i < sizeof(chosen) / sizeof(*chosen); i++) {
		execs.env = chosen[i][0];
		assert_row(chosen[i][1]);
	}
	execs.env = "AB,C";
	assert_json("{\"env\":{\"AB\":\"2\"}}\n");
	execs.env = "C";
	assert_json("{\"env\":{}}\n");
}

static void odd_variables(void **state)
{
	(void)state;
	choose("ENV");
	DONE("x");
	add_env(STRINGS("none\0\0=x\0A=\xff\n\0\"=\\"));
	assert_row("'none' '' '=x' $'A=\\377\\n' '\"=\\'\n");
	assert_json("{\"env\":{\"none\":null,\"\":null,\"\":\"x\",\"A\":\"\xef\xbf\xbd\\n\","
		    "\"\\\"\":\"\\\\\"},\"env_hex\":[\"413dff0a\"]}\n");
	/* Nothing is lost of a name either. */
	DONE("x");
	add_env(STRINGS("\xff=1"));
	assert_json("{\"env\":{\"\xef\xbf\xbd\":\"1\"},\"env_hex\":[\"ff3d31\"]}\n");
	DONE("x");
	add_env(STRINGS("\xff"));
	assert_json("{\"env\":{\"\xef\xbf\xbd\":null},\"env_hex\":[\"ff\"]}\n");
}

/* There was no room for all of it: that is not to be taken for all of it. */
static void cut_environment(void **state)
{
	char whole_row[64], whole_json[128];

	(void)state;
	choose("ENV,ARGS");
	DONE("x");
	add_env(STRINGS("A=1\0PATH=/usr"));
	snprintf(whole_row, sizeof(whole_row), "%s", row());
	snprintf(whole_json, sizeof(whole_json), "%s", json());
	DONE("x");
	add_env("A=1\0PATH=/usr", 13);
	e->env_len++;
	assert_string_not_equal(row(), whole_row);
	assert_string_not_equal(json(), whole_json);
}

/* --- ends --- */

static void statuses(void **state)
{
	static const struct {
		int status;
		const char *text, *json;
	} some[] = {
		{ 0, "0", "0" },
		{ 7 << 8, "7", "7" },
		{ 255 << 8, "255", "255" },
		{ 9, "SIGKILL", "null,\"signal\":\"SIGKILL\",\"core_dumped\":false" },
		{ 11 | 0x80, "SIGSEGV(core)", "null,\"signal\":\"SIGSEGV\",\"core_dumped\":true" },
		{ 6, "SIGABRT", "null,\"signal\":\"SIGABRT\",\"core_dumped\":false" },
		{ 35 | 0x80, "SIGRTMIN+1(core)",
		  "null,\"signal\":\"SIGRTMIN+1\",\"core_dumped\":true" },
	};
	char wanted[256];

	(void)state;
	execs.ends = true;
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++) {
		for (int as_json = 0; as_json <= 1; as_json++) {
			o.json = as_json;
			choose(as_json ? "STATUS,ARGS" : "RET,STATUS,DUR,ARGS");
			DONE("x");
			handle();
			handle_end(start + 2 * MS, 1, some[i].status);
			if (as_json)
				snprintf(wanted, sizeof(wanted),
					 "{\"status\":null,\"args\":[\"x\"]}\n"
					 "{\"status\":%s,\"args\":[\"x\"]}\n",
					 some[i].json);
			else
				snprintf(wanted, sizeof(wanted),
					 "  0 -               - x\n  0 %-8s    0.002 x\n",
					 some[i].text);
			assert_lines(wanted);
		}
	}
}

/* What it executed last, and when it ended. */
static void ends(void **state)
{
	struct event_context *c;

	(void)state;
	execs.ends = true;
	choose("TIME,SINCE,COMM,PID,PPID,DUR,EXE,ARGS,ENV");
	begin(EXEC_DONE, 0);
	e->event.head.time = start + 250 * MS;
	c = add_context(41);
	add_path(&c->exe, STRINGS("sh\0bin"));
	WITH("sh\0-c\0exit 7");
	add_env(STRINGS("A=1"));
	handle();
	handle_end(start + 1750 * MS, 1, 0);
	assert_lines("00:00:00.250000     0.250 sh                    42      41        - /bin/sh"
		     "              sh -c 'exit 7' A=1\n"
		     "00:00:01.750000     1.750 sh                    42      41    1.500 /bin/sh"
		     "              sh -c 'exit 7' A=1\n");
	choose("DUR");
	o.json = true;
	DONE("x");
	handle();
	handle_end(start + 123456789, 1, 0);
	assert_lines("{\"dur\":null}\n{\"dur\":0.123457}\n");
	/* At once. */
	DONE("x");
	handle();
	handle_end(start, 1, 0);
	assert_lines("{\"dur\":null}\n{\"dur\":0.000000}\n");
	o.json = false;
	DONE("x");
	handle();
	handle_end(start + 100000 * SECOND, 1, 0);
	assert_lines("       -\n100000.000\n");
}

static void ends_of_others(void **state)
{
	(void)state;
	execs.ends = true;
	choose("PID,STATUS,ARGS");
	/* Executed before the tracing began, or lost. */
	handle_end(start, 1, 0);
	assert_lines("");
	/* The number is used again, by a process whose exec was lost. */
	DONE("first");
	handle();
	begin(EXEC_ENDED, 0);
	e->event.head.time = start + SECOND;
	e->event.start_time = 8;
	used = sizeof(e->event);
	handle();
	assert_lines("     42 -        first\n");
	/* One of its own was lost. */
	DONE("first");
	handle();
	handle_end(start + SECOND, 2, 0);
	assert_lines("     42 -        first\n");
	/* And nothing is left of either. */
	handle_end(start + 2 * SECOND, 1, 0);
	assert_lines("");
}

/* A number is used again, and both are seen. */
static void used_again(void **state)
{
	(void)state;
	execs.ends = true;
	choose("STATUS,ARGS");
	DONE("first");
	handle();
	handle_end(start + MS, 1, 1 << 8);
	DONE("second");
	e->event.head.time = start + 2 * MS;
	e->event.start_time = 8;
	handle();
	begin(EXEC_ENDED, 2 << 8);
	e->event.head.time = start + 3 * MS;
	e->event.start_time = 8;
	used = sizeof(e->event);
	handle();
	assert_lines("-        first\n1        first\n-        second\n2        second\n");
	/* The end of the first was lost. */
	DONE("first");
	handle();
	DONE("second");
	e->event.head.time = start + 2 * MS;
	e->event.start_time = 8;
	handle();
	handle_end(start + 3 * MS, 1, 0);
	assert_lines("-        first\n-        second\n");
}

static void several_programs(void **state)
{
	(void)state;
	execs.ends = true;
	choose("STATUS,DUR,ARGS");
	DONE("first");
	handle();
	DONE("second");
	e->event.head.time = start + 10 * MS;
	e->event.exec_id = 2;
	handle();
	/* What fails is not what it executed. */
	FAILED("+third");
	e->event.head.time = start + 20 * MS;
	e->event.exec_id = 2;
	handle();
	handle_end(start + 30 * MS, 2, 0);
	assert_lines("-               - first\n"
		     "-               - second\n"
		     "-               - third\t(ENOENT /no/such)\n"
		     "0           0.020 second\n");
}

static void many_processes(void **state)
{
	char wanted[64];

	(void)state;
	execs.ends = true;
	choose("PID,STATUS,ARGS");
	for (uint32_t i = 0; i < 1000; i++) {
		DONE("x");
		e->event.head.time = start + i;
		e->event.head.pid = i;
		handle();
	}
	execs_finish();
	assert_int_equal(shown, 1000);
	printed();
	for (uint32_t i = 1000; i--;) {
		begin(EXEC_ENDED, (int)(i % 256) << 8);
		e->event.head.time = start + SECOND;
		e->event.head.pid = i;
		used = sizeof(e->event);
		handle();
		snprintf(wanted, sizeof(wanted), "%7u %-8u x\n", i, i % 256);
		assert_lines(wanted);
	}
}

/* What has been reserved for it in the ring buffer, and not used: it is not kept either. */
static void slack(void **state)
{
	const uint32_t count = 1000;

	(void)state;
	execs.ends = true;
	choose("ENV,ARGS");
	for (uint32_t i = 0; i < count; i++) {
		DONE("x\0y");
		add_env(STRINGS("A=1"));
		e->event.head.pid = i;
		memset(bytes + used, 'z', 60000);
		used += 60000;
		handle();
	}
	execs_finish();
	assert_int_equal(shown, count);
	assert_int_equal(lost, 0);
	printed();
	begin(EXEC_ENDED, 0);
	e->event.head.time = start + SECOND;
	e->event.head.pid = 7;
	used = sizeof(e->event);
	handle();
	assert_lines("A=1                  x y\n");
}

/* --- what is wanted --- */

static void run_all_kinds(void)
{
	static const int ends_with[] = { 0, 1 << 8, 9 };

	for (int i = 0; i < 3; i++) {
		DONE("done");
		e->event.head.pid = 100 + i;
		handle();
	}
	for (int i = 0; i < 3; i++) {
		begin(EXEC_ENDED, ends_with[i]);
		e->event.head.pid = 100 + i;
		e->event.head.time = start + (i + 1) * SECOND;
		used = sizeof(e->event);
		handle();
	}
	FAILED("+failed");
	e->event.head.time = start + 4 * SECOND;
	handle();
}

/* Which ends there are is the kernel half's choice. */
static void kinds(void **state)
{
	static const struct {
		bool failed, ends;
		uint64_t min_dur;
		const char *wanted;
	} cases[] = {
		{ true, false, 0, "- - - failed " },
		{ false, true, 0, "- - - 0 1 SIGKILL failed " },
		{ true, true, 0, "0 1 SIGKILL failed " },
		{ false, true, 1, "0 1 SIGKILL " },
		{ true, true, 1, "0 1 SIGKILL " },
	};
	char seen[256], *to;
	const char *line;

	(void)state;
	choose("STATUS,ARGS");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		execs.failed = cases[i].failed;
		execs.ends = cases[i].ends;
		execs.min_dur = cases[i].min_dur;
		run_all_kinds();
		execs_finish();
		to = seen;
		*to = '\0';
		for (line = printed(); *line; line = strchr(line, '\n') + 1) {
			if (!strncmp(line, "-        failed", 15))
				line += 9;
			to += sprintf(to, "%.*s ", (int)strcspn(line, " \t"), line);
		}
		if (strcmp(seen, cases[i].wanted))
			fail_msg("case %zu: '%s' and not '%s'", i, seen, cases[i].wanted);
	}
}

static void lines(void **state)
{
	static const struct {
		const char *line;
		bool matches;
	} cases[] = {
		{ "ls", true },	       { "ls -l a b", true }, { "s -", true },	{ "a b", true },
		{ "ls -l a b", true }, { "b ", false },	      { " ls", false }, { "LS", false },
		{ "lsa", false },      { "l a", true },	      { "x", false },	{ "b x", false },
	};

	(void)state;
	choose("ARGS");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		execs.line = cases[i].line;
		for (int max = 0; max <= 1; max++) {
			execs.max_args = max;
			execs.max_bytes = max;
			DONE("ls\0-l\0a b");
			add_env(STRINGS("x=x"));
			handle();
			FAILED("+ls\0+-l\0+a b");
			handle();
			execs_finish();
			if (shown != (cases[i].matches ? 2 : 0))
				fail_msg("-l '%s': %u", cases[i].line, shown);
			printed();
		}
	}
	/* The marks of the kernel half are none of them, and there may be nothing. */
	execs.max_args = execs.max_bytes = 0;
	execs.line = "+";
	FAILED("+a\0-\0+b");
	handle();
	done("", 0);
	handle();
	assert_lines("");
	execs.line = "\xff\n";
	DONE("a\xff\nb");
	assert_row("$'a\\377\\nb'\n");
	/* Not all of the last one is there. */
	execs.line = "ab";
	DONE("x\0abc");
	cut_args(4);
	assert_begins(row(), "x ab ...");
	execs.line = "abc";
	handle();
	assert_lines("");
}

static void lines_and_ends(void **state)
{
	(void)state;
	execs.ends = true;
	execs.line = "a";
	choose("STATUS,ARGS");
	DONE("abc");
	handle();
	handle_end(start + MS, 1, 0);
	DONE("xyz");
	e->event.head.time = start + 2 * MS;
	handle();
	handle_end(start + 3 * MS, 1, 0);
	/* What it executed last is not wanted. */
	DONE("abc");
	e->event.head.time = start + 4 * MS;
	handle();
	DONE("xyz");
	e->event.head.time = start + 5 * MS;
	e->event.exec_id = 2;
	handle();
	handle_end(start + 6 * MS, 2, 0);
	assert_lines("-        abc\n0        abc\n-        abc\n");
}

/* --- order --- */

static void handle_at(uint64_t time, uint32_t pid)
{
	DONE("x");
	e->event.head.time = time;
	e->event.head.pid = pid;
	handle();
}

static void in_order(void **state)
{
	(void)state;
	choose("PID");
	handle_at(start + 2, 2);
	handle_at(start + 1, 1);
	assert_int_equal(shown, 0);
	/* What is so much later shows that nothing can come before these any more. */
	handle_at(start + 3 + ORDER_PATIENCE, 4);
	assert_int_equal(shown, 2);
	handle_at(start + 3, 3);
	assert_string_equal(printed(), "      1\n      2\n      3\n");
	/* So does the time that passes. */
	execs_settle(start + 2 + 2 * ORDER_PATIENCE);
	assert_int_equal(shown, 0);
	execs_settle(start + 3 + 2 * ORDER_PATIENCE);
	assert_string_equal(printed(), "      4\n");
	handle_at(start + 3 * ORDER_PATIENCE, 6);
	handle_at(start + 3 * ORDER_PATIENCE - 1, 5);
	assert_lines("      5\n      6\n");
}

/* The end was seen by another processor, and comes first. */
static void end_before_exec(void **state)
{
	(void)state;
	execs.ends = true;
	choose("STATUS,ARGS");
	handle_end(start + MS, 1, 3 << 8);
	DONE("x");
	handle();
	assert_lines("-        x\n3        x\n");
}

/* --- what is kept until the end --- */

/* One of them, with its NUL. */
static char *long_string(size_t len)
{
	static char text[200000];

	assert_in_range(len, 1, sizeof(text));
	memset(text, 'x', len - 1);
	text[len - 1] = '\0';
	return text;
}

/* Of very long arguments a part: it says so. */
static void long_arguments(void **state)
{
	const size_t len = 200000;
	char *text = long_string(len), note[64];
	const char *line;
	size_t there;

	(void)state;
	execs.ends = true;
	choose("ARGS");
	done(text, len);
	handle();
	handle_end(start + SECOND, 1, 0);
	execs_finish();
	assert_int_equal(shown, 2);
	line = printed();
	assert_int_equal(strspn(line, "x"), len - 1);
	assert_int_equal(line[len - 1], '\n');
	line += len;
	there = strspn(line, "x");
	assert_in_range(there, 1000, len - 1);
	snprintf(note, sizeof(note), " ...\t(cut: %zu bytes left out)\n", len - there);
	assert_string_equal(line + there, there == len - 1 ? "\n" : note);
}

/* The environment behind very long arguments was there, and is not known any more. */
static void long_arguments_and_environment(void **state)
{
	const size_t len = 200000;
	char *text = long_string(len);
	const char *line;

	(void)state;
	execs.ends = true;
	choose("ENV,ARGS");
	for (int as_json = 0; as_json <= 1; as_json++) {
		o.json = as_json;
		done(text, len);
		add_env(STRINGS("A=1"));
		handle();
		handle_end(start + SECOND, 1, 0);
		execs_finish();
		assert_int_equal(shown, 2);
		line = strchr(printed(), '\n') + 1;
		assert_true(strncmp(line, as_json ? "{\"env\":{}," : "- ", as_json ? 10 : 2));
	}
}

/* A long environment behind a few arguments is whole, or it says that it is not. */
static void long_environment(void **state)
{
	const size_t len = 200000;
	char *text = long_string(len);
	const char *first, *second;

	(void)state;
	execs.ends = true;
	choose("ENV,ARGS");
	memcpy(text, "A=", 2);
	DONE("ls");
	add_env(text, len);
	handle();
	handle_end(start + SECOND, 1, 0);
	execs_finish();
	assert_int_equal(shown, 2);
	first = printed();
	second = strchr(first, '\n') + 1;
	if (strlen(second) < len)
		assert_true(strstr(second, "...") || strstr(second, "(cut"));
}

/* More than may be kept: the lines of their ends are lost, and each is counted. */
static void too_much(void **state)
{
	const uint32_t count = 50000;
	const size_t len = 6000;
	char *text = long_string(len);

	(void)state;
	execs.ends = true;
	choose("STATUS");
	for (uint32_t i = 0; i < count; i++) {
		done(text, len);
		e->event.head.pid = i;
		handle();
	}
	execs_finish();
	assert_int_equal(shown, count);
	assert_in_range(lost, 1, count - 1);
	printed();
	for (uint32_t i = 0; i < count; i++) {
		begin(EXEC_ENDED, 0);
		e->event.head.time = start + SECOND;
		e->event.head.pid = i;
		used = sizeof(e->event);
		handle();
	}
	execs_finish();
	assert_int_equal(shown, count - lost);
	printed();
	lost = 0;
	/* There is room again. */
	done(text, len);
	e->event.head.time = start + 2 * SECOND;
	handle();
	handle_end(start + 3 * SECOND, 1, 0);
	assert_lines("-\n0\n");
}

/* One process that executes one program after the other has one of them only to be kept. */
static void again_and_again(void **state)
{
	const size_t len = 60000;
	char *text = long_string(len);

	(void)state;
	execs.ends = true;
	choose("RET,STATUS");
	for (uint32_t i = 1; i <= 1000; i++) {
		done(text, len);
		e->event.head.time = start + i;
		e->event.exec_id = i;
		handle();
	}
	execs_finish();
	assert_int_equal(shown, 1000);
	assert_int_equal(lost, 0);
	printed();
	handle_end(start + SECOND, 1000, 0);
	assert_lines("  0 0\n");
}

/* The arguments could not be read; there may still be a lot of room for them behind. */
static void unreadable_and_ended(void **state)
{
	(void)state;
	execs.ends = true;
	choose("STATUS,ARGS");
	begin(EXEC_DONE, 0);
	e->event.notes = EXEC_UNREADABLE;
	e->argc = 3;
	e->args_len = 1 << 20;
	memset(bytes + used, 'z', 1 << 20);
	used += 1 << 20;
	handle();
	handle_end(start + MS, 1, 0);
	assert_lines("-        ?\t(unreadable)\n0        ?\t(unreadable)\n");
}

/* --- the table --- */

static const char evil[] = "\n\x1b[2J\xff\x9b(\t";

/* Nothing of what a program has chosen reaches a terminal, or breaks JSON. */
static void hostile(void **state)
{
	struct event_context *c;
	char strings_of[3 * sizeof(evil)];
	const char *text;
	size_t len;

	(void)state;
	for (int kind = EXEC_DONE; kind <= EXEC_FAILED; kind++) {
		begin(kind, kind == EXEC_FAILED ? -ENOENT : 0);
		e->event.notes = kind == EXEC_FAILED ? 0 : EXEC_SCRIPT;
		strcpy(e->event.head.comm, evil);
		strcpy(e->session.parent, evil);
		strcpy(e->session.tty, evil);
		add_name(&e->file, evil);
		add_name(&e->interp, evil);
		add_ancestor(1, evil);
		add_base(evil, sizeof(evil));
		c = add_context(1);
		add_path(&c->exe, evil, sizeof(evil));
		add_path(&c->cwd, evil, sizeof(evil));
		add_path(&c->cgroup, evil, sizeof(evil));
		len = (size_t)sprintf(strings_of, "+%s", evil) + 1;
		add_args(strings_of, len);
		if (kind == EXEC_DONE) {
			len = (size_t)sprintf(strings_of, "%s=%s", evil, evil) + 1;
			add_env(strings_of, len);
		}
		choose("NOTE");
		for (const struct column *column = execs_table.columns; column->name; column++)
			table_show(&execs_table, column->name);
		for (int utf8 = 0; utf8 <= 1; utf8++) {
			o.utf8 = utf8;
			text = row();
			len = strlen(text);
			assert_true(is_utf8(text, len));
			assert_int_equal(strcspn(text, "\n"), len - 1);
			assert_null(strchr(strchr(text, '\t') + 1, '\t'));
			for (size_t i = 0; i < len; i++)
				assert_true((unsigned char)text[i] >= ' ' ||
					    strchr("\t\n", text[i]));
			text = json();
			len = strlen(text);
			assert_true(is_utf8(text, len));
			for (size_t i = 0; i < len - 1; i++)
				assert_true((unsigned char)text[i] >= ' ');
		}
	}
}

static void aligned(void **state)
{
	char spec[32], *line, *heading;

	(void)state;
	execs.ends = true;
	for (const struct column *c = execs_table.columns; c->name; c++) {
		if (c->note || !c->width)
			continue;
		snprintf(spec, sizeof(spec), "%s,ARGS", c->name);
		choose(spec);
		table_heading(&execs_table, &o);
		DONE("@");
		handle();
		handle_end(start + MS, 1, 0);
		execs_finish();
		assert_int_equal(shown, 2);
		heading = (char *)printed();
		line = heading;
		for (int i = 0; i < 2; i++) {
			line = strchr(line, '\n') + 1;
			if (strchr(line, '@') - line != strstr(heading, " ARGS\n") + 1 - heading)
				fail_msg("%s:\n%s", c->name, heading);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(usual),
		TEST(every_column),
		TEST(nothing),
		TEST(terminals),
		TEST(scripts),
		TEST(deleted),
		TEST(ancestors),
		TEST(words),
		TEST(reserved_words),
		TEST(strings),
		TEST(at_most_some),
		TEST(at_most_so_many_bytes),
		TEST(cut_by_either_half),
		TEST(cut_by_the_kernel_half),
		TEST(unreadable),
		TEST(large),
		TEST(failures),
		TEST(failures_of_nothing),
		TEST(failures_without_a_name),
		TEST(failures_unreadable),
		TEST(failures_cut),
		TEST(failures_cut_by_the_kernel_half),
		TEST(forged_notes),
		TEST(longest),
		TEST(environment),
		TEST(chosen_variables),
		TEST(odd_variables),
		TEST(cut_environment),
		TEST(statuses),
		TEST(ends),
		TEST(ends_of_others),
		TEST(used_again),
		TEST(several_programs),
		TEST(many_processes),
		TEST(slack),
		TEST(kinds),
		TEST(lines),
		TEST(lines_and_ends),
		TEST(in_order),
		TEST(end_before_exec),
		TEST(long_arguments),
		TEST(long_arguments_and_environment),
		TEST(long_environment),
		TEST(too_much),
		TEST(again_and_again),
		TEST(unreadable_and_ended),
		TEST(hostile),
		TEST(aligned),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
