/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a workload tells what writesnoop must show of it: one line for each
 * event, in the form that tests/oracle-write.py compares:
 *
 *     CALL FD BYTES ASKED ERR OFFSET PATH OTHER NOTE
 *
 * What there is not is a -, and texts are escaped as say.h does.  Telling is
 * writing: so the lines are kept in memory, which children share, and go out
 * when all is over.
 */
#ifndef TESTS_WORKLOAD_ROWS_H
#define TESTS_WORKLOAD_ROWS_H

#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "say.h"

#define ROWS_END "/=end="
#define ROWS_MAX (16 << 20)
#define NONE LONG_MIN /* no such number */

static struct rows {
	size_t used;
	char text[ROWS_MAX];
} * rows;
static char rows_top[PATH_MAX]; /* where relative paths begin */
static const char *rows_note;	/* of every row, in front of others */
static int rows_any;		/* not regular files alone */

static inline void row_text(const char *text)
{
	char *to = rows->text + rows->used;

	if (rows->used > ROWS_MAX - 65536)
		die("rows: too many");
	rows->used +=
		text && *text ? say_escaped(to, text, strlen(text)) : (size_t)sprintf(to, "-");
	rows->text[rows->used++] = ' ';
}

static inline void row_number(long n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%ld", n);
	row_text(n == NONE ? NULL : digits);
}

static inline void row(const char *call, long fd, long bytes, long asked, long err, long offset,
		       const char *path, const char *other, const char *note)
{
	char notes[128];

	if (rows_note) {
		snprintf(notes, sizeof(notes), "%s%s%s", rows_note, note && *note ? " " : "",
			 note ? note : "");
		note = notes;
	}
	row_text(call);
	row_number(fd < 0 ? NONE : fd);
	row_number(bytes);
	row_number(asked);
	row_number(err);
	row_number(offset);
	row_text(path);
	row_text(other);
	row_text(note);
	rows->text[rows->used - 1] = '\n';
}

/* --- open files, by what the kernel itself calls them --- */

struct name {
	char path[PATH_MAX];
	const char *note;
};

static inline const char *name_of(int fd, struct name *name)
{
	static const char deleted[] = " (deleted)";
	char link[64], *end;
	ssize_t len;

	name->note = "";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, name->path, sizeof(name->path) - 1);
	if (len < 0)
		return NULL;
	name->path[len] = '\0';
	end = name->path + len - strlen(deleted);
	if (end > name->path && !strcmp(end, deleted)) {
		*end = '\0';
		name->note = "(deleted)";
	}
	/* In no directory, and never was; others have names that tell it. */
	if (!strncmp(name->path, "/memfd:", 7))
		name->note = "(anonymous)";
	return name->path;
}

/* Does it have places, which bytes can go to? */
static inline int has_offsets(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

/* Is its end shown? If it can be written to. */
static inline int has_end(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH) &&
	       (rows_any || (!fstat(fd, &st) && S_ISREG(st.st_mode)));
}

/* --- what was done; the reason of a failure is in errno --- */

/* Bytes that came from @from, -1: from none.  As many as there are, at most as many as were asked for. */
static inline long moved(const char *call, int from, int fd, long ret, long asked, long offset)
{
	int err = ret < 0 ? errno : 0;
	struct name name, other;
	const char *path = name_of(fd, &name);

	row(call, fd, ret < 0 ? NONE : ret, asked, err, has_offsets(fd) ? offset : NONE, path,
	    from < 0 ? NULL : name_of(from, &other), name.note);
	return ret;
}

/* From memory, where fewer is a surprise. */
static inline long wrote(const char *call, int fd, long ret, long asked, long offset)
{
	int err = ret < 0 ? errno : 0;
	struct name name;
	const char *path = name_of(fd, &name);
	char note[64];

	snprintf(note, sizeof(note), "%s%s%s", ret >= 0 && ret < asked ? "(short)" : "",
		 ret >= 0 && ret < asked && *name.note ? " " : "", name.note);
	row(call, fd, ret < 0 ? NONE : ret, asked, err, has_offsets(fd) ? offset : NONE, path, NULL,
	    note);
	return ret;
}

/* No bytes; @length is what the call was given, or NONE. */
static inline long done(const char *call, int fd, long ret, long length)
{
	int err = ret < 0 ? errno : 0;
	struct name name;
	const char *path = name_of(fd, &name);

	row(call, fd, NONE, length, err, NONE, path, NULL, name.note);
	return ret;
}

static inline const char *full_path(const char *path, char *full)
{
	snprintf(full, 2 * PATH_MAX, "%s%s%s", *path == '/' ? "" : rows_top,
		 *path == '/' || !*path ? "" : "/", path);
	return full;
}

/* By a path, and another one or NULL; from the directory that relative paths begin at. */
static inline int named(const char *call, const char *path, const char *other, int ret, long length)
{
	static char full[2 * PATH_MAX], full2[2 * PATH_MAX];
	int err = ret < 0 ? errno : 0;

	row(call, NONE, NONE, length, err, NONE, path ? full_path(path, full) : NULL,
	    other ? full_path(other, full2) : NULL, path ? "" : "(unreadable)");
	return ret;
}

static inline int opened(const char *call, const char *path, int fd)
{
	struct name name;

	if (fd < 0)
		return named(call, path, NULL, fd, NONE);
	name_of(fd, &name);
	row(call, fd, NONE, NONE, 0, NONE, name.path, NULL, name.note);
	return fd;
}

static inline int open_told(const char *path, int flags, int mode)
{
	return opened("openat", path, (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

static inline void end_row(int fd, const char *how)
{
	struct name name;
	char note[64];

	name_of(fd, &name);
	snprintf(note, sizeof(note), "%s%s%s", how, *how && *name.note ? " " : "", name.note);
	row("close", fd, NONE, NONE, 0, NONE, name.path, NULL, note);
}

/*
 * Before a descriptor ends otherwise than by close(2).  That is told if it is
 * the last of its file, or if everything is.
 */
static inline void ends(int fd, const char *how, int last)
{
	if (has_end(fd) && (last || rows_any))
		end_row(fd, how);
}

static inline int is_same(int fd, int other)
{
	return syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, fd, other) == 0;
}

enum { ALL = -1, WITHOUT_CLOEXEC, WITH_CLOEXEC };

/* All of these descriptors of the process end at once.  @held: others have them too. */
static inline void all_end(const char *how, int which, int held)
{
	int fd, other, flags;

	for (fd = 0; fd < 512; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags < 0 || (which != ALL && flags != which))
			continue;
		for (other = fd + 1; other < 512 && !is_same(fd, other); other++)
			;
		ends(fd, how, other == 512 && !held);
	}
}

static inline void close_told(int fd)
{
	if (has_end(fd))
		end_row(fd, "");
	if (syscall(SYS_close, fd))
		die("rows: close");
}

/* --- the whole --- */

static inline void rows_begin(const char *top)
{
	int null = open("/dev/null", O_RDWR);

	rows = mmap(NULL, sizeof(*rows), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rows == MAP_FAILED || null < 0 || chdir(top) || !realpath(".", rows_top))
		die("rows: cannot begin");
	/* Files that others have opened for us end with every child. */
	dup2(null, 1);
	dup2(null, 2);
	close(null);
	signal(SIGPIPE, SIG_IGN);
	syscall(SYS_openat, AT_FDCWD, SAY_BEGIN, O_WRONLY);
}

/* From here on nothing is compared. */
static inline void rows_end(const char *out)
{
	FILE *file;

	syscall(SYS_openat, AT_FDCWD, ROWS_END, O_WRONLY);
	file = fopen(out, "w");
	if (!file || fwrite(rows->text, 1, rows->used, file) != rows->used || fclose(file))
		_exit(98);
	_exit(0);
}

/* Something that a child does, and its end. */
static inline void in_child(void (*what)(void))
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("rows: fork");
	if (!pid) {
		what();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		_exit(97);
}

#endif
