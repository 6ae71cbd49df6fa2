// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/log.h"
#include "common/mapped.h"

#define BATCH 64       /* files, read by one process */
#define LOOK 250       /* milliseconds, between two looks for new mappings */
#define SEEN_MAX 65536 /* files, a power of two */
#define OWNED_MAX 64   /* targets that one user other than root may have */

struct targets targets;

struct target {
	struct target *next;
	dev_t dev;
	ino_t ino;
	uid_t owner;
	int fd; /* O_PATH, until it has been dealt with */
	char *name;
	enum editor_found found;
	struct editor editor;
	unsigned int processes;
	uint32_t last; /* the process that was counted last */
};

static struct target *known, **end = &known;
static struct target *new[BATCH]; /* not looked at yet */
static size_t new_count;
static unsigned int numbers;
static target_fn attach; /* NULL: they are only listed */

/* Where they usually are: the first line of the first process is not to be missed. */
static const char *const usual[] = {
	"/bin/bash",
	"/usr/bin/bash",
	"/usr/local/bin/bash",
	"/lib*/libreadline.so.*",
	"/lib/*/libreadline.so.*",
	"/usr/lib*/libreadline.so.*",
	"/usr/lib/*/libreadline.so.*",
	"/usr/lib*/libedit.so.*",
	"/usr/lib/*/libedit.so.*",
	"/usr/lib*/zsh/*/zsh/zle.so",
	"/usr/lib*/zsh/*/zle.so",
	"/usr/lib/*/zsh/*/zsh/zle.so",
};

/* --- files that have been seen, be they targets or not --- */

#define ANY UINT64_MAX /* generation, where it is not known */

struct seen {
	uint64_t dev, ino, generation;
	bool used;
};

static struct seen *seen;
static size_t seen_count;

/* Notes a file; NULL if it was noted. */
static struct seen *see(uint64_t dev, uint64_t ino, uint64_t generation)
{
	struct seen *s;

	if (seen_count == SEEN_MAX / 2) {
		memset(seen, 0, SEEN_MAX * sizeof(*seen));
		seen_count = 0;
	}
	for (uint64_t i = (ino + dev + generation) * 0x9E3779B97F4A7C15ULL >> 32;; i++) {
		s = &seen[i % SEEN_MAX];
		if (!s->used)
			break;
		if (s->dev == dev && s->ino == ino && s->generation == generation)
			return NULL;
	}
	*s = (struct seen){ dev, ino, generation, true };
	seen_count++;
	return s;
}

/* Not, after all: it was the last that was noted. */
static void unsee(struct seen *s)
{
	if (s) {
		s->used = false;
		seen_count--;
	}
}

/* --- targets --- */

static bool is_target(const struct target *t, const struct stat *st)
{
	return t->dev == st->st_dev && t->ino == st->st_ino;
}

static struct target *find_target(const struct stat *st)
{
	for (struct target *t = known; t; t = t->next)
		if (is_target(t, st))
			return t;
	for (size_t i = 0; i < new_count; i++)
		if (is_target(new[i], st))
			return new[i];
	return NULL;
}

static void free_target(struct target *t)
{
	close(t->fd);
	free(t->name);
	free(t);
}

/* Whoever can make files must not be able to use up what attaching takes. */
static bool may_have_more(const struct target *new_one)
{
	unsigned int owned = 0;

	for (const struct target *t = known; t; t = t->next)
		owned += t->owner == new_one->owner;
	return !new_one->owner || owned < OWNED_MAX;
}

static void attach_target(struct target *t)
{
	char path[32];
	int err;

	if (t->found == EDITOR_SILENT)
		log_warn("not attached to %s: it could not be read", t->name);
	if (t->found == EDITOR_STRIPPED)
		log_info("not attached to %s: no symbol tells where in it lines are read", t->name);
	if (t->found != EDITOR_FOUND)
		return;
	if (!may_have_more(t)) {
		log_warn("not attached to %s: user %u has %d files that read lines already",
			 t->name, t->owner, OWNED_MAX);
		return;
	}
	/* Whatever its name leads to by now, this is the file that was looked at. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	err = attach(&t->editor, path, t->name);
	if (err)
		log_warn("not attached to %s: %s", t->name, strerror(-err));
}

/* Finds out which of the new files are targets. */
static void settle_new(void)
{
	struct editor_file files[BATCH];
	struct target *t;

	for (size_t i = 0; i < new_count; i++)
		files[i].fd = new[i]->fd;
	editor_find(files, new_count, targets.symbol);
	for (size_t i = 0; i < new_count; i++) {
		t = new[i];
		t->found = files[i].found;
		t->editor = files[i].editor;
		t->editor.number = numbers++;
		if (t->found == EDITOR_ABSENT) {
			free_target(t);
			continue;
		}
		if (attach)
			attach_target(t);
		close(t->fd);
		t->fd = -1;
		*end = t;
		end = &t->next;
	}
	new_count = 0;
}

/* Takes over the descriptor. */
static struct target *add_target(int fd, const struct stat *st, char *name)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t || !name) {
		close(fd);
		free(name);
		free(t);
		return NULL;
	}
	*t = (struct target){
		.dev = st->st_dev, .ino = st->st_ino, .owner = st->st_uid, .fd = fd, .name = name
	};
	if (new_count == BATCH)
		settle_new();
	new[new_count++] = t;
	return t;
}

static bool leads_to(const char *path, const struct stat *st)
{
	struct stat found;

	return !stat(path, &found) && found.st_dev == st->st_dev && found.st_ino == st->st_ino;
}

/* The path that a process has it by, as somebody in our mount namespace can use it if that is possible. */
static char *name_of(const struct mapped *m, const struct stat *st)
{
	char *name;

	if (leads_to(m->path, st) || asprintf(&name, "/proc/%u/root%s", m->pid, m->path) < 0)
		return strdup(m->path);
	if (leads_to(name, st))
		return name;
	free(name);
	return strdup(m->path);
}

/* Through the mapping itself; who may not do that, by its path. */
static int open_mapping(const struct mapped *m)
{
	char path[PATH_MAX + 32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, m->pid, m->start,
		 m->end);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%u/root%s", m->pid, m->path);
	return open(path, O_PATH | O_CLOEXEC);
}

static void consider(const struct mapped *m, void *ctx)
{
	struct seen *s = NULL;
	struct target *t;
	struct stat st;
	int fd;

	(void)ctx;
	if (m->ino) {
		s = see(m->dev, m->ino, m->generation);
		if (!s)
			return;
	}
	fd = open_mapping(m);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		unsee(s);
		close(fd);
		return;
	}
	t = find_target(&st);
	if (!t && (see(st.st_dev, st.st_ino, ANY) || s))
		t = add_target(fd, &st, name_of(m, &st));
	else
		close(fd);
	if (t && t->last != m->pid) {
		t->last = m->pid;
		t->processes++;
	}
}

static void consider_file(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && !find_target(&st))
		add_target(fd, &st, strdup(path));
	else
		close(fd);
}

static void consider_usual(void)
{
	glob_t g;

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		if (glob(usual[i], GLOB_NOSORT, NULL, &g))
			continue;
		for (size_t j = 0; j < g.gl_pathc; j++)
			consider_file(g.gl_pathv[j]);
		globfree(&g);
	}
}

/* All that there are now.  0 or a negative errno, after saying why. */
static int look(void)
{
	seen = calloc(SEEN_MAX, sizeof(*seen));
	if (!seen)
		return log_err(-ENOMEM, "files");
	if (!targets.path) {
		mapped_each(consider, NULL);
		consider_usual();
	} else {
		if (access(targets.path, F_OK))
			return log_err(-errno, "-s: %s", targets.path);
		consider_file(targets.path);
	}
	settle_new();
	return 0;
}

/* --- the list --- */

static void print_target(const struct target *t)
{
	static const char *const reasons[] = {
		[EDITOR_STRIPPED] = "no symbol tells where in it lines are read",
		[EDITOR_FOREIGN] = "of 32 bits, or of another architecture",
		[EDITOR_SILENT] = "it could not be read",
	};
	char *name = malloc(strlen(t->name) * ESCAPE_TEXT_MAX + 1);

	if (!name)
		return;
	*escape_text(name, t->name, strlen(t->name), false) = '\0';
	if (t->found == EDITOR_FOUND)
		printf("%-26s 0x%08" PRIx64 " %9u %s\n", editor_symbol(&t->editor, targets.symbol),
		       (uint64_t)t->editor.line.offset, t->processes, name);
	else
		printf("%-26s %10s %9u %s\t(%s)\n", "-", "-", t->processes, name,
		       reasons[t->found]);
	free(name);
}

int targets_list(void)
{
	int err = look();

	if (err)
		return err;
	printf("%-26s %10s %9s %s\n", "SYMBOL", "OFFSET", "PROCESSES", "PATH");
	for (const struct target *t = known; t; t = t->next)
		print_target(t);
	return 0;
}

/* --- the process that watches --- */

static int watcher = -1; /* our end of the pipe to it */

static bool has_attached(void)
{
	for (const struct target *t = known; t; t = t->next)
		if (t->found == EDITOR_FOUND)
			return true;
	return false;
}

/* Until the other end is closed. */
static void watch(int parent, struct mappings *mappings)
{
	struct pollfd p = { .fd = parent };

	while (!poll(&p, 1, mappings ? LOOK : -1)) {
		mappings__read(mappings);
		settle_new();
	}
}

static void run_watcher(int parent)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGALRM };
	struct mappings *mappings = NULL;
	struct rlimit files;
	int err;

	/* Its end is ours, wherever we are: not PR_SET_PDEATHSIG, which another user's process, as it becomes, cannot send. */
	fcntl(parent, F_SETOWN, getpid());
	fcntl(parent, F_SETSIG, SIGKILL);
	fcntl(parent, F_SETFL, O_ASYNC);
	/* A key is meant for the one that reads records: what happened before is still to be shown. */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	/* A reader of our output is not to wait for this process. */
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!targets.path) {
		mappings = mappings__new(consider, NULL);
		if (!mappings)
			log_warn("new programs are not seen: %s", strerror(errno));
	}
	err = look();
	if (!err && targets.path && !has_attached())
		err = log_err(0, "-s: %s: nothing in it reads lines that could be seen",
			      targets.path);
	if (write(parent, &err, sizeof(err)) == sizeof(err) && !err)
		watch(parent, mappings);
	_exit(0);
}

int targets_watch(target_fn to)
{
	int ends[2], err;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return log_err(-errno, "socketpair");
	attach = to;
	child = fork();
	if (!child) {
		close(ends[0]);
		run_watcher(ends[1]);
	}
	close(ends[1]);
	watcher = ends[0];
	if (child < 0)
		return log_err(-errno, "fork");
	/* It has said what is wrong, or has been killed. */
	if (read(watcher, &err, sizeof(err)) != sizeof(err))
		return log_err(0, "the process that attaches has ended");
	return err;
}

bool targets_watched(void)
{
	struct pollfd p = { .fd = watcher };

	return !poll(&p, 1, 0);
}
