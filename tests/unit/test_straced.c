/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/straced.h"
#include "common/writes.h"

static struct write_options options;

/* --- records, as the kernel half makes them --- */

/* A path as it is read; or of what is mounted nowhere a name, and that of the file system. */
struct path {
	const char *text, *fs;
	unsigned int deleted;
};

struct piece {
	const char *text;
	unsigned int got; /* bytes of it, where it is no string */
	uint64_t base, len;
	unsigned int unreadable;
};

#define AT_NULL UINT64_MAX

struct example {
	const char *line;
	enum write_call call;
	uint64_t arg[6];
	int64_t ret;
	const char *asked[2];
	struct path base[2], file[2];
	struct piece piece[6];
	uint64_t at[2], how[3], offset;
	int fd;
	unsigned int unreadable, notes, stage, tid;
};

static char bytes[131072] __attribute__((aligned(8)));
static struct write_event *const e = (void *)bytes;
static size_t used;

static void append(const void *some, size_t len)
{
	assert_in_range(used + len, 0, sizeof(bytes));
	memcpy(bytes + used, some, len);
	used += len;
}

/* Names, leaf first, each with its NUL. */
static void append_path(struct path_info *info, const struct path *path)
{
	char text[512], *slash;
	size_t start = used;

	if (!path->text)
		return;
	info->ino = 7;
	info->state = PATH_WHOLE | (path->deleted ? PATH_DELETED : 0);
	snprintf(text, sizeof(text), "%s", path->text);
	if (path->fs) {
		info->state |= PATH_NOWHERE;
		append(text, strlen(text) + 1);
		append(path->fs, strlen(path->fs) + 1);
	} else {
		while ((slash = strrchr(text, '/')) && slash[1]) {
			append(slash + 1, strlen(slash));
			*slash = '\0';
		}
	}
	info->len = (uint32_t)(used - start);
}

static void append_piece(const struct piece *p)
{
	const char *text = p->text ?: "";
	struct write_piece piece = {
		.base = p->base == AT_NULL ? 0 : p->base ?: 0x1000,
		.got = p->got ?: (uint32_t)strlen(text),
		.unreadable = p->unreadable,
		.index = (uint16_t)e->pieces,
	};

	piece.len = p->len ?: piece.got;
	used = (used + 7) & ~(size_t)7;
	if (!e->pieces++)
		e->data = (uint32_t)used;
	append(&piece, sizeof(piece));
	append(text, piece.got);
}

static void make(const struct example *x)
{
	memset(bytes, 0, sizeof(bytes));
	used = sizeof(*e);
	e->head.pid = 1;
	e->head.tid = x->tid ?: 22482;
	e->call = x->call;
	e->ret = x->ret;
	e->stage = x->stage;
	e->notes = x->notes;
	e->unreadable = x->unreadable;
	e->offset = x->offset;
	e->fd = x->fd;
	memcpy(e->arg, x->arg, sizeof(e->arg));
	memcpy(e->at, x->at, sizeof(e->at));
	memcpy(e->how, x->how, sizeof(e->how));
	for (int i = 0; i < 2; i++) {
		e->asked[i] = (uint32_t)strlen(x->asked[i] ?: "");
		append(x->asked[i] ?: "", e->asked[i]);
	}
	for (int i = 0; i < 2; i++)
		append_path(&e->base[i], &x->base[i]);
	for (int i = 0; i < 2; i++)
		append_path(&e->file[i].path, &x->file[i]);
	for (size_t i = 0; i < sizeof(x->piece) / sizeof(*x->piece); i++)
		if (x->piece[i].base || x->piece[i].text)
			append_piece(&x->piece[i]);
}

/* Of a copy without a byte to spare. */
static void assert_line(const char *line)
{
	struct output o = {};
	void *copy = malloc(used);

	assert_non_null(copy);
	memcpy(copy, bytes, used);
	straced_print(&o, copy);
	free(copy);
	output_put(&o, "");
	*output_room(&o, 1) = '\0';
	assert_string_equal(o.buf, line);
	output_close(&o);
}

static void assert_examples(const struct example *x, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		make(&x[i]);
		assert_line(x[i].line);
	}
}
#define ASSERT_EXAMPLES(x) assert_examples(x, sizeof(x) / sizeof(*(x)))

static int setup(void **state)
{
	(void)state;
	options = (struct write_options){ .data = 32, .pieces = 1, .paths = 1 };
	writes = (struct writes){ .options = &options };
	return 0;
}

/* --- what strace 6.1 says --- */

#define PATH(path) \
	{ \
		.text = path \
	}
#define GONE(path) \
	{ \
		.text = path, .deleted = 1 \
	}
#define NOWHERE(name, type) \
	{ \
		.text = name, .fs = type \
	}
#define TEXT(string) \
	{ \
		.text = string \
	}
#define BYTES(string, n, size) \
	{ \
		.text = string, .got = n, .len = size \
	}
#define NOTHING(address, size) \
	{ \
		.base = address, .len = size, .unreadable = 1 \
	}

#define FILE_ONE \
	{ \
		PATH("/tmp/st/file") \
	}
#define CWD ((uint64_t)AT_FDCWD)
#define HERE \
	{ \
		PATH("/tmp/st"), PATH("/tmp/st") \
	}

static void writes_plain(void **state)
{
	static const char control[] = "\0\1\2\3\4\5\6\7\b\t\n\v\f\r\16\17\20\21\22\23\24\25\26\27"
				      "\30\31\32\33\34\35\36\37 ";
	const struct example x[] = {
		{ "22482 write(3</tmp/st/file>, \"42\", 2)   = 2",
		  CALL_WRITE,
		  { 3, 0x1000, 2 },
		  2,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") } },
		{ "7     write(1</tmp/st/file>, \"42\", 2)   = 2",
		  CALL_WRITE,
		  { 1, 0x1000, 2 },
		  2,
		  .tid = 7,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") } },
		{ "22482 write(3</tmp/st/file>, \"\\0\\1\\2\\3\\4\\5\\6\\7\\10\\t\\n\\v\\f\\r\\16\\17\\20\\21\\22"
		  "\\23\\24\\25\\26\\27\\30\\31\\32\\33\\34\\35\\36\\37\", 32) = 32",
		  CALL_WRITE,
		  { 3, 0x1000, 32 },
		  32,
		  .file = FILE_ONE,
		  .piece = { BYTES(control, 32, 0) } },
		{ "22482 write(3</tmp/st/file>, \"\\0\\1\\2\\3\\4\\5\\6\\7\\10\\t\\n\\v\\f\\r\\16\\17\\20\\21\\22"
		  "\\23\\24\\25\\26\\27\\30\\31\\32\\33\\34\\35\\36\\37\"..., 33) = 33",
		  CALL_WRITE,
		  { 3, 0x1000, 33 },
		  33,
		  .file = FILE_ONE,
		  .piece = { BYTES(control, 32, 33) } },
		{ "22482 write(3</tmp/st/file>, \"abc\\0001\\0012\\09\\0\\0\", 11) = 11",
		  CALL_WRITE,
		  { 3, 0x1000, 11 },
		  11,
		  .file = FILE_ONE,
		  .piece = { BYTES("abc\0"
				   "1\1"
				   "2\0"
				   "9\0\0",
				   11, 0) } },
		{ "22482 write(3</tmp/st/file>, \"\\378<>'\\\\\\\"\\33\\177\\200\\377\", 11) = 11",
		  CALL_WRITE,
		  { 3, 0x1000, 11 },
		  11,
		  .file = FILE_ONE,
		  .piece = { TEXT("\37"
				  "8<>'\\\"\33\177\200\377") } },
		/* Nothing; at NULL; at what cannot be read; at what can, but all that it says is an address. */
		{ "22482 write(3</tmp/st/file>, \"\", 0)     = 0",
		  CALL_WRITE,
		  { 3, 1, 0 },
		  0,
		  .file = FILE_ONE,
		  .piece = { { .base = 1 } } },
		{ "22482 write(3</tmp/st/file>, NULL, 0)   = 0",
		  CALL_WRITE,
		  { 3, 0, 0 },
		  0,
		  .file = FILE_ONE },
		{ "22482 write(3</tmp/st/file>, NULL, 5)   = -1 EFAULT (Bad address)",
		  CALL_WRITE,
		  { 3, 0, 5 },
		  -EFAULT,
		  .file = FILE_ONE },
		{ "22482 write(3</tmp/st/file>, 0x1, 5)    = -1 EFAULT (Bad address)",
		  CALL_WRITE,
		  { 3, 1, 5 },
		  -EFAULT,
		  .file = FILE_ONE,
		  .piece = { NOTHING(1, 5) } },
		{ "22482 write(3</tmp/st/file>, \"42\"..., 18446744073709551615) = -1 EFAULT (Bad address)",
		  CALL_WRITE,
		  { 3, 0x1000, -1 },
		  -EFAULT,
		  .file = FILE_ONE,
		  .piece = { { .text = "42", .len = -1 } } },
		/* A descriptor is 32 bits, and one without a file has no path. */
		{ "22482 write(-100, \"42\", 2)              = -1 EBADF (Bad file descriptor)",
		  CALL_WRITE,
		  { -100, 0x1000, 2 },
		  -EBADF,
		  .piece = { TEXT("42") } },
		{ "22482 write(3</tmp/st/file>, \"42\", 2)   = 2",
		  CALL_WRITE,
		  { 0x100000003, 0x1000, 2 },
		  2,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") } },
		{ "22482 pwrite64(3</tmp/st/file>, \"42\", 2, 7) = 2",
		  CALL_PWRITE64,
		  { 3, 0x1000, 2, 7 },
		  2,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") } },
		{ "22482 pwrite64(3</tmp/st/file>, \"42\", 2, -7) = -1 EINVAL (Invalid argument)",
		  CALL_PWRITE64,
		  { 3, 0x1000, 2, -7 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") } },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

static void no_data(void **state)
{
	const struct example none = {
		"22482 write(3</tmp/st/file>, \"\"..., 2)  = 2",
		CALL_WRITE,
		{ 3, 0x1000, 2 },
		2,
		.file = FILE_ONE,
	};
	const struct example vector = {
		"22482 writev(3</tmp/st/file>, [...], 2) = 4",
		CALL_WRITEV,
		{ 3, 0x1000, 2 },
		4,
		.file = FILE_ONE,
	};

	(void)state;
	options.data = 0;
	make(&none);
	assert_line(none.line);
	make(&vector);
	assert_line(vector.line);
}

static void data_hex(void **state)
{
	const struct example x[] = {
		{ "22482 write(3</tmp/st/file>, \"\\x34\\x00\\xff\"..., 4) = 4",
		  CALL_WRITE,
		  { 3, 0x1000, 4 },
		  4,
		  .file = FILE_ONE,
		  .piece = { BYTES("4\0\xff", 3, 4) } },
		{ "22482 unlink(\"name\")                    = 0",
		  CALL_UNLINK,
		  { 0x1000 },
		  .asked = { "name" } },
	};

	(void)state;
	writes.hex = true;
	ASSERT_EXAMPLES(x);
}

#define XY TEXT("xy"), TEXT("xy")

static void vectors(void **state)
{
	const struct example x[] = {
		{ "22482 writev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}, {iov_base=NULL, iov_len=0}, "
		  "{iov_base=0x1, iov_len=5}, {iov_base=\"ab\"..., iov_len=18446744073709551615}], 4) = 2",
		  CALL_WRITEV,
		  { 3, 0x2000, 4 },
		  2,
		  .file = FILE_ONE,
		  .piece = { TEXT("xy"),
			     { .base = AT_NULL },
			     NOTHING(1, 5),
			     { .text = "ab", .len = -1 } } },
		{ "22482 writev(3</tmp/st/file>, [], 0)    = 0",
		  CALL_WRITEV,
		  { 3, 1, 0 },
		  .file = FILE_ONE },
		{ "22482 writev(3</tmp/st/file>, NULL, 2)  = -1 EFAULT (Bad address)",
		  CALL_WRITEV,
		  { 3, 0, 2 },
		  -EFAULT,
		  .file = FILE_ONE },
		{ "22482 writev(3</tmp/st/file>, 0x1, 2)   = -1 EFAULT (Bad address)",
		  CALL_WRITEV,
		  { 3, 1, 2 },
		  -EFAULT,
		  .file = FILE_ONE },
		/* An array that would go round the end of memory. */
		{ "22482 writev(3</tmp/st/file>, 0x7ffe1838de20, 18446744073709551615) = -1 EINVAL (Invalid argument)",
		  CALL_WRITEV,
		  { 3, 0x7ffe1838de20, -1 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .piece = { XY } },
		{ "22482 writev(3</tmp/st/file>, 0x7ffcf1935ce0, 1152921504606846960) = -1 EINVAL (Invalid argument)",
		  CALL_WRITEV,
		  { 3, 0x7ffcf1935ce0, 1152921504606846960 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .piece = { XY } },
		/* One whose end cannot be read; one of which there was no room for more. */
		{ "22482 writev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}, {iov_base=\"xy\", iov_len=2}, "
		  "... /* 0x7f8656b82000 */], 3) = -1 EFAULT (Bad address)",
		  CALL_WRITEV,
		  { 3, 0x7f8656b81fe0, 3 },
		  -EFAULT,
		  .file = FILE_ONE,
		  .piece = { XY } },
		{ "22482 writev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}, {iov_base=\"xy\", iov_len=2}, "
		  "...], 3) = 6",
		  CALL_WRITEV,
		  { 3, 0x7f8656b81fe0, 3 },
		  6,
		  .file = FILE_ONE,
		  .piece = { XY } },
		{ "22482 writev(3</tmp/st/file>, 0xff00, 3) = -1 EFAULT (Bad address)",
		  CALL_WRITEV,
		  { 3, 0xff00, 3 },
		  -EFAULT,
		  .file = FILE_ONE },
		{ "22482 pwritev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}], 1, -7) = -1 EINVAL (Invalid argument)",
		  CALL_PWRITEV,
		  { 3, 0x2000, 1, -7, -1 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .piece = { TEXT("xy") } },
		{ "22482 pwritev2(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}], 1, -1, RWF_APPEND) = 2",
		  CALL_PWRITEV2,
		  { 3, 0x2000, 1, -1, -1, 0x10 },
		  2,
		  .file = FILE_ONE,
		  .piece = { TEXT("xy") } },
		{ "22482 pwritev2(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}], 1, 7, 0x100 /* RWF_??? */) = 2",
		  CALL_PWRITEV2,
		  { 3, 0x2000, 1, 7, 0, 0x700000100 },
		  2,
		  .file = FILE_ONE,
		  .piece = { TEXT("xy") } },
		{ "22482 vmsplice(5<pipe:[7]>, [{iov_base=\"xy\", iov_len=2}], 1, SPLICE_F_GIFT|0x10) = 2",
		  CALL_VMSPLICE,
		  { 5, 0x2000, 1, 0x18 },
		  2,
		  .file = { NOWHERE("", "pipefs") },
		  .piece = { TEXT("xy") } },
	};
	const struct example two = {
		"22482 writev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}, {iov_base=\"xy\", iov_len=2}, ...], 31) = 62",
		CALL_WRITEV,
		{ 3, 0x2000, 31 },
		62,
		.file = FILE_ONE,
		.piece = { XY, TEXT("xy") },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
	/* No more elements than a string has bytes. */
	options.data = 2;
	make(&two);
	assert_line(two.line);
	e->ret = -EBADF;
	assert_line(
		"22482 writev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}, {iov_base=\"xy\", iov_len=2}, "
		"...], 31) = -1 EBADF (Bad file descriptor)");
}

#define G_FROM_FILE \
	{ \
		PATH("/tmp/st/g"), PATH("/tmp/st/file") \
	}

static void copies(void **state)
{
	const struct example x[] = {
		{ "22482 sendfile(6</tmp/st/g>, 3</tmp/st/file>, NULL, 5) = 0",
		  CALL_SENDFILE,
		  { 6, 3, 0, 5 },
		  .file = G_FROM_FILE },
		{ "22482 sendfile(6</tmp/st/g>, 3</tmp/st/file>, [3] => [8], 5) = 5",
		  CALL_SENDFILE,
		  { 6, 3, 0x1000, 5 },
		  5,
		  .file = G_FROM_FILE,
		  .at = { 8 } },
		{ "22482 sendfile(6</tmp/st/g>, 3</tmp/st/file>, [18446744073709551613], 5) = -1 EINVAL (Invalid argument)",
		  CALL_SENDFILE,
		  { 6, 3, 0x1000, 5 },
		  -EINVAL,
		  .file = G_FROM_FILE,
		  .at = { -3 } },
		{ "22482 sendfile(6</tmp/st/g>, 3</tmp/st/file>, 0x1, 5) = -1 EFAULT (Bad address)",
		  CALL_SENDFILE,
		  { 6, 3, 1, 5 },
		  -EFAULT,
		  .file = G_FROM_FILE,
		  .unreadable = UNREADABLE_AT(0) },
		{ "22482 sendfile(6</tmp/st/g>, 9999, [3], 18446744073709551615) = -1 EBADF (Bad file descriptor)",
		  CALL_SENDFILE,
		  { 6, 9999, 0x1000, -1 },
		  -EBADF,
		  .file = { PATH("/tmp/st/g") },
		  .at = { 3 } },
		{ "22482 splice(3</tmp/st/file>, [3], 5<pipe:[7]>, NULL, 5, 0) = 5",
		  CALL_SPLICE,
		  { 3, 0x1000, 5, 0, 5, 0 },
		  5,
		  .file = { NOWHERE("", "pipefs"), PATH("/tmp/st/file") },
		  .at = { 8 } },
		{ "22482 splice(4<pipe:[7]>, NULL, 6</tmp/st/g>, 0x1, 5, SPLICE_F_MOVE|SPLICE_F_NONBLOCK) "
		  "= -1 EFAULT (Bad address)",
		  CALL_SPLICE,
		  { 4, 0, 6, 1, 5, 3 },
		  -EFAULT,
		  .file = { PATH("/tmp/st/g"), NOWHERE("", "pipefs") },
		  .unreadable = UNREADABLE_AT(1) },
		{ "22482 splice(4<pipe:[7]>, [-3], 6</tmp/st/g>, [-3], 18446744073709551615, 0) = -1 ESPIPE (Illegal seek)",
		  CALL_SPLICE,
		  { 4, 0x1000, 6, 0x1000, -1 },
		  -ESPIPE,
		  .file = { PATH("/tmp/st/g"), NOWHERE("", "pipefs") },
		  .at = { -3, -3 } },
		{ "22482 copy_file_range(3</tmp/st/file>, [0], 6</tmp/st/g>, [9], 5, 0) = 5",
		  CALL_COPY_FILE_RANGE,
		  { 3, 0x1000, 6, 0x1000, 5, 0 },
		  5,
		  .file = G_FROM_FILE,
		  .at = { 5, 14 } },
		{ "22482 copy_file_range(3</tmp/st/file>, NULL, 6</tmp/st/g>, NULL, 5, 4294967295) = -1 EINVAL (Invalid argument)",
		  CALL_COPY_FILE_RANGE,
		  { 3, 0, 6, 0, 5, -1 },
		  -EINVAL,
		  .file = G_FROM_FILE },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

#define HANDLE_HEAD "\10\0\0\0\1\0\0\0"
#define EIGHT "\3\x21\xa7\0\x3c\x0d\7\xc6"

static void opens(void **state)
{
	char path[PATH_MAX + 1], line[2 * PATH_MAX];
	struct example cut = { line, CALL_OPEN, { 0x1000 }, -ENAMETOOLONG, .asked = { path } };
	const struct example x[] = {
		{ "22482 open(\"f\", O_RDWR|O_CREAT|O_TRUNC, 000) = 3</tmp/st/f>",
		  CALL_OPEN,
		  { 0x1000, O_RDWR | O_CREAT | O_TRUNC, 0 },
		  3,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") } },
		{ "22482 open(\"f\", O_RDWR|O_CREAT|O_TRUNC, 0177777) = 8</tmp/st/f>",
		  CALL_OPEN,
		  { 0x1000, O_RDWR | O_CREAT | O_TRUNC, -1 },
		  8,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") } },
		{ "22482 open(\"f\", O_WRONLY)               = 9</tmp/st/f>",
		  CALL_OPEN,
		  { 0x1000, 0x100000000 | O_WRONLY, 0644 },
		  9,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") } },
		{ "22482 open(\".\", O_RDWR|O_TMPFILE, 0600) = 43</tmp/st/#1>(deleted)",
		  CALL_OPEN,
		  { 0x1000, O_RDWR | O_TMPFILE, 0600 },
		  43,
		  .asked = { "." },
		  .base = HERE,
		  .file = { GONE("/tmp/st/#1") } },
		{ "22482 open(NULL, O_WRONLY)              = -1 EFAULT (Bad address)",
		  CALL_OPEN,
		  { 0, O_WRONLY },
		  -EFAULT,
		  .base = HERE,
		  .unreadable = UNREADABLE_ASKED(0) },
		{ "22482 open(\"\", O_WRONLY)                = -1 ENOENT (No such file or directory)",
		  CALL_OPEN,
		  { 1, O_WRONLY },
		  -ENOENT,
		  .asked = { "" },
		  .base = HERE },
		{ "22482 creat(\"f\", 0600)                  = 45</tmp/st/f>",
		  CALL_CREAT,
		  { 0x1000, 0600 },
		  45,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") } },
		{ "22482 openat(AT_FDCWD</tmp/st>, \".\", O_RDWR|O_EXCL|O_TMPFILE, 0600) = 44</tmp/st/#2>(deleted)",
		  CALL_OPENAT,
		  { CWD, 0x1000, O_TMPFILE | O_RDWR | O_EXCL, 0600 },
		  44,
		  .asked = { "." },
		  .base = HERE,
		  .file = { GONE("/tmp/st/#2") } },
		{ "22482 openat(47</tmp/st>, \"/f\", O_WRONLY) = -1 ENOENT (No such file or directory)",
		  CALL_OPENAT,
		  { 47, 0x1000, O_WRONLY },
		  -ENOENT,
		  .asked = { "/f" },
		  .base = HERE },
		{ "22482 openat(-7, \"f\", O_WRONLY)         = -1 EBADF (Bad file descriptor)",
		  CALL_OPENAT,
		  { -7, 0x1000, O_WRONLY },
		  -EBADF,
		  .asked = { "f" } },
		/* The link of a working directory is shown as it is. */
		{ "22482 openat(AT_FDCWD</tmp/st/gone (deleted)>, \"f\", O_WRONLY) = -1 ENOENT (No such file or directory)",
		  CALL_OPENAT,
		  { 0xffffff9c, 0x1000, O_WRONLY },
		  -ENOENT,
		  .asked = { "f" },
		  .base = { GONE("/tmp/st/gone") } },
		{ "22482 openat(7</tmp/st/gone>(deleted), \"f\", O_WRONLY) = -1 ENOENT (No such file or directory)",
		  CALL_OPENAT,
		  { 7, 0x1000, O_WRONLY },
		  -ENOENT,
		  .asked = { "f" },
		  .base = { GONE("/tmp/st/gone") } },
		{ "22482 openat2(47</tmp/st>, \"f\", {flags=O_RDWR|O_CREAT, mode=0644, resolve=0}, 24) = 50</tmp/st/f>",
		  CALL_OPENAT2,
		  { 47, 0x1000, 0x2000, 24 },
		  50,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") },
		  .how = { O_RDWR | O_CREAT, 0644 } },
		{ "22482 openat2(47</tmp/st>, \"f\", {flags=O_RDWR, resolve=RESOLVE_BENEATH|0x40}, 25) = 51</tmp/st/f>",
		  CALL_OPENAT2,
		  { 47, 0x1000, 0x2000, 25 },
		  51,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") },
		  { BYTES("\0", 1, 0) },
		  .how = { O_RDWR, 0, 0x48 } },
		{ "22482 openat2(47</tmp/st>, \"f\", {flags=O_RDWR|0xf00000000, mode=01777777777777777777777, resolve=0, "
		  "/* bytes 24..31 */ \"\\x00\\x00\\x01\\x41\"...}, 32) = -1 E2BIG (Argument list too long)",
		  CALL_OPENAT2,
		  { 47, 0x1000, 0x2000, 32 },
		  -E2BIG,
		  .asked = { "f" },
		  .base = HERE,
		  .piece = { BYTES("\0\0\1A", 4, 8) },
		  .how = { 0xf00000000 | O_RDWR, -1 } },
		{ "22482 openat2(47</tmp/st>, \"f\", {flags=O_RDWR, resolve=0, ???}, 32) = -1 EFAULT (Bad address)",
		  CALL_OPENAT2,
		  { 47, 0x1000, 0x2000, 32 },
		  -EFAULT,
		  .asked = { "f" },
		  .base = HERE,
		  .piece = { NOTHING(1, 8) },
		  .how = { O_RDWR } },
		{ "22482 openat2(47</tmp/st>, \"f\", 0x2000, 23) = -1 EINVAL (Invalid argument)",
		  CALL_OPENAT2,
		  { 47, 0x1000, 0x2000, 23 },
		  -EINVAL,
		  .asked = { "f" },
		  .base = HERE },
		{ "22482 openat2(47</tmp/st>, \"f\", 0x1, 24) = -1 EFAULT (Bad address)",
		  CALL_OPENAT2,
		  { 47, 0x1000, 1, 24 },
		  -EFAULT,
		  .asked = { "f" },
		  .base = HERE,
		  .unreadable = UNREADABLE_HOW },
		{ "22482 open_by_handle_at(47</tmp/st>, {handle_bytes=8, handle_type=1, "
		  "f_handle=\"\\x03\\x21\\xa7\\x00\\x3c\\x0d\\x07\\xc6\"}, O_RDWR) = -1 EBADF (Bad file descriptor)",
		  CALL_OPEN_BY_HANDLE_AT,
		  { 47, 0x1000, O_RDWR },
		  -EBADF,
		  .base = HERE,
		  .piece = { BYTES(HANDLE_HEAD EIGHT, 16, 0) } },
		{ "22482 open_by_handle_at(-100, {handle_bytes=8, handle_type=1, "
		  "f_handle=\"\\x03\\x21\\xa7\\x00\\x3c\\x0d\\x07\\xc6\"}, O_RDWR|O_CREAT) = 57",
		  CALL_OPEN_BY_HANDLE_AT,
		  { CWD, 0x1000, O_RDWR | O_CREAT },
		  57,
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") },
		  .piece = { BYTES(HANDLE_HEAD EIGHT, 16, 0) } },
		{ "22482 open_by_handle_at(99, {handle_bytes=8, handle_type=1, f_handle=???}, O_RDWR) = -1 EBADF (Bad file descriptor)",
		  CALL_OPEN_BY_HANDLE_AT,
		  { 99, 0x1000, O_RDWR },
		  -EBADF,
		  .piece = { { HANDLE_HEAD, 8, .unreadable = 1 } } },
		{ "22482 open_by_handle_at(99, {handle_bytes=0, handle_type=-3, f_handle=\"\"}, O_RDWR) = -1 EINVAL (Invalid argument)",
		  CALL_OPEN_BY_HANDLE_AT,
		  { 99, 0x1000, O_RDWR },
		  -EINVAL,
		  .piece = { BYTES("\0\0\0\0\375\377\377\377", 8, 0) } },
		{ "22482 open_by_handle_at(99, 0x1, O_RDWR) = -1 EFAULT (Bad address)",
		  CALL_OPEN_BY_HANDLE_AT,
		  { 99, 1, O_RDWR },
		  -EFAULT,
		  .piece = { NOTHING(1, 8) } },
	};

	(void)state;
	ASSERT_EXAMPLES(x);

	/* The longest name there can be, and one that is longer. */
	memset(path, 'a', sizeof(path));
	path[PATH_MAX - 1] = '\0';
	snprintf(line, sizeof(line),
		 "22482 open(\"%s\", O_RDONLY) = -1 ENAMETOOLONG (File name too long)", path);
	make(&cut);
	assert_line(line);
	path[PATH_MAX - 1] = 'a';
	path[PATH_MAX] = '\0';
	snprintf(line, sizeof(line),
		 "22482 open(\"%.*s\"..., O_RDONLY) = -1 ENAMETOOLONG (File name too long)",
		 PATH_MAX - 1, path);
	make(&cut);
	assert_line(line);
}

static void syncs(void **state)
{
	const struct example x[] = {
		{ "22482 fsync(3</tmp/st/file>)            = 0",
		  CALL_FSYNC,
		  { 3 },
		  .file = FILE_ONE },
		{ "22482 fsync(9999)                       = -1 EBADF (Bad file descriptor)",
		  CALL_FSYNC,
		  { 9999 },
		  .ret = -EBADF },
		{ "22482 fdatasync(3</tmp/st/file>)        = 0",
		  CALL_FDATASYNC,
		  { 3 },
		  .file = FILE_ONE },
		{ "22482 syncfs(3</tmp/st/file>)           = 0",
		  CALL_SYNCFS,
		  { 3 },
		  .file = FILE_ONE },
		{ "22482 sync()                            = 0", CALL_SYNC, .arg = { 3 } },
		{ "22482 sync_file_range(3</tmp/st/file>, -1, 9223372036854775807, "
		  "SYNC_FILE_RANGE_WRITE|SYNC_FILE_RANGE_WAIT_AFTER|0x8) = -1 EINVAL (Invalid argument)",
		  CALL_SYNC_FILE_RANGE,
		  { 3, -1, INT64_MAX, 0xe },
		  -EINVAL,
		  .file = FILE_ONE },
		{ "22482 ftruncate(3</tmp/st/file>, 5)     = 0",
		  CALL_FTRUNCATE,
		  { 3, 5 },
		  .file = FILE_ONE },
		{ "22482 ftruncate(3</tmp/st/file>, 18446744073709551611) = -1 EINVAL (Invalid argument)",
		  CALL_FTRUNCATE,
		  { 3, -5 },
		  -EINVAL,
		  .file = FILE_ONE },
		{ "22482 truncate(\"nofile\\n\\\"\", 5)         = -1 ENOENT (No such file or directory)",
		  CALL_TRUNCATE,
		  { 0x1000, 5 },
		  -ENOENT,
		  .asked = { "nofile\n\"" },
		  .base = HERE },
		{ "22482 fallocate(3</tmp/st/file>, FALLOC_FL_KEEP_SIZE, 0, 10) = 0",
		  CALL_FALLOCATE,
		  { 3, 1, 0, 10 },
		  .file = FILE_ONE },
		{ "22482 fallocate(3</tmp/st/file>, 0x80 /* FALLOC_FL_??? */, 0, -10) = -1 EINVAL (Invalid argument)",
		  CALL_FALLOCATE,
		  { 3, 0x80, 0, -10 },
		  -EINVAL,
		  .file = FILE_ONE },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

static void names(void **state)
{
	const struct example x[] = {
		{ "22482 rename(\"g\", \"h\")                  = 0",
		  CALL_RENAME,
		  { 1, 2 },
		  .asked = { "g", "h" },
		  .base = HERE },
		{ "22482 rename(NULL, 0x1)                 = -1 EFAULT (Bad address)",
		  CALL_RENAME,
		  { 0, 1 },
		  -EFAULT,
		  .unreadable = UNREADABLE_ASKED(0) | UNREADABLE_ASKED(1) },
		{ "22482 rename(\"\", 0x1)                   = -1 EFAULT (Bad address)",
		  CALL_RENAME,
		  { 1, 1 },
		  -EFAULT,
		  .unreadable = UNREADABLE_ASKED(1) },
		{ "22482 renameat(AT_FDCWD</tmp/st>, \"g\", 3</tmp/st/file>, \"h\") = -1 ENOTDIR (Not a directory)",
		  CALL_RENAMEAT,
		  { CWD, 1, 3, 2 },
		  -ENOTDIR,
		  .asked = { "g", "h" },
		  .base = { PATH("/tmp/st"), PATH("/tmp/st/file") } },
		{ "22482 renameat2(7</tmp/st>, \"h\", 7</tmp/st>, \"g\", 0) = 0",
		  CALL_RENAMEAT2,
		  { 7, 1, 7, 2, 0 },
		  0,
		  .asked = { "h", "g" },
		  .base = HERE },
		{ "22482 renameat2(7</tmp/st>, \"h\", 9999, \"g\", RENAME_NOREPLACE|RENAME_EXCHANGE) = -1 EBADF (Bad file descriptor)",
		  CALL_RENAMEAT2,
		  { 7, 1, 9999, 2, 3 },
		  -EBADF,
		  .asked = { "h", "g" },
		  .base = { PATH("/tmp/st") } },
		{ "22482 unlink(\"g\")                       = 0",
		  CALL_UNLINK,
		  { 1 },
		  .asked = { "g" } },
		{ "22482 unlinkat(AT_FDCWD</>, \"12345678901\", AT_REMOVEDIR) = 0",
		  CALL_UNLINKAT,
		  { CWD, 1, AT_REMOVEDIR },
		  0,
		  .asked = { "12345678901" },
		  .base = { PATH("/") } },
		/* Where the result begins: one column before it is moved, and where it is. */
		{ "22482 unlinkat(AT_FDCWD</>, \"1234\", 0)  = 0",
		  CALL_UNLINKAT,
		  { CWD, 1 },
		  0,
		  .asked = { "1234" },
		  .base = { PATH("/") } },
		{ "22482 unlinkat(AT_FDCWD</>, \"12345\", 0) = 0",
		  CALL_UNLINKAT,
		  { CWD, 1 },
		  0,
		  .asked = { "12345" },
		  .base = { PATH("/") } },
		{ "22482 unlinkat(AT_FDCWD</>, \"123456\", 0) = 0",
		  CALL_UNLINKAT,
		  { CWD, 1 },
		  0,
		  .asked = { "123456" },
		  .base = { PATH("/") } },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

static void paths(void **state)
{
	const struct {
		struct path path;
		const char *text;
	} x[] = {
		{ PATH("/"), "</>" },
		{ PATH("/tmp/odd>name<\"\\\303\274\n\t\1x\001"
		       "7\001:'"),
		  "</tmp/odd\\76name\\74\\\"\\\\\\303\\274\\n\\t\\1x\\0017\\1:'>" },
		{ PATH("/x>7"), "</x\\0767>" },
		{ PATH("/x (deleted)"), "</x (deleted)>" },
		{ GONE("/x (deleted)"), "</x (deleted)>(deleted)" },
		{ NOWHERE("memfd:mem>fd", "tmpfs"), "</memfd:mem\\76fd>(deleted)" },
		{ NOWHERE("[eventfd]", "anon_inodefs"), "<anon_inode:[eventfd]>" },
		{ NOWHERE("inotify", "anon_inodefs"), "<anon_inode:inotify>" },
		{ NOWHERE("", "sockfs"), "<socket:[7]>" },
		{ PATH("/dev/pts/0"), "</dev/pts/0>" },
	};
	struct example close = { .call = CALL_CLOSE, .arg = { 3 } };
	char line[256];
	int n;

	(void)state;
	for (size_t i = 0; i < sizeof(x) / sizeof(*x); i++) {
		close.file[0] = x[i].path;
		make(&close);
		n = snprintf(line, sizeof(line), "22482 close(3%s)", x[i].text);
		snprintf(line + n, sizeof(line) - n, "%*s", n < 40 ? 43 - n : 4, " = 0");
		assert_line(line);
	}
}

static void closes(void **state)
{
	const struct example x[] = {
		{ "22482 close(3</tmp/st/file>)            = 0",
		  CALL_CLOSE,
		  { 3 },
		  .file = FILE_ONE },
		{ "22482 close(3</tmp/st/file>)            = -1 EIO (Input/output error)",
		  CALL_CLOSE,
		  { 3 },
		  -EIO,
		  .file = FILE_ONE },
		{ "22482 dup2(61</dev/null>, 50</tmp/st/f>) = 50</dev/null>",
		  CALL_DUP2,
		  { 61, 50 },
		  50,
		  .file = { PATH("/tmp/st/f"), PATH("/dev/null") } },
		{ "22482 dup3(61</dev/null>, 50</tmp/st/f>, O_CLOEXEC) = 50</dev/null>",
		  CALL_DUP3,
		  { 61, 50, O_CLOEXEC },
		  50,
		  .file = { PATH("/tmp/st/f"), PATH("/dev/null") } },
		{ "22482 dup3(61</dev/null>, 50</tmp/st/f>, 0x1 /* O_??? */) = -1 EINVAL (Invalid argument)",
		  CALL_DUP3,
		  { 61, 50, 1 },
		  -EINVAL,
		  .file = { PATH("/tmp/st/f"), PATH("/dev/null") } },
		{ "22482 close(3</tmp/st/file> <unfinished ...>",
		  CALL_CLOSE,
		  { 3 },
		  .file = FILE_ONE,
		  .stage = WRITE_ASKED },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

static void results(void **state)
{
	static const struct {
		int err;
		const char *text;
	} errors[] = {
		{ ENOSPC, "-1 ENOSPC (No space left on device)" },
		{ EOPNOTSUPP, "-1 EOPNOTSUPP (Operation not supported)" },
		{ EDEADLK, "-1 EDEADLK (Resource deadlock avoided)" },
		{ 41, "-1 (errno 41)" },
		{ 134, "-1 (errno 134)" },
		{ 512, "? ERESTARTSYS (To be restarted if SA_RESTART is set)" },
		{ 513, "? ERESTARTNOINTR (To be restarted)" },
		{ 514, "? ERESTARTNOHAND (To be restarted if no handler)" },
		{ 515, "-1 ENOIOCTLCMD (Unknown error 515)" },
		{ 516, "? ERESTART_RESTARTBLOCK (Interrupted by signal)" },
		{ 519, "-1 (errno 519)" },
		{ 524, "-1 ENOTSUPP (Unknown error 524)" },
		{ 4095, "-1 (errno 4095)" },
	};
	struct example sync = { .call = CALL_SYNC };
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		sync.ret = -errors[i].err;
		make(&sync);
		snprintf(line, sizeof(line), "22482 sync()                            = %s",
			 errors[i].text);
		assert_line(line);
	}
}

static void compat(void **state)
{
	const struct example x[] = {
		{ "22482 ftruncate(3</tmp/st/file>, 4294967291) = -1 EINVAL (Invalid argument)",
		  CALL_FTRUNCATE,
		  { 3, -5 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .notes = WRITE_COMPAT },
		{ "22482 ftruncate64(3</tmp/st/file>, 18446744073709551611) = -1 EINVAL (Invalid argument)",
		  CALL_FTRUNCATE,
		  { 3, -5 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .notes = WRITE_COMPAT | WRITE_64 },
		{ "22482 sendfile(3</tmp/st/file>, 4, [4294967293], 5) = -1 EINVAL (Invalid argument)",
		  CALL_SENDFILE,
		  { 3, 4, 0x1000, 5 },
		  -EINVAL,
		  .file = FILE_ONE,
		  .at = { 0x1fffffffd },
		  .notes = WRITE_COMPAT },
		{ "22482 sendfile64(3</tmp/st/file>, 4, [3] => [8], 5) = 5",
		  CALL_SENDFILE,
		  { 3, 4, 0x1000, 5 },
		  5,
		  .file = FILE_ONE,
		  .at = { 8 },
		  .notes = WRITE_COMPAT | WRITE_64 },
		/* An element of the array is half as long. */
		{ "22482 writev(3</tmp/st/file>, [{iov_base=\"xy\", iov_len=2}, ... /* 0xfff00008 */], 4294967295) "
		  "= -1 EINVAL (Invalid argument)",
		  CALL_WRITEV,
		  { 3, 0xfff00000, 0xffffffff },
		  -EINVAL,
		  .file = FILE_ONE,
		  .piece = { TEXT("xy") },
		  .notes = WRITE_COMPAT },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

/* What strace has no line for. */
static void others(void **state)
{
	const struct example x[] = {
		{ "22482 /* exit closes 3</tmp/st/file> */", CALL_EXIT, .file = FILE_ONE, .fd = 3 },
		{ "22482 /* exec closes 3</tmp/st/file> */", CALL_EXEC, .file = FILE_ONE, .fd = 3 },
		{ "22482 /* close_range closes 3</tmp/st/file> */", CALL_CLOSE_RANGE,
		  .file = FILE_ONE, .fd = 3 },
		{ "22482 /* store into a mapped page of </tmp/st/file> at 4096 */", CALL_STORE,
		  .file = FILE_ONE, .offset = 4096, .fd = -1 },
		{ "22482 /* io_uring: write(3</tmp/st/file>, \"42\", 2) = 2 */",
		  CALL_WRITE,
		  { 0, 0x1000, 2 },
		  2,
		  .fd = 3,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") },
		  .notes = WRITE_IO_URING },
		{ "22482 /* io_uring: write_fixed(direct 0</tmp/st/file>, \"42\", 2) = -1 EIO (Input/output error) */",
		  CALL_WRITE_FIXED,
		  { 0, 0x1000, 2 },
		  -EIO,
		  .file = FILE_ONE,
		  .piece = { TEXT("42") },
		  .notes = WRITE_IO_URING | WRITE_DIRECT },
		{ "22482 /* io_uring: fsync(3</tmp/st/file>) = ? */", CALL_FSYNC, .fd = 3,
		  .file = FILE_ONE, .notes = WRITE_IO_URING, .stage = WRITE_ASKED },
		{ "22482 /* io_uring: openat(AT_FDCWD</tmp/st>, \"f\", O_RDWR|O_CREAT, 0600) = 5</tmp/st/f> */",
		  CALL_OPENAT,
		  { CWD, 0, O_RDWR | O_CREAT, 0600 },
		  5,
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") },
		  .notes = WRITE_IO_URING },
		{ "22482 /* io_uring: openat2(AT_FDCWD</tmp/st>, \"f\", O_RDWR) = direct 7</tmp/st/f> */",
		  CALL_OPENAT2,
		  { CWD, 0, O_RDWR },
		  .asked = { "f" },
		  .base = HERE,
		  .file = { PATH("/tmp/st/f") },
		  .fd = 7,
		  .notes = WRITE_IO_URING | WRITE_DIRECT },
		{ "22482 /* io_uring: fsync(...) = 0 */", CALL_FSYNC, .notes = WRITE_IO_URING,
		  .stage = WRITE_ENDED },
	};

	(void)state;
	ASSERT_EXAMPLES(x);
}

/* Every call has a line. */
static void all(void **state)
{
	struct example x = {};

	(void)state;
	for (x.call = 0; x.call < CALLS; x.call++) {
		struct output o = {};

		make(&x);
		straced_print(&o, e);
		assert_in_range(o.used, 15, 200);
		*output_room(&o, 1) = '\0';
		assert_null(strstr(o.buf, "(null)"));
		output_close(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_plain, setup), cmocka_unit_test_setup(no_data, setup),
		cmocka_unit_test_setup(data_hex, setup),     cmocka_unit_test_setup(vectors, setup),
		cmocka_unit_test_setup(copies, setup),	     cmocka_unit_test_setup(opens, setup),
		cmocka_unit_test_setup(syncs, setup),	     cmocka_unit_test_setup(names, setup),
		cmocka_unit_test_setup(paths, setup),	     cmocka_unit_test_setup(closes, setup),
		cmocka_unit_test_setup(results, setup),	     cmocka_unit_test_setup(compat, setup),
		cmocka_unit_test_setup(others, setup),	     cmocka_unit_test_setup(all, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
