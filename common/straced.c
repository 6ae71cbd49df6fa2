// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/straced.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/escape.h"
#include "common/names.h"
#include "common/path.h"
#include "common/writes.h"

#define RESULT_COLUMN 40	  /* where " = " ends up at the earliest, see -a in strace(1) */
#define STRING_MAX (PATH_MAX - 1) /* of a path that was asked for */
#define FLAGS_BUF 512

/* What an argument is. */
enum kind {
	END,
	NUMBER,	  /* 64 bits with a sign */
	SIZE,	  /* and without */
	LENGTH,	  /* of a file: a 32-bit program has it in 32 or 64 bits */
	UNSIGNED, /* 32 bits */
	FD,	  /* of the first file */
	FD_FROM,  /* and of the one that the bytes come from */
	FD_MOUNT, /* of open_by_handle_at(2): AT_FDCWD is a number there */
	DIRECTORY,
	DIRECTORY2,
	NAME,
	NAME2,
	DATA,	/* the next argument is how many bytes, */
	VECTOR, /* or how many struct iovec */
	AT_FROM,
	AT_TO,
	AT_SENT, /* of sendfile(2), with what it is afterwards */
	OPEN_FLAGS,
	OPEN_MODE, /* if there is a use for it */
	MODE,
	HOW,
	HANDLE,
	FLAGS, /* and enum flag_set */
};

static const unsigned char arguments[CALLS][6] = {
	[CALL_WRITE] = { FD, DATA, SIZE },
	[CALL_PWRITE64] = { FD, DATA, SIZE, NUMBER },
	[CALL_WRITEV] = { FD, VECTOR, SIZE },
	[CALL_PWRITEV] = { FD, VECTOR, SIZE, NUMBER },
	[CALL_PWRITEV2] = { FD, VECTOR, SIZE, NUMBER },
	[CALL_SENDFILE] = { FD, FD_FROM, AT_SENT, SIZE },
	[CALL_SPLICE] = { FD_FROM, AT_FROM, FD, AT_TO, SIZE, FLAGS + FLAGS_SPLICE },
	[CALL_VMSPLICE] = { FD, VECTOR, SIZE, FLAGS + FLAGS_SPLICE },
	[CALL_COPY_FILE_RANGE] = { FD_FROM, AT_FROM, FD, AT_TO, SIZE, UNSIGNED },
	[CALL_WRITE_FIXED] = { FD, DATA, SIZE },
	[CALL_WRITEV_FIXED] = { FD, VECTOR, SIZE },
	[CALL_OPEN] = { NAME, OPEN_FLAGS, OPEN_MODE },
	[CALL_CREAT] = { NAME, MODE },
	[CALL_OPENAT] = { DIRECTORY, NAME, OPEN_FLAGS, OPEN_MODE },
	[CALL_OPENAT2] = { DIRECTORY, NAME, HOW, SIZE },
	[CALL_OPEN_BY_HANDLE_AT] = { FD_MOUNT, HANDLE, OPEN_FLAGS },
	[CALL_FSYNC] = { FD },
	[CALL_FDATASYNC] = { FD },
	[CALL_SYNC_FILE_RANGE] = { FD, NUMBER, NUMBER, FLAGS + FLAGS_SYNC_RANGE },
	[CALL_SYNCFS] = { FD },
	[CALL_FTRUNCATE] = { FD, LENGTH },
	[CALL_TRUNCATE] = { NAME, LENGTH },
	[CALL_FALLOCATE] = { FD, FLAGS + FLAGS_FALLOCATE, NUMBER, NUMBER },
	[CALL_RENAME] = { NAME, NAME2 },
	[CALL_RENAMEAT] = { DIRECTORY, NAME, DIRECTORY2, NAME2 },
	[CALL_RENAMEAT2] = { DIRECTORY, NAME, DIRECTORY2, NAME2, FLAGS + FLAGS_RENAME },
	[CALL_UNLINK] = { NAME },
	[CALL_UNLINKAT] = { DIRECTORY, NAME, FLAGS + FLAGS_AT },
	[CALL_CLOSE] = { FD },
	[CALL_DUP2] = { FD_FROM, FD },
	[CALL_DUP3] = { FD_FROM, FD, FLAGS + FLAGS_OPEN },
};

/* --- strings --- */

static void put_text(struct output *o, const char *text, size_t len)
{
	output_advance(o, escape_strace(output_room(o, len * ESCAPE_TEXT_MAX), text, len));
}

static void put_hex(struct output *o, const char *bytes, size_t len)
{
	char *to = output_room(o, len * ESCAPE_TEXT_MAX + 1);

	for (size_t i = 0; i < len; i++)
		to += sprintf(to, "\\x%02x", (unsigned char)bytes[i]);
	output_advance(o, to);
}

static void put_pointer(struct output *o, uint64_t address)
{
	if (address)
		output_format(o, "%#llx", (unsigned long long)address);
	else
		output_put(o, "NULL");
}

/* --- descriptors and paths --- */

/* Between < and >, which are escaped as well then. */
static void put_link(struct output *o, const char *path, size_t len)
{
	const char *end = path + len, *next;
	bool whole;

	output_put(o, "<");
	for (; path < end; path = next + 1) {
		for (next = path; next < end && *next != '<' && *next != '>'; next++)
			;
		put_text(o, path, next - path);
		whole = next + 1 < end && next[1] >= '0' && next[1] <= '7';
		if (next < end)
			output_format(o, whole ? "\\%03o" : "\\%o", *next);
	}
	output_put(o, ">");
}

/*
 * The path of an open file, as strace makes it of the link in /proc/PID/fd: that
 * ends with " (deleted)" where there is no such name any more, and what is
 * mounted nowhere and yet has a path never had one.  The link of a working
 * directory is left as it is.
 */
static void put_path(struct output *o, const char *names, const struct path_info *info, bool cwd)
{
	static char path[CELL_BUF + sizeof(" (deleted)")];
	size_t len = path_text(path, CELL_BUF, names, info);
	bool deleted = info->state & PATH_DELETED || (info->state & PATH_NOWHERE && *path == '/');

	if (!len)
		return;
	if (deleted && cwd)
		len += snprintf(path + len, sizeof(path) - len, " (deleted)");
	put_link(o, path, len);
	if (deleted && !cwd)
		output_put(o, "(deleted)");
}

static void put_file(struct output *o, const struct write_event *e, int which)
{
	put_path(o, writes_file_names(e, which), &e->file[which].path, false);
}

static bool is_request(const struct write_event *e)
{
	return e->notes & WRITE_IO_URING;
}

static void put_fd(struct output *o, const struct write_event *e, int fd, int which)
{
	if (e->notes & WRITE_DIRECT && !which)
		output_put(o, "direct ");
	output_number(o, fd);
	put_file(o, e, which);
}

static void put_directory(struct output *o, const struct write_event *e, int fd, int which)
{
	if (fd == AT_FDCWD)
		output_put(o, "AT_FDCWD");
	else
		output_number(o, fd);
	put_path(o, writes_base_names(e, which), &e->base[which], fd == AT_FDCWD);
}

static void put_name(struct output *o, const struct write_event *e, uint64_t address, int which)
{
	size_t len;
	const char *name = writes_asked(e, which, &len);

	/* The kernel has a copy of what a request asks for. */
	if ((!address && !is_request(e)) || e->unreadable & UNREADABLE_ASKED(which)) {
		put_pointer(o, address);
		return;
	}
	output_put(o, "\"");
	put_text(o, name, len > STRING_MAX ? STRING_MAX : len);
	output_put(o, len > STRING_MAX ? "\"..." : "\"");
}

/* --- data --- */

static void put_data(struct output *o, uint64_t base, uint64_t len, const struct write_piece *piece)
{
	size_t got = piece ? piece->got : 0;

	if (!base || (piece && piece->unreadable)) {
		put_pointer(o, base);
		return;
	}
	output_put(o, "\"");
	if (got && writes.hex)
		put_hex(o, (const char *)(piece + 1), got);
	else if (got)
		put_text(o, (const char *)(piece + 1), got);
	output_put(o, got < len ? "\"..." : "\"");
}

/* As many elements as a string has bytes, see -s in strace(1). */
static void put_vector(struct output *o, const struct write_event *e, uint64_t base, uint64_t count)
{
	const struct write_piece *piece = writes_piece(e, NULL);
	uint64_t size = e->notes & WRITE_COMPAT ? 8 : 16, bytes, limit = writes.options->data, i;

	if (!base || (count && (__builtin_mul_overflow(count, size, &bytes) ||
				base + bytes <= base || (limit && !piece)))) {
		put_pointer(o, base);
		return;
	}
	output_put(o, "[");
	for (i = 0; piece && i < count && i < limit; i++) {
		output_put(o, i ? ", {iov_base=" : "{iov_base=");
		put_data(o, piece->base, piece->len, piece);
		output_format(o, ", iov_len=%llu}", (unsigned long long)piece->len);
		piece = writes_piece(e, piece);
	}
	if (i < count)
		output_put(o, i ? ", ..." : "...");
	/* Where the array could not be read any more; or was there no room for all of it? */
	if (i < count && i < limit && e->ret < 0) {
		output_put(o, " /* ");
		put_pointer(o, base + i * size);
		output_put(o, " */");
	}
	output_put(o, "]");
}

/* struct file_handle: two 32-bit numbers, and as many bytes as the first one says. */
static void put_handle(struct output *o, const struct write_event *e, uint64_t base)
{
	const struct write_piece *piece = writes_piece(e, NULL);
	const struct {
		uint32_t bytes;
		int32_t type;
		char text[];
	} *handle = piece ? (const void *)(piece + 1) : NULL;
	size_t len = MAX_HANDLE_SZ;

	if (!handle || piece->got < sizeof(*handle)) {
		put_pointer(o, base);
		return;
	}
	output_format(o, "{handle_bytes=%u, handle_type=%d, f_handle=", handle->bytes,
		      handle->type);
	if (handle->bytes < len)
		len = handle->bytes;
	if (piece->unreadable) {
		output_put(o, "???}");
		return;
	}
	if (piece->got - sizeof(*handle) < len)
		len = piece->got - sizeof(*handle);
	output_put(o, "\"");
	put_hex(o, handle->text, len);
	output_put(o, handle->bytes > len ? "\"...}" : "\"}");
}

/* --- other arguments --- */

static void put_flags(struct output *o, enum flag_set set, uint64_t flags)
{
	char text[FLAGS_BUF];

	flag_set_text(text, sizeof(text), set, flags);
	output_put(o, text);
}

static void put_open_flags(struct output *o, uint64_t flags)
{
	char text[FLAGS_BUF];

	open_flags_text(text, sizeof(text), flags);
	output_put(o, text);
}

static void put_mode(struct output *o, uint64_t mode)
{
	output_format(o, "%#03llo", (unsigned long long)mode);
}

/* Either bit is enough for strace, though O_TMPFILE is two. */
static bool has_mode(uint64_t flags)
{
	return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
}

static bool is_zero(const char *bytes, size_t len)
{
	while (len && !*bytes) {
		bytes++;
		len--;
	}
	return !len;
}

static void put_how(struct output *o, const struct write_event *e, uint64_t base, uint64_t size)
{
	const struct write_piece *more = writes_piece(e, NULL);

	if (e->unreadable & UNREADABLE_HOW || size < sizeof(e->how)) {
		put_pointer(o, base);
		return;
	}
	output_put(o, "{flags=");
	put_open_flags(o, e->how[0]);
	if (e->how[1] || has_mode(e->how[0])) {
		output_put(o, ", mode=");
		put_mode(o, e->how[1]);
	}
	output_put(o, ", resolve=");
	put_flags(o, FLAGS_RESOLVE, e->how[2]);
	if (more && more->unreadable) {
		output_put(o, ", ???");
	} else if (more && !is_zero((const char *)(more + 1), more->got)) {
		output_format(o, ", /* bytes %zu..%llu */ \"", sizeof(e->how),
			      (unsigned long long)(sizeof(e->how) + more->len - 1));
		put_hex(o, (const char *)(more + 1), more->got);
		output_put(o, more->got < more->len ? "\"..." : "\"");
	}
	output_put(o, "}");
}

/* What a pointer to an offset pointed to: it has moved on by now. */
static void put_at(struct output *o, const struct write_event *e, uint64_t pointer, int which)
{
	if (!pointer || e->unreadable & UNREADABLE_AT(which))
		put_pointer(o, pointer);
	else
		output_format(o, "[%lld]", (long long)(e->at[which] - (e->ret > 0 ? e->ret : 0)));
}

static void put_at_sent(struct output *o, const struct write_event *e, uint64_t pointer)
{
	unsigned long long after = e->at[0], before = after - (e->ret > 0 ? e->ret : 0);

	if (e->notes & WRITE_COMPAT && !(e->notes & WRITE_64)) {
		after = (uint32_t)after;
		before = (uint32_t)before;
	}
	if (!pointer || e->unreadable & UNREADABLE_AT(0))
		put_pointer(o, pointer);
	else if (e->ret > 0)
		output_format(o, "[%llu] => [%llu]", before, after);
	else
		output_format(o, "[%llu]", before);
}

static void put_argument(struct output *o, const struct write_event *e, enum kind kind,
			 const __u64 *arg)
{
	switch (kind) {
	case NUMBER:
		output_number(o, (int64_t)*arg);
		break;
	case LENGTH:
		if (e->notes & WRITE_COMPAT && !(e->notes & WRITE_64)) {
			output_number(o, (uint32_t)*arg);
			break;
		}
		/* fallthrough */
	case SIZE:
		output_format(o, "%llu", (unsigned long long)*arg);
		break;
	case UNSIGNED:
		output_number(o, (uint32_t)*arg);
		break;
	case FD:
		put_fd(o, e, is_request(e) ? e->fd : (int)*arg, 0);
		break;
	case FD_FROM:
		put_fd(o, e, (int)*arg, 1);
		break;
	case FD_MOUNT:
		output_number(o, (int)*arg);
		if ((int)*arg != AT_FDCWD)
			put_path(o, writes_base_names(e, 0), &e->base[0], false);
		break;
	case DIRECTORY:
		put_directory(o, e, (int)*arg, 0);
		break;
	case DIRECTORY2:
		put_directory(o, e, (int)*arg, 1);
		break;
	case NAME:
		put_name(o, e, *arg, 0);
		break;
	case NAME2:
		put_name(o, e, *arg, 1);
		break;
	case DATA:
		put_data(o, arg[0], arg[1], writes_piece(e, NULL));
		break;
	case VECTOR:
		put_vector(o, e, arg[0], arg[1]);
		break;
	case AT_FROM:
		put_at(o, e, *arg, 0);
		break;
	case AT_TO:
		put_at(o, e, *arg, 1);
		break;
	case AT_SENT:
		put_at_sent(o, e, *arg);
		break;
	case OPEN_FLAGS:
		put_open_flags(o, (uint32_t)*arg);
		break;
	case OPEN_MODE:
	case MODE:
		put_mode(o, (uint16_t)*arg);
		break;
	case HOW:
		put_how(o, e, arg[0], arg[1]);
		break;
	case HANDLE:
		put_handle(o, e, *arg);
		break;
	default:
		put_flags(o, kind - FLAGS, (uint32_t)*arg);
	}
}

/* Without the parenthesis at its end. */
static void put_call(struct output *o, const struct write_event *e)
{
	/* A request has no struct open_how. */
	bool plain = e->call == CALL_OPENAT2 && is_request(e);
	const unsigned char *kinds = arguments[plain ? CALL_OPENAT : e->call];

	output_put(o, writes_syscalls[e->call] ?: writes_call_name(e));
	output_put(o, e->notes & WRITE_64 ? "64(" : "(");
	for (int i = 0; i < 6 && kinds[i] != END; i++) {
		if (i && kinds[i] == OPEN_MODE && !has_mode(e->arg[i - 1]))
			continue;
		output_put(o, i ? ", " : "");
		put_argument(o, e, kinds[i], &e->arg[i]);
	}
	/* Its offset is two arguments to the kernel, and one here. */
	if (e->call == CALL_PWRITEV2) {
		output_put(o, ", ");
		put_flags(o, FLAGS_RWF, (uint32_t)e->arg[5]);
	}
}

/* --- the result --- */

static void put_error(struct output *o, int err)
{
	const char *name = errno_name(err), *text = restart_text(err);

	if (text) {
		output_format(o, "? %s (%s)", name, text);
		return;
	}
	text = strerrordesc_np(err);
	if (!name)
		output_format(o, "-1 (errno %d)", err);
	else if (text)
		output_format(o, "-1 %s (%s)", name, text);
	else
		output_format(o, "-1 %s (Unknown error %d)", name, err);
}

static void put_result(struct output *o, const struct write_event *e)
{
	if (e->ret < 0) {
		put_error(o, (int)-e->ret);
		return;
	}
	if (CALL_IS_OPEN(e->call) && e->notes & WRITE_DIRECT) {
		put_fd(o, e, e->fd, 0);
		return;
	}
	output_number(o, e->ret);
	if (e->call == CALL_DUP2 || e->call == CALL_DUP3)
		put_file(o, e, 1);
	else if (CALL_IS_OPEN(e->call) && e->call != CALL_OPEN_BY_HANDLE_AT)
		put_file(o, e, 0);
}

/* --- all of it --- */

/* An io_uring request: asked before the tracing began, or not heard of again. */
static void put_request(struct output *o, const struct write_event *e)
{
	output_put(o, "/* io_uring: ");
	if (e->stage == WRITE_ENDED)
		output_format(o, "%s(...", writes_call_name(e));
	else
		put_call(o, e);
	output_put(o, ") = ");
	if (e->stage == WRITE_ASKED)
		output_put(o, "?");
	else
		put_result(o, e);
	output_put(o, " */");
}

/* Descriptors that are closed together, or by nobody. */
static void put_close(struct output *o, const struct write_event *e, const char *by)
{
	output_format(o, "/* %s closes ", by);
	put_fd(o, e, e->fd, 0);
	output_put(o, " */");
}

static void put_store(struct output *o, const struct write_event *e)
{
	output_put(o, "/* store into a mapped page of ");
	put_file(o, e, 0);
	output_format(o, " at %llu */", (unsigned long long)e->offset);
}

static void put_whole(struct output *o, const struct write_event *e, size_t start)
{
	size_t len;

	put_call(o, e);
	if (e->stage == WRITE_ASKED) {
		output_put(o, " <unfinished ...>");
		return;
	}
	output_put(o, ")");
	len = o->used - start;
	output_pad(o, len < RESULT_COLUMN ? RESULT_COLUMN - len : 1);
	output_put(o, "= ");
	put_result(o, e);
}

void straced_print(struct output *o, const void *record)
{
	const struct write_event *e = record;
	size_t start = o->used;

	output_format(o, "%-5u ", e->head.tid);
	if (is_request(e))
		put_request(o, e);
	else if (e->call == CALL_STORE)
		put_store(o, e);
	else if (e->call == CALL_CLOSE_RANGE)
		put_close(o, e, "close_range");
	else if (e->call == CALL_EXEC)
		put_close(o, e, "exec");
	else if (e->call == CALL_EXIT)
		put_close(o, e, "exit");
	else
		put_whole(o, e, start);
}
