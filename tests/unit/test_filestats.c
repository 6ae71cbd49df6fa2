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
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/filestats.h"
#include "common/tool.h"
#include "common/writes.h"

/* --- in place of the rest of the command --- */

static struct output o;
static unsigned int shown, lost;
static const char *paths[2]; /* of the event that is handed over */

void tool_show(const void *record)
{
	shown++;
	table_print(&filestats_table, &o, record);
	output_put(&o, "\n");
}

void tool_lose(void)
{
	lost++;
}

size_t writes_path(const struct write_event *e, int which, char *buf)
{
	size_t len = paths[which] ? strlen(paths[which]) : 0;

	(void)e;
	if (len)
		memcpy(buf, paths[which], len);
	return len;
}

bool writes_is_synced(const struct write_event *e)
{
	return e->file[0].flags & O_DSYNC;
}

/* --- events --- */

#define MS 1000000ULL
#define DEV (8U << 20 | 1)

static uint64_t now; /* since the tracing began, ns */
static uint32_t pid;

/* A file as it is open: the address of its struct file, and its inode. */
struct opened {
	uint64_t address, ino;
	const char *path;
	uint32_t flags, state, mode, magic;
};

static struct write_event about(int call, const struct opened *f, int64_t ret)
{
	paths[0] = f ? f->path : NULL;
	paths[1] = NULL;
	now += MS;
	return (struct write_event){
		.head = { .time = now, .pid = pid, .uid = 1000, .comm = "app" },
		.call = call,
		.ret = ret,
		.file[0] = {
			.file = f ? f->address : 0,
			.ino = f ? f->ino : 0,
			.dev = f ? DEV : 0,
			.flags = f ? f->flags : 0,
			.mode = f ? f->mode : 0,
			.magic = f ? f->magic : 0,
			.path.state = f ? f->state | PATH_WHOLE : 0,
		},
	};
}

static void hand_over(const struct write_event *e)
{
	/* A copy without a byte to spare. */
	struct write_event *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	*copy = *e;
	filestats_add(copy, sizeof(*copy));
	free(copy);
}

static void happens(int call, const struct opened *f, int64_t ret)
{
	const struct write_event e = about(call, f, ret);

	hand_over(&e);
}

static void opens(const struct opened *f)
{
	happens(CALL_OPENAT, f, 3);
}

static void writes_some(const struct opened *f, int64_t bytes)
{
	happens(CALL_WRITE, f, bytes);
}

/* `refs`: left, or of an exit and its like, those that there are before it. */
static void closes(int call, const struct opened *f, uint32_t refs)
{
	struct write_event e = about(call, f, 0);

	e.file[0].refs = refs;
	hand_over(&e);
}

/* Of a process, so long after the event before. */
static void exits(const struct opened *f, uint32_t of, uint32_t refs, uint64_t after)
{
	struct write_event e;

	now += after - MS;
	e = about(CALL_EXIT, f, 0);
	e.head.pid = of;
	e.file[0].refs = refs;
	hand_over(&e);
}

static void renames(const char *from, const char *to)
{
	struct write_event e = about(CALL_RENAME, NULL, 0);

	paths[0] = from;
	paths[1] = to;
	hand_over(&e);
}

static void unlinks(const char *path)
{
	struct write_event e = about(CALL_UNLINKAT, NULL, 0);

	paths[0] = path;
	hand_over(&e);
}

#define RW(number, name) \
	{ \
		.address = 0xffff888000000000 + (number)*0x100, .ino = (number), .path = (name), \
		.flags = O_WRONLY, .mode = S_IFREG | 0644, .magic = EXT4_SUPER_MAGIC, \
	}

static const struct opened f = RW(1, "/tmp/f"), g = RW(2, "/tmp/g"), h = RW(3, "/tmp/h");

/* --- what is printed of them --- */

static void choose(const char *spec)
{
	assert_int_equal(table_choose(&filestats_table, spec), 0);
}

static int set_up(void **state)
{
	(void)state;
	o = (struct output){ .utf8 = true };
	shown = lost = 0;
	pid = 42;
	now = 0;
	choose("OPENS,WRITES,BYTES,SYNCS,UNSYNCED,PATH");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	filestats_finish();
	output_close(&o);
	return lost != 0;
}

static void assert_printed(const char *wanted)
{
	char *to = output_room(&o, 1), *from;

	*to = '\0';
	/* Without what lines the columns up. */
	for (from = to = o.buf; *from; from++)
		if (*from != ' ' || (to > o.buf && to[-1] != ' ' && to[-1] != '\n'))
			*to++ = *from;
	*to = '\0';
	assert_string_equal(o.buf, wanted);
	o.used = 0;
}

static void assert_left(const char *wanted)
{
	assert_printed("");
	filestats_finish();
	assert_printed(wanted);
}

/* --- lines --- */

static void one_file(void **state)
{
	(void)state;
	choose("PID,COMM," FILESTATS_COLUMNS);
	opens(&f);
	writes_some(&f, 100);
	pid = 43;
	writes_some(&f, 7);
	happens(CALL_PWRITEV2, &f, 30);
	assert_printed("");
	closes(CALL_CLOSE, &f, 0);
	assert_printed("43 app 1 3 137 7 100 0 137 0.001 0.005 /tmp/f\n");
	/* And the same again is another line. */
	opens(&f);
	writes_some(&f, 1);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("43 app 1 1 1 1 1 0 1 0.006 0.008 /tmp/f\n");
	assert_left("");
}

static void heading(void **state)
{
	(void)state;
	choose(FILESTATS_COLUMNS);
	table_heading(&filestats_table, &o);
	*output_room(&o, 1) = '\0';
	assert_string_equal(
		o.buf, "OPENS WRITES    BYTES   MIN    MAX SYNCS UNSYNCED   FIRST    LAST PATH\n");
	choose(FILESTATS_EXTENDED);
	o.used = 0;
}

static void json(void **state)
{
	(void)state;
	o.json = true;
	choose("UID,PID,COMM,DEV,INO," FILESTATS_COLUMNS);
	now = 1500 * MS;
	opens(&f);
	closes(CALL_CLOSE, &f, 0);
	writes_some(&g, 5);
	filestats_finish();
	*output_room(&o, 1) = '\0';
	assert_string_equal(
		o.buf,
		"\"uid\":1000,\"pid\":42,\"comm\":\"app\",\"dev\":\"8:1\",\"ino\":1,"
		"\"opens\":1,\"writes\":0,\"bytes\":0,\"min\":null,\"max\":null,\"syncs\":0,"
		"\"unsynced\":0,\"first\":1.501000,\"first_time\":\"1970-01-01T00:00:01.501000+00:00\","
		"\"last\":1.502000,\"last_time\":\"1970-01-01T00:00:01.502000+00:00\","
		"\"path\":\"/tmp/f\",\"note\":\"(opened for writing, never written)\"\n"
		"\"uid\":1000,\"pid\":42,\"comm\":\"app\",\"dev\":\"8:1\",\"ino\":2,"
		"\"opens\":0,\"writes\":1,\"bytes\":5,\"min\":5,\"max\":5,\"syncs\":0,"
		"\"unsynced\":5,\"first\":1.503000,\"first_time\":\"1970-01-01T00:00:01.503000+00:00\","
		"\"last\":1.503000,\"last_time\":\"1970-01-01T00:00:01.503000+00:00\","
		"\"path\":\"/tmp/g\",\"note\":\"(no close seen)\"\n");
}

/* What does not write is none, and what fails is nothing at all. */
static void not_written(void **state)
{
	(void)state;
	opens(&f);
	writes_some(&f, 0);
	writes_some(&f, -ENOSPC);
	happens(CALL_FTRUNCATE, &f, 0);
	happens(CALL_FALLOCATE, &f, 0);
	happens(CALL_SYNC_FILE_RANGE, &f, 0);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
	happens(CALL_OPENAT, NULL, -ENOENT);
	happens(CALL_CLOSE, &g, 0); /* open before, and not written since */
	happens(CALL_FSYNC, &h, 0);
	assert_left("");
}

/* Opened before the tracing began. */
static void open_before(void **state)
{
	(void)state;
	happens(CALL_COPY_FILE_RANGE, &f, 4096);
	happens(CALL_COPY_FILE_RANGE, &f, 0);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("0 1 4096 0 4096 /tmp/f\n");
}

/* Ends of requests whose beginning, and so the file, was not seen. */
static void unknown_file(void **state)
{
	struct write_event e = about(CALL_WRITE, &f, 10);

	(void)state;
	e.stage = WRITE_ASKED; /* and one that has no end */
	hand_over(&e);
	choose("WRITES,BYTES,DEV,INO,PATH");
	happens(CALL_WRITE, NULL, 5);
	happens(CALL_WRITEV, NULL, 6);
	assert_left("2 11 ? ? ?\t(no close seen)\n");
}

/* --- who has it open --- */

static void dup_and_fork(void **state)
{
	(void)state;
	opens(&f);
	closes(CALL_CLOSE, &f, 2);
	writes_some(&f, 1);
	closes(CALL_DUP2, &f, 1);
	writes_some(&f, 1);
	assert_printed("");
	exits(&f, 43, 1, MS);
	assert_printed("1 2 2 0 2 /tmp/f\t(closed by exit)\n");
}

/* References that went without a close: of a mapping, or of a request. */
static void other_references(void **state)
{
	(void)state;
	opens(&f);
	closes(CALL_CLOSE, &f, 3);
	exits(&f, 43, 1, MS);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (closed by exit)\n");
	opens(&f);
	closes(CALL_CLOSE, &f, 1);
	assert_left("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (no close seen)\n");
}

/* What is mapped can be written without a call, and is open until nobody has it mapped any more. */
static void mapped(void **state)
{
	struct write_event e;

	(void)state;
	opens(&f);
	e = about(CALL_CLOSE, &f, 0);
	e.notes = WRITE_MAPPED;
	e.file[0].refs = 1;
	hand_over(&e);
	assert_left("1 0 0 0 0 /tmp/f\t(no close seen) (mapped)\n");
	opens(&f);
	e = about(CALL_CLOSE, &f, 0);
	e.notes = WRITE_MAPPED;
	e.file[0].refs = 1;
	hand_over(&e);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
	/* The bytes that were stored are not known. */
	opens(&f);
	happens(CALL_STORE, &f, 0);
	closes(CALL_CLOSE, &f, 0);
	happens(CALL_STORE, &g, 0);
	happens(CALL_STORE, &g, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(stored into 1 page)\n");
	assert_left("0 0 0 0 0 /tmp/g\t(no close seen) (stored into 2 pages)\n");
}

/* What is open for reading as well can have been mapped meanwhile, and stored into. */
static void mappable(void **state)
{
	struct opened both = f;

	(void)state;
	both.flags = O_RDWR;
	opens(&both);
	closes(CALL_CLOSE, &both, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(no write seen)\n");
	both.address = 0x100;
	opens(&f);
	opens(&both);
	closes(CALL_CLOSE, &both, 0);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("2 0 0 0 0 /tmp/f\t(no write seen)\n");
	opens(&both);
	happens(CALL_STORE, &both, 0);
	closes(CALL_CLOSE, &both, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(stored into 1 page)\n");
	/* And the next time it is not. */
	opens(&f);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
}

static void two_descriptions(void **state)
{
	const struct opened again = {
		.address = 0x100, .ino = 1, .path = "/tmp/f", .flags = O_RDWR
	};

	(void)state;
	opens(&f);
	opens(&again);
	writes_some(&f, 1);
	writes_some(&again, 1);
	closes(CALL_CLOSE, &f, 0);
	writes_some(&again, 1);
	assert_printed("");
	closes(CALL_EXEC, &again, 1);
	assert_printed("2 3 3 0 3 /tmp/f\t(closed by exec)\n");
}

/* Both descriptors of an exit are told of before the first is closed. */
static void exit_with_two(void **state)
{
	(void)state;
	opens(&f);
	exits(&f, 42, 2, MS);
	assert_printed("");
	exits(&f, 42, 2, 300 * MS);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (closed by exit)\n");
	/* Another process has it as well. */
	opens(&f);
	exits(&f, 42, 3, MS);
	exits(&f, 42, 3, MS);
	assert_printed("");
	closes(CALL_CLOSE, &f, 0);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
}

/* The same of close_range(2); one after the other is another thing. */
static void ranges(void **state)
{
	(void)state;
	opens(&f);
	closes(CALL_CLOSE_RANGE, &f, 2);
	closes(CALL_CLOSE_RANGE, &f, 2);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
	opens(&f);
	closes(CALL_CLOSE_RANGE, &f, 3);
	closes(CALL_CLOSE_RANGE, &f, 2);
	assert_printed("");
	closes(CALL_CLOSE_RANGE, &f, 1);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
}

#define AT_ONCE 10000ULL

static void two_exits_at_once(void **state)
{
	(void)state;
	opens(&f);
	exits(&f, 43, 2, MS);
	exits(&f, 44, 2, AT_ONCE);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (closed by exit)\n");
	/* One of them has closed what it had by then. */
	opens(&f);
	exits(&f, 43, 2, MS);
	exits(&f, 44, 1, AT_ONCE);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (closed by exit)\n");
	/* Two with two descriptors each. */
	opens(&f);
	exits(&f, 43, 4, MS);
	exits(&f, 43, 4, AT_ONCE);
	exits(&f, 44, 4, AT_ONCE);
	assert_printed("");
	exits(&f, 44, 4, AT_ONCE);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (closed by exit)\n");
	/* An exit, and a close that is no exit. */
	opens(&f);
	exits(&f, 43, 2, MS);
	now += AT_ONCE - MS;
	closes(CALL_CLOSE, &f, 1);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written)\n");
	/* A third has it as well: whether the first has closed it or not. */
	for (uint32_t refs = 2; refs <= 3; refs++) {
		opens(&f);
		exits(&f, 43, 3, MS);
		exits(&f, 44, refs, AT_ONCE);
		assert_printed("");
		exits(&f, 45, 1, MS);
		assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) "
			       "(closed by exit)\n");
	}
}

/* The children of a shell, one after the other, that have its standard output. */
static void shell_loop(void **state)
{
	(void)state;
	opens(&f);
	for (pid = 100; pid < 200; pid++) {
		writes_some(&f, 2);
		exits(&f, pid, 2, MS / 2);
	}
	assert_printed("");
	closes(CALL_DUP2, &f, 0);
	assert_printed("1 100 200 0 200 /tmp/f\n");
}

/* --- addresses that are used again --- */

/* So long that no close can come any more. */
static void waits(void)
{
	const struct opened unknown = { .ino = 999, .path = "/tmp/unknown" };

	now += 2000 * MS;
	happens(CALL_FSYNC, &unknown, 0);
}

static void recycled(void **state)
{
	struct opened other = g, again = f;

	(void)state;
	other.address = f.address;
	opens(&f);
	writes_some(&f, 1);
	writes_some(&other, 2); /* another inode */
	assert_printed("");
	waits();
	assert_printed("1 1 1 0 1 /tmp/f\t(no close seen)\n");
	opens(&other);
	writes_some(&other, 2); /* the open was told of late */
	assert_printed("");
	opens(&f);
	waits();
	assert_printed("1 2 4 0 4 /tmp/g\t(no close seen)\n");
	again.flags = O_RDONLY;
	opens(&again); /* the same inode */
	waits();
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (no close seen)\n");
	/* And again, while its close is waited for: that is too long. */
	opens(&f);
	opens(&other);
	assert_printed("");
	opens(&f);
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (no close seen)\n");
}

/* A close that ends when its memory has been given to another. */
static void closed_late(void **state)
{
	struct opened other = g;
	struct write_event e;

	(void)state;
	other.address = f.address;
	opens(&f);
	writes_some(&f, 1);
	opens(&other);
	assert_printed("");
	e = about(CALL_CLOSE, &f, 0);
	e.began = now - 2 * MS;
	e.file[0].ino = 12345; /* not its own */
	hand_over(&e);
	assert_printed("");
	e.file[0].ino = f.ino;
	hand_over(&e);
	assert_printed("1 1 1 0 1 /tmp/f\n");
	hand_over(&e);
	waits();
	assert_printed("");
	e = about(CALL_CLOSE, &other, 0);
	e.began = now;
	hand_over(&e);
	assert_printed("1 0 0 0 0 /tmp/g\t(opened for writing, never written)\n");
}

/* --- synced --- */

static void synced(void **state)
{
	struct opened direct = g;
	struct write_event e;

	(void)state;
	opens(&f);
	opens(&g);
	writes_some(&f, 10);
	happens(CALL_FSYNC, &f, 0);
	writes_some(&f, 3);
	writes_some(&g, 5);
	closes(CALL_CLOSE, &f, 0);
	assert_printed("1 2 13 1 3 /tmp/f\n");
	happens(CALL_FDATASYNC, &g, 0);
	happens(CALL_SYNC_FILE_RANGE, &g, 0);
	closes(CALL_CLOSE, &g, 0);
	assert_printed("1 1 5 1 0 /tmp/g\n");
	/* All of a device, all there is, and what was there before. */
	writes_some(&f, 1);
	writes_some(&g, 1);
	happens(CALL_SYNCFS, &h, 0);
	happens(CALL_SYNC, NULL, 0);
	writes_some(&g, 2);
	e = about(CALL_SYNCFS, &h, 0);
	e.file[0].dev++;
	hand_over(&e);
	happens(CALL_SYNCFS, &h, -EIO);
	opens(&h);
	closes(CALL_CLOSE, &f, 0);
	closes(CALL_CLOSE, &g, 0);
	closes(CALL_CLOSE, &h, 0);
	assert_printed("0 1 1 2 0 /tmp/f\n0 2 3 2 2 /tmp/g\n"
		       "1 0 0 0 0 /tmp/h\t(opened for writing, never written)\n");
	direct.flags |= O_DSYNC;
	opens(&direct);
	writes_some(&direct, 512);
	closes(CALL_CLOSE, &direct, 0);
	assert_printed("1 1 512 0 0 /tmp/g\n");
}

/* What is lost with the power anyway is none of the bytes that are not synced. */
static void in_memory(void **state)
{
	struct opened file = f;

	(void)state;
	file.magic = TMPFS_MAGIC;
	opens(&file);
	writes_some(&file, 10);
	happens(CALL_FSYNC, &file, 0);
	writes_some(&file, 1);
	closes(CALL_CLOSE, &file, 0);
	assert_printed("1 2 11 1 - /tmp/f\n");
	renames("/tmp/f", "/tmp/x");
	assert_printed("");
	file = g;
	file.path = "/memfd:g";
	file.state = PATH_NOWHERE;
	file.magic = HUGETLBFS_MAGIC;
	writes_some(&file, 1);
	closes(CALL_CLOSE, &file, 0);
	assert_printed("0 1 1 0 - /memfd:g\t(anonymous)\n");
	file.path = "pipe:[2]";
	file.mode = S_IFIFO;
	file.magic = PIPEFS_MAGIC;
	writes_some(&file, 1);
	closes(CALL_CLOSE, &file, 0);
	assert_printed("0 1 1 0 - pipe:[2]\n");
	file = h;
	file.path = "/dev/sda";
	file.mode = S_IFBLK;
	file.magic = TMPFS_MAGIC;
	writes_some(&file, 1);
	closes(CALL_CLOSE, &file, 0);
	assert_printed("0 1 1 0 1 /dev/sda\n");
}

static void failures(void **state)
{
	struct write_event e;

	(void)state;
	opens(&f);
	writes_some(&f, 10);
	happens(CALL_FSYNC, &f, -EIO);
	e = about(CALL_CLOSE, &f, -EDQUOT); /* which closes it all the same */
	hand_over(&e);
	assert_printed("1 1 10 0 10 /tmp/f\t(fsync failed: EIO) (close failed: EDQUOT)\n");
	opens(&f);
	writes_some(&f, 10);
	happens(CALL_FDATASYNC, &f, -639);
	happens(CALL_FSYNC, &f, 0);
	exits(&f, 42, 1, MS);
	assert_printed("1 1 10 1 0 /tmp/f\t(closed by exit) (fsync failed: 639)\n");
}

/* --- names --- */

static void deleted(void **state)
{
	struct opened gone = f, tmpfile = g;

	(void)state;
	gone.state = PATH_DELETED;
	tmpfile.state = PATH_DELETED;
	tmpfile.flags |= O_TMPFILE;
	tmpfile.path = "/tmp/#2";
	opens(&f);
	unlinks("/tmp/f");
	writes_some(&f, 1);
	closes(CALL_CLOSE, &gone, 0);
	assert_printed("1 1 1 0 1 /tmp/f\t(deleted)\n");
	opens(&tmpfile);
	closes(CALL_CLOSE, &tmpfile, 0);
	assert_printed("1 0 0 0 0 /tmp/#2\t(opened for writing, never written) (tmpfile)\n");
	/* Its path is another file's by the time that it is closed. */
	opens(&f);
	unlinks("/tmp/f");
	tmpfile = h;
	tmpfile.path = f.path;
	opens(&tmpfile);
	writes_some(&tmpfile, 2);
	closes(CALL_CLOSE, &gone, 0);
	closes(CALL_CLOSE, &tmpfile, 0);
	renames("/tmp/f", "/tmp/x");
	assert_printed("1 0 0 0 0 /tmp/f\t(opened for writing, never written) (deleted)\n"
		       "1 1 2 0 2 /tmp/f\n0 0 0 0 2 /tmp/f\t(renamed to /tmp/x without fsync)\n");
	/* Deleted after it was closed, and its inode used again. */
	unlinks("/tmp/x");
	tmpfile.path = "/tmp/y";
	opens(&tmpfile);
	closes(CALL_CLOSE, &tmpfile, 0);
	renames("/tmp/y", "/tmp/z");
	assert_printed("1 0 0 0 0 /tmp/y\t(opened for writing, never written)\n");
}

/* What writes a new file, and puts it in the place of the old one. */
static void save(const struct opened *file, bool sync, const char *from, const char *to)
{
	opens(file);
	writes_some(file, 10);
	if (sync)
		happens(CALL_FSYNC, file, 0);
	closes(CALL_CLOSE, file, 0);
	renames(from, to);
}

static void renamed(void **state)
{
	(void)state;
	/* sed -i: asks for "./f", in whatever directory it is. */
	save(&f, false, "/tmp//x/.././f", "/tmp/./doc");
	assert_printed("1 1 10 0 10 /tmp/f\n"
		       "0 0 0 0 10 /tmp/f\t(renamed to /tmp/doc without fsync)\n");
	/* Once more: what it replaces is known now. */
	save(&g, false, "/tmp/g", "/tmp/doc");
	assert_printed("1 1 10 0 10 /tmp/g\n"
		       "0 0 0 0 10 /tmp/g\t(renamed over /tmp/doc without fsync)\n");
	/* As it should be. */
	save(&h, true, "/tmp/h", "/tmp/doc");
	assert_printed("1 1 10 1 0 /tmp/h\n");
	/* By sync(1), which opens it for reading; and not at all. */
	opens(&f);
	writes_some(&f, 1);
	closes(CALL_CLOSE, &f, 0);
	happens(CALL_FSYNC, &f, 0);
	renames("/tmp/f", "/tmp/doc");
	assert_printed("1 1 1 0 1 /tmp/f\n");
	renames("/tmp/nothing", "/tmp/else");
	assert_left("");
}

/* Of a backup, which vim makes of a file that is then written anew. */
static void backup(void **state)
{
	const struct opened new = RW(9, "/tmp/doc");

	(void)state;
	renames("/tmp/doc", "/tmp/doc~");
	opens(&new);
	writes_some(&new, 10);
	happens(CALL_FSYNC, &new, 0);
	closes(CALL_CLOSE, &new, 0);
	unlinks("/tmp/doc~");
	assert_printed("1 1 10 1 0 /tmp/doc\n");
	assert_left("");
}

/* While it is open: with "with" in Python, or a log file. */
static void renamed_open(void **state)
{
	struct opened now_at = f;

	(void)state;
	opens(&f);
	writes_some(&f, 10);
	renames("/tmp/f", "/tmp/doc");
	writes_some(&f, 1);
	now_at.path = "/tmp/doc";
	closes(CALL_CLOSE, &now_at, 0);
	assert_printed("1 2 11 0 11 /tmp/doc\t(renamed to /tmp/doc without fsync)\n");
	/* Nothing was written, or all of it synced, by then. */
	opens(&g);
	renames("/tmp/g", "/tmp/h");
	writes_some(&g, 1);
	assert_left("1 1 1 0 1 /tmp/h\t(no close seen)\n");
	/* And over one that is open. */
	opens(&f);
	opens(&g);
	writes_some(&g, 1);
	renames("/tmp/g", "/tmp/f");
	assert_left(
		"1 0 0 0 0 /tmp/f\t(opened for writing, never written) (no close seen) (deleted)\n"
		"1 1 1 0 1 /tmp/f\t(no close seen) (renamed over /tmp/f without fsync)\n");
}

static void exchanged(void **state)
{
	struct write_event e;

	(void)state;
	opens(&f);
	opens(&g);
	writes_some(&f, 1);
	closes(CALL_CLOSE, &f, 0);
	closes(CALL_CLOSE, &g, 0);
	o.used = 0;
	e = about(CALL_RENAMEAT2, NULL, 0);
	e.arg[4] = RENAME_EXCHANGE;
	paths[0] = "/tmp/f";
	paths[1] = "/tmp/g";
	hand_over(&e);
	assert_printed("0 0 0 0 1 /tmp/f\t(renamed over /tmp/g without fsync)\n");
	/* Each is found by the name that was the other's. */
	renames("/tmp/f", "/tmp/x");
	assert_printed("");
	renames("/tmp/g", "/tmp/y");
	assert_printed("0 0 0 0 1 /tmp/g\t(renamed to /tmp/y without fsync)\n");
	e.ret = -ENOENT;
	hand_over(&e);
	assert_printed("");
}

static void hostile_names(void **state)
{
	static char path[CELL_BUF];
	struct opened file = f;

	(void)state;
	save(&f, false, "/tmp/f", "/tmp/a\t(deleted)\n");
	assert_printed("1 1 10 0 10 /tmp/f\n"
		       "0 0 0 0 10 /tmp/f\t(renamed to /tmp/a\\t(deleted)\\n without fsync)\n");
	/* As long as there is room for, with all notes in front of it. */
	memset(path, 'x', sizeof(path) - 1);
	*path = '/';
	opens(&file);
	writes_some(&file, 1);
	happens(CALL_FSYNC, &file, -EIO);
	renames("/tmp/f", path);
	unlinks(path);
	filestats_finish();
	assert_int_equal(shown, 3);
	o.used = 0;
	renames("/..", "/");
	renames("relative", "");
	/* A new name that could not be read. */
	opens(&f);
	writes_some(&f, 1);
	renames("/tmp/f", NULL);
	assert_left("1 1 1 0 1 ?\t(no close seen) (renamed to ? without fsync)\n");
}

/* --- many --- */

static uint64_t sum;

static void count(const char *name)
{
	char *text;

	*output_room(&o, 1) = '\0';
	text = strstr(o.buf, name);
	assert_non_null(text);
	o.used = 0;
	sum += strtoull(o.buf, NULL, 10);
}

/* More than fit: those that nothing was heard of for the longest time are told, and nothing is lost. */
static void too_many(void **state)
{
	static char path[4096];
	struct opened file = RW(0, path);
	unsigned int early;

	(void)state;
	choose("WRITES,PATH");
	memset(path, 'x', sizeof(path) - 1);
	*path = '/';
	sum = 0;
	for (uint64_t i = 1; i <= 20000; i++) {
		sprintf(path + sizeof(path) - 9, "%08u", (unsigned int)i);
		file.address = i << 8;
		file.ino = i;
		opens(&file);
		writes_some(&file, 1);
		if (o.used)
			count("(told early)");
	}
	early = shown;
	assert_in_range(early, 10000, 15000);
	/* The oldest is told again, with what comes now. */
	file.address = 1 << 8;
	file.ino = 1;
	writes_some(&file, 1);
	count("(told early)");
	closes(CALL_CLOSE, &file, 0);
	count("x");
	/* Closed ones go first, and are not told again. */
	for (uint64_t i = 15001; i <= 20000; i++) {
		file.address = i << 8;
		file.ino = i;
		closes(CALL_CLOSE, &file, 0);
		count("x");
	}
	early = shown;
	for (uint64_t i = 30001; i <= 34000; i++) {
		file.address = i << 8;
		file.ino = i;
		opens(&file);
	}
	assert_int_equal(shown, early);
	filestats_finish();
	for (char *line = strtok((*output_room(&o, 1) = '\0', o.buf), "\n"); line;
	     line = strtok(NULL, "\n"))
		sum += strtoull(line, NULL, 10);
	assert_int_equal(sum, 20001);
	o.used = 0;
}

/* One file alone, open more often than fits. */
static void too_often(void **state)
{
	struct opened file = f;

	(void)state;
	choose("OPENS,PATH");
	sum = 0;
	for (uint64_t i = 1; i <= 300000; i++) {
		file.address = i << 8;
		opens(&file);
		if (o.used)
			count("(told early)");
	}
	assert_in_range(shown, 1, 10);
	filestats_finish();
	count("/tmp/f");
	assert_int_equal(sum, 300000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(one_file),
		TEST(heading),
		TEST(json),
		TEST(not_written),
		TEST(open_before),
		TEST(unknown_file),
		TEST(dup_and_fork),
		TEST(other_references),
		TEST(mapped),
		TEST(mappable),
		TEST(two_descriptions),
		TEST(exit_with_two),
		TEST(ranges),
		TEST(two_exits_at_once),
		TEST(shell_loop),
		TEST(recycled),
		TEST(closed_late),
		TEST(synced),
		TEST(in_memory),
		TEST(failures),
		TEST(deleted),
		TEST(renamed),
		TEST(backup),
		TEST(renamed_open),
		TEST(exchanged),
		TEST(hostile_names),
		TEST(too_many),
		TEST(too_often),
	};

	setenv("TZ", "UTC0", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
