// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/targets.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/escape.h"
#include "common/examine.h"
#include "common/log.h"
#include "common/mapped.h"
#include "common/shells.h"

#define SECOND 1000000000ULL /* nanoseconds */
#define LOOK (SECOND / 4)    /* between two looks for new mappings */
#define AGAIN \
	(SECOND / 2) /* before a file is looked at that has been: it may have been written over */
#define RETRY (15 * SECOND) /* before what did not answer is asked again */
#define START_MOST (5 * SECOND)
#define LIST_MOST (30 * SECOND)
#define SEEN_MAX 65536 /* files, a power of two */
#define OWNED_MAX 64   /* targets that one user other than root may have */
#define KEPT_MAX 256   /* of which no process runs those that are too many are dropped */
#define LATER_MAX 4096
#define TIDY (300 * SECOND)
#define ROUND_SHARE 10 /* looking through all processes may take this part of the time */
#define ROUND_MOST \
	(5 * SECOND) /* so long one such round is waited for, and so long at most there is none */
#define LOSSES_TOLD (60 * SECOND) /* how often */

struct targets targets;

struct target {
	struct target *next;
	struct file_id id;
	int fd; /* O_PATH: as long as it is open no other file has its number */
	char *name;
	const char *reason; /* why it cannot be had; NULL: it can */
	struct editor editor;
	unsigned int processes;
	uint64_t mapped, asked; /* when it was last */
	void *attached;
};

static struct target *known, **end = &known;
static unsigned int numbers;
static const struct target_hooks *hooks; /* NULL: they are only listed */
static int path_error;			 /* of targets.path */

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

/* --- what has been seen: mappings of files, and files --- */

#define NOTED 1

struct later;

struct seen {
	uint64_t dev, ino, what;
	uint64_t asked; /* when; NOTED: it has not been; 0: this is not used */
	struct target *target;
	unsigned int processes;
	bool told; /* that it does not answer */
	struct later *later;
};

static struct seen *seen;
static size_t seen_count;

/* Of what has not been seen, where it is to be noted. */
static struct seen *find_seen(uint64_t dev, uint64_t ino, uint64_t what)
{
	struct seen *s;

	for (uint64_t i = (ino + dev + what) * 0x9E3779B97F4A7C15ULL >> 32;; i++) {
		s = &seen[i % SEEN_MAX];
		if (!s->asked || (s->dev == dev && s->ino == ino && s->what == what))
			return s;
	}
}

static struct seen *see(uint64_t dev, uint64_t ino, uint64_t what)
{
	struct seen *s = find_seen(dev, ino, what);

	if (s->asked)
		return s;
	if (++seen_count == SEEN_MAX / 2) {
		memset(seen, 0, SEEN_MAX * sizeof(*seen));
		seen_count = 1;
		s = find_seen(dev, ino, what);
	}
	*s = (struct seen){ dev, ino, what, .asked = NOTED };
	return s;
}

/*
 * For each user on its own: what one has asked for can take long, and nobody else
 * is to wait for that.  On btrfs files of two subvolumes can have the same numbers,
 * and the same generation.
 */
static struct seen *see_mapping(const struct mapped *m, uid_t user)
{
	uint64_t what = m->generation ^ (uint64_t)user << 32;

	for (const char *p = m->path; *p; p++)
		what = (what ^ (unsigned char)*p) * 0x100000001B3ULL;
	return see(m->dev, m->ino, what);
}

/* A file as it is now. */
static uint64_t what_of(const struct file_id *id)
{
	return ~(id->changed * 0x100000001B3ULL + id->size);
}

/* --- targets --- */

static struct target *find_target(const struct file_id *id)
{
	for (struct target *t = known; t; t = t->next)
		if (t->id.dev == id->dev && t->id.ino == id->ino)
			return t;
	return NULL;
}

static bool is_unchanged(const struct target *t, const struct file_id *id)
{
	return t->id.changed == id->changed && t->id.size == id->size;
}

static bool is_known(const struct file_id *id)
{
	const struct target *t = find_target(id);

	return t ? is_unchanged(t, id) : find_seen(id->dev, id->ino, what_of(id))->asked;
}

static void detach_from(const struct editor *editor, void *attached)
{
	if (attached && editor->kind == EDITOR_SHELL)
		shells_remove(targets.shells, attached);
	else if (attached)
		hooks->detach(attached);
}

static void drop_target(struct target *t)
{
	struct target **at = &known;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (!*at)
		end = at;
	for (size_t i = 0; i < SEEN_MAX; i++)
		if (seen[i].target == t)
			seen[i].target = NULL;
	detach_from(&t->editor, t->attached);
	if (t->fd >= 0)
		close(t->fd);
	free(t->name);
	free(t);
}

/* Whoever can make files must not be able to use up what attaching takes. */
static bool may_have_more(uid_t owner)
{
	unsigned int owned = 0;

	for (const struct target *t = known; t; t = t->next)
		owned += t->id.owner == owner;
	return !owner || owned < OWNED_MAX;
}

static const char *reason(const struct finding *f)
{
	if (f->found == EDITOR_FOUND)
		return "a library reads its lines";
	if (f->late)
		return "it does not answer";
	if (f->err == EACCES)
		return "access to it is denied";
	if (f->found == EDITOR_STRIPPED)
		return "no symbol tells where in it lines are read";
	if (f->found == EDITOR_FOREIGN)
		return "of 32 bits, or of another architecture";
	if (f->found == EDITOR_CHOSEN)
		return "which function that is the program chooses when it starts";
	return "it could not be read";
}

/* Who makes files could fill a log with their names: of those of a user without -v only the first. */
static void tell(uid_t user, const char *name, const char *why)
{
	struct seen *s = see(~0ULL, user, (uintptr_t)why);

	(user && s->told ? log_info : log_warn)("not attached to %s: %s", name, why);
	s->told = true;
}

static void *attach_to(struct finding *f, const char *name)
{
	static char many[64];
	char path[32];
	void *attached;

	if (!may_have_more(f->id.owner)) {
		snprintf(many, sizeof(many), "user %u has %d files that read lines already",
			 f->id.owner, OWNED_MAX);
		tell(f->id.owner, name, many);
		return NULL;
	}
	/* Whatever its name leads to by now, this is the file that was looked at. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", f->fd);
	f->editor.number = numbers++;
	if (f->editor.kind == EDITOR_SHELL)
		attached = shells_add(targets.shells, &f->editor, !f->id.owner);
	else
		attached = hooks->attach(&f->editor, path, name);
	if (attached && f->editor.kind == EDITOR_SHELL)
		log_info("attached: %s: a library reads its lines", name);
	if (!attached)
		tell(f->id.owner, name, strerror(errno));
	return attached;
}

static struct target *add_target(struct finding *f, char *name, void *attached)
{
	struct target *t = calloc(1, sizeof(*t));

	if (!t || !name) {
		detach_from(&f->editor, attached);
		free(name);
		free(t);
		return NULL;
	}
	*t = (struct target){
		.id = f->id,
		.fd = f->fd,
		.name = name,
		.reason = f->found == EDITOR_FOUND && f->editor.kind != EDITOR_SHELL ? NULL
										     : reason(f),
		.editor = f->editor,
		.attached = attached,
	};
	f->fd = -1;
	*end = t;
	end = &t->next;
	return t;
}

static bool is_same_editor(const struct target *t, struct editor editor)
{
	editor.number = t->editor.number;
	return !memcmp(&t->editor, &editor, sizeof(editor));
}

/* Has a file looked into, found to be a target or not; `t`: what it was before, at another time. */
static struct target *settle(struct target *t, struct finding *f, bool told)
{
	void *attached = NULL;
	char *name;

	if (t && (is_unchanged(t, &f->id) ||
		  (f->found == EDITOR_FOUND && is_same_editor(t, f->editor)))) {
		t->id = f->id;
		return t;
	}
	name = strdup(t ? t->name : f->name);
	if (t) {
		log_info("detached: %s: it has been written over", t->name);
		drop_target(t);
	}
	if (f->found == EDITOR_FOUND && hooks && name)
		attached = attach_to(f, name);
	if (attached || (!hooks && f->found != EDITOR_ABSENT))
		return add_target(f, name, attached);
	if (f->found == EDITOR_SILENT && !told)
		tell(f->user, name, reason(f));
	if (f->found != EDITOR_FOUND && f->found != EDITOR_ABSENT && f->found != EDITOR_SILENT)
		(targets.path ? log_warn : log_info)("not attached to %s: %s", name, reason(f));
	free(name);
	/* Of what is not here no more need be known than that. */
	if (f->id.ino)
		see(f->id.dev, f->id.ino, what_of(&f->id));
	return NULL;
}

/* Looking through all processes, as at the start. */
static struct {
	bool runs, tidies;
	bool wanted; /* mappings have not been told */
	uint64_t began, ended;
} rounds;

/* --- mappings that are not looked at yet: they come too soon after one of the same file, or it did not answer --- */

struct later {
	struct later *next;
	uint64_t due;
	uid_t user;
	struct mapped m; /* the last one */
	char path[];
};

static struct later *laters;
static unsigned int later_count;

/* No user can take all of it: at most half of what the others have left. */
static bool may_defer(uid_t user)
{
	unsigned int own = 0;

	for (const struct later *l = laters; l; l = l->next)
		own += l->user == user;
	return own < (LATER_MAX - (later_count - own)) / 2;
}

static void defer(struct seen *s, const struct mapped *m, uid_t user, uint64_t due)
{
	size_t len = strlen(m->path) + 1;
	struct later *l = s->later;

	if (!hooks) /* they are only counted */
		return;
	if (!l) {
		l = may_defer(user) ? malloc(sizeof(*l) + len) : NULL;
		if (!l) {
			rounds.wanted = true;
			return;
		}
		memcpy(l->path, m->path, len);
		l->due = due;
		l->user = user;
		l->next = laters;
		laters = l;
		later_count++;
		s->later = l;
	}
	l->m = *m;
	l->m.path = l->path;
}

static void on_file(const struct mapped *m, struct finding *f)
{
	struct seen *s = m->ino ? see_mapping(m, f->user) : NULL;
	bool shut = f->err && f->fd < 0, told = s && s->told;
	struct target *t = f->late || shut ? NULL : find_target(&f->id);

	if (shut)
		path_error = f->err;
	if (shut && (f->err == ENOENT || f->err == ESRCH)) {
		/* The process has gone; what another one maps is to be looked at without delay. */
		if (s)
			s->asked = NOTED;
		if (s && s->later)
			s->later->due = 0;
		return;
	}
	if (shut && (told || !m->pid || f->err == EINVAL)) /* a device, for example */
		return;
	if (!f->known)
		t = settle(t, f, told);
	/* There can be another table by now. */
	s = m->ino ? see_mapping(m, f->user) : NULL;
	if (s) {
		s->target = t;
		s->told = f->late || shut;
		if (f->late)
			defer(s, m, f->user, clock_now() + RETRY);
	}
	if (t)
		t->mapped = clock_now();
}

static void consider(const struct mapped *m, uid_t user)
{
	struct seen *s = m->ino ? see_mapping(m, user) : NULL;
	uint64_t now = clock_now();

	if (s) {
		s->processes++;
		if (s->target)
			s->target->mapped = now;
		if (s->asked != NOTED && s->asked + AGAIN > now) {
			defer(s, m, user, s->asked + AGAIN);
			return;
		}
		s->asked = now;
	}
	if (examine_file(m, user) && s)
		s->asked = NOTED;
}

static void consider_later(uint64_t now)
{
	struct later **at = &laters, *l;
	struct seen *s;

	while ((l = *at)) {
		if (l->due > now) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		later_count--;
		s = see_mapping(&l->m, l->user);
		s->asked = NOTED;
		s->later = NULL;
		consider(&l->m, l->user);
		free(l);
	}
}

static struct examiner examiner = { .known = is_known, .mapping = consider, .file = on_file };

/* --- again and again --- */

static bool may_be_dropped(const struct target *t, size_t count)
{
	return !t->id.links || count > KEPT_MAX;
}

static size_t count_targets(void)
{
	size_t count = 0;

	for (const struct target *t = known; t; t = t->next)
		count++;
	return count;
}

/* One that no process was found to run: images of containers come and go.  It takes a while, so no more of them. */
static bool drop_unused(void)
{
	size_t count = count_targets();

	for (struct target *t = known; t; t = t->next) {
		if (t->mapped + 2 * AGAIN >= rounds.began || !may_be_dropped(t, count))
			continue;
		log_info("detached: %s: no process runs it", t->name);
		drop_target(t);
		return true;
	}
	return false;
}

/*
 * By all the processes, as at the start; not all of the time, as somebody could
 * make us do.  Nor is it for one user to say when it ends.
 */
static void go_round(uint64_t now)
{
	bool answered = !examine_pending_processes(), wanted = rounds.wanted;
	size_t count = count_targets();
	uint64_t gap;

	if (rounds.runs && (answered || now - rounds.began > ROUND_MOST)) {
		rounds.runs = false;
		rounds.tidies = answered;
		rounds.ended = now;
	}
	if (rounds.tidies)
		rounds.tidies = drop_unused();
	gap = ROUND_SHARE * (rounds.ended - rounds.began);
	if (rounds.runs || now - rounds.ended < (gap < ROUND_MOST ? gap : ROUND_MOST))
		return;
	for (struct target *t = known; t && rounds.ended + TIDY < now; t = t->next)
		wanted |= may_be_dropped(t, count);
	if (!wanted)
		return;
	rounds.wanted = rounds.tidies = false;
	rounds.runs = true;
	rounds.began = now;
	examine_all_processes();
}

/* Whoever writes over a file that nobody runs moves what there are probes at. */
static void check_targets(uint64_t now)
{
	struct mapped m = {};
	struct file_id id;
	char path[64];

	for (struct target *t = known; t; t = t->next) {
		if (examine_identify(t->fd, &id))
			continue;
		t->id.links = id.links;
		if (is_unchanged(t, &id) || t->asked + AGAIN > now)
			continue;
		t->asked = now;
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), t->fd);
		m.path = path;
		examine_file(&m, t->id.owner);
	}
}

/* --- new mappings --- */

static struct {
	uint32_t pid; /* whose user is known, of what is read together; 0: of none */
	uid_t user;
} mapper;

static void on_mapping(const struct mapped *m, void *ctx)
{
	(void)ctx;
	if (m->pid != mapper.pid) {
		mapper.pid = m->pid;
		mapper.user = examine_user_of(m->pid);
	}
	consider(m, mapper.user);
}

static void read_mappings(struct mappings *mappings, uint64_t now)
{
	static uint64_t lost, told;
	uint64_t more;

	mapper.pid = 0;
	more = mappings__read(mappings);
	lost += more;
	rounds.wanted |= more;
	if (!lost || (told && told + LOSSES_TOLD > now))
		return;
	log_warn("%" PRIu64 " mappings of code have not been told: what is new is seen later",
		 lost);
	told = now;
	lost = 0;
}

/* For a moment.  False if `parent` can be read, that is, has ended. */
static bool turn(int parent, struct mappings *mappings)
{
	static uint64_t looked;
	static bool many;
	struct pollfd p = { .fd = parent, .events = POLLIN };
	uint64_t now = clock_now();
	bool due = looked + LOOK <= now;

	if (mappings && (due || many))
		read_mappings(mappings, now);
	if (due) {
		looked = now;
		if (hooks)
			check_targets(now);
	}
	consider_later(now);
	if (mappings)
		go_round(now);
	many = examine_wait(&examiner, mappings ? mappings__fd(mappings) : parent,
			    (int)((looked + LOOK - now) / 1000000) + 1);
	return poll(&p, 1, 0) <= 0;
}

/* All that there are now, as far as that can be found out in a time.  0 or a negative errno, after saying why. */
static int look(int parent, struct mappings *mappings, uint64_t most)
{
	uint64_t limit = clock_now() + most;

	seen = calloc(SEEN_MAX, sizeof(*seen));
	if (!seen)
		return log_err(-ENOMEM, "files");
	examiner.symbol = targets.symbol;
	if (targets.path)
		examine_file(&(struct mapped){ .path = targets.path }, getuid());
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual) && !targets.path; i++)
		examine_usual(usual[i]);
	if (!targets.path)
		examine_all_processes();
	while (examine_pending() && clock_now() < limit && turn(parent, mappings))
		;
	if (examine_pending())
		log_warn("%u processes and files have not been looked at yet", examine_pending());
	if (path_error && targets.path)
		return log_err(-path_error, "-s: %s", targets.path);
	if (!known && targets.path)
		return log_err(0, "-s: %s: nothing in it reads lines that could be seen",
			       targets.path);
	return 0;
}

/* --- the list --- */

static void print_target(const struct target *t)
{
	char *name = malloc(strlen(t->name) * ESCAPE_TEXT_MAX + 1);

	if (!name)
		return;
	*escape_text(name, t->name, strlen(t->name), false) = '\0';
	if (!t->reason)
		printf("%-26s 0x%08" PRIx64 " %9u %s\n", editor_symbol(&t->editor, targets.symbol),
		       (uint64_t)t->editor.line.offset, t->processes, name);
	else
		printf("%-26s %10s %9u %s\t(%s)\n", "-", "-", t->processes, name, t->reason);
	free(name);
}

int targets_list(void)
{
	int err = look(-1, NULL, LIST_MOST);

	if (err)
		return err;
	for (size_t i = 0; i < SEEN_MAX; i++)
		if (seen[i].target)
			seen[i].target->processes += seen[i].processes;
	printf("%-26s %10s %9s %s\n", "SYMBOL", "OFFSET", "PROCESSES", "PATH");
	for (const struct target *t = known; t; t = t->next)
		print_target(t);
	return fflush(stdout) ? log_err(-errno, "cannot write") : 0;
}

/* --- the process that watches --- */

static int watcher = -1; /* our end of the pipe to it */

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
		mappings = mappings__new(on_mapping, NULL);
		if (!mappings)
			log_warn("new programs are not seen: %s", strerror(errno));
	}
	err = look(parent, mappings, START_MOST);
	if (write(parent, &err, sizeof(err)) == sizeof(err) && !err)
		while (turn(parent, mappings))
			;
	_exit(0);
}

int targets_watch(const struct target_hooks *to)
{
	int ends[2], err;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return log_err(-errno, "socketpair");
	hooks = to;
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
