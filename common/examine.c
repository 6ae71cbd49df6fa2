// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/examine.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/sandbox.h"

#define MS 1000000ULL	     /* nanoseconds */
#define PATIENCE (2000 * MS) /* for one thing */
#define DYING (250 * MS)     /* so long whoever is killed may take to end */
#define SILENCE (10000 * MS) /* so long a file system that did not answer is not asked again */
#define BATCH 64	     /* things, done by one process */
#define HELPERS_MAX 8	     /* at a time, and one for root */
#define STUCK_MAX 2	     /* processes for one user that cannot even be killed; for root: */
#define STUCK_MAX_ROOT 64
#define QUESTIONS_MAX 8192 /* for one user */
#define CPU_MOST 10	   /* seconds, for one batch */
#define MEMORY_MOST \
	(1ULL << 30) /* bytes of address space: what a file makes of its size is not known before */
#define TEXT_MOST (PATH_MAX + 64)

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200 /* linux/fcntl.h */
#endif

enum what { WHAT_PROCESS, WHAT_USUAL, WHAT_FILE };

struct question {
	struct question *next;
	enum what what;
	struct mapped m; /* its path is this: */
	char path[];
};

enum answer_kind {
	ANSWER_MAPPING, /* come upon: `m` */
	ANSWER_OPENED,	/* and more will be said, unless `f` has an error, or is known */
	ANSWER_DONE,
};

struct answer {
	enum answer_kind kind;
	unsigned int index; /* of the question */
	struct mapped m;
	struct finding f;
	char text[TEXT_MOST]; /* its path, or name; so much of it as there is is sent */
};

/* --- the process that looks --- */

static int to; /* whoever waits for the answers */

static void answer(struct answer *a, const char *text)
{
	size_t len;

	snprintf(a->text, sizeof(a->text), "%s", text);
	len = offsetof(struct answer, text) + strlen(a->text) + 1;
	if (write(to, a, len) != (ssize_t)len)
		_exit(1);
}

static void answer_with(struct answer *a, const char *text, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec piece = { .iov_base = a };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	snprintf(a->text, sizeof(a->text), "%s", text);
	piece.iov_len = offsetof(struct answer, text) + strlen(a->text) + 1;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(to, &message, 0) < 0)
		_exit(1);
}

static void answer_mapping(const struct mapped *m, void *ctx)
{
	struct answer a = { .kind = ANSWER_MAPPING, .m = *m };

	(void)ctx;
	answer(&a, m->path);
}

static void look_for_usual(const char *pattern)
{
	struct mapped m = {};
	glob_t g;

	if (glob(pattern, GLOB_NOSORT, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		m.path = g.gl_pathv[i];
		answer_mapping(&m, NULL);
	}
	globfree(&g);
}

static void look_through(struct question **asked, size_t count)
{
	struct answer a = { .kind = ANSWER_DONE };

	for (; a.index < count; a.index++) {
		if (asked[a.index]->what == WHAT_PROCESS)
			mapped_of(asked[a.index]->m.pid, answer_mapping, NULL);
		else
			look_for_usual(asked[a.index]->path);
		answer(&a, "");
	}
}

/* 0 or an errno. */
static int identify(int dir, const char *path, struct file_id *id)
{
	struct statx st;

	if (statx(dir, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS, &st))
		return errno;
	if (!S_ISREG(st.stx_mode))
		return EINVAL;
	*id = (struct file_id){
		.dev = makedev(st.stx_dev_major, st.stx_dev_minor),
		.ino = st.stx_ino,
		.changed = st.stx_ctime.tv_sec * 1000 * MS + st.stx_ctime.tv_nsec,
		.size = st.stx_size,
		.links = st.stx_nlink,
		.owner = st.stx_uid,
	};
	return 0;
}

int examine_identify(int fd, struct file_id *id)
{
	return identify(fd, "", id);
}

static bool leads_to(const char *path, const struct file_id *id)
{
	struct file_id found = {};

	return !identify(AT_FDCWD, path, &found) && found.dev == id->dev && found.ino == id->ino;
}

/* The path that a process has it by, as somebody in our mount namespace can use it if that is possible. */
static const char *name_of(const struct mapped *m, const struct file_id *id, char *name)
{
	snprintf(name, TEXT_MOST, "/proc/%u/root%s", m->pid, m->path);
	return !m->pid || leads_to(m->path, id) || !leads_to(name, id) ? m->path : name;
}

/*
 * Through the mapping itself; who may not do that, by its path.  If the mapping
 * has gone, its path may lead wherever the process wants.
 */
static int open_mapping(const struct mapped *m)
{
	char path[TEXT_MOST];
	int fd;

	if (!m->pid)
		return open(m->path, O_PATH | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, m->pid, m->start,
		 m->end);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0 || errno != EPERM)
		return fd;
	snprintf(path, sizeof(path), "/proc/%u/root%s", m->pid, m->path);
	return open(path, O_PATH | O_CLOEXEC);
}

/*
 * Probes are put into the file that a layer has, so all overlays with that layer
 * share them.  Which file that is, a handle of the overlay tells (Linux 6.7).
 */
static void identify_below(int fd, struct file_id *id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = { .handle.handle_bytes = MAX_HANDLE_SZ };
	struct statfs fs;
	int mount;

	if (fstatfs(fd, &fs) || fs.f_type != OVERLAYFS_SUPER_MAGIC ||
	    name_to_handle_at(fd, "", &h.handle, &mount, AT_EMPTY_PATH | AT_HANDLE_FID))
		return;
	id->dev = OVERLAYFS_SUPER_MAGIC;
	id->ino = 0;
	for (unsigned int i = 0; i < h.handle.handle_bytes; i++)
		id->ino = (id->ino ^ h.handle.f_handle[i]) * 0x100000001B3ULL;
}

/* Returns a descriptor to read from, -1 if there is nothing to be read: the last word has been said then. */
static int open_file(const struct examiner *e, const struct mapped *m, struct answer *a)
{
	char path[32], name[TEXT_MOST];
	struct finding *f = &a->f;
	struct file_id shown;
	int fd = open_mapping(m), to_read = -1;

	f->found = EDITOR_SILENT;
	f->err = fd < 0 ? errno : examine_identify(fd, &f->id);
	shown = f->id;
	if (!f->err)
		identify_below(fd, &f->id);
	f->known = !f->err && e->known(&f->id);
	if (f->err || f->known) {
		answer(a, m->path);
	} else {
		/* While we may: a program that not everybody may read is one all the same. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		to_read = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		f->err = to_read < 0 ? errno : 0;
		answer_with(a, name_of(m, &shown, name), fd);
	}
	close(fd);
	return to_read;
}

/*
 * A probe is put into the page that is in memory; here, because the kernel would
 * read it while no process on the machine can fork.
 */
static void read_hooks(int fd, const struct editor *e)
{
	char byte;

	if (pread(fd, &byte, 1, (off_t)e->line.offset) < 0 ||
	    pread(fd, &byte, 1, (off_t)e->prompt.offset) < 0)
		log_info("%s", strerror(errno));
}

/* What has been mapped before counts as well: proc_pid_statm(5). */
static void limit_memory(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");
	struct rlimit limit;

	if (statm && fscanf(statm, "%lu", &pages) == 1) {
		limit.rlim_cur = limit.rlim_max = pages * getpagesize() + MEMORY_MOST;
		setrlimit(RLIMIT_AS, &limit);
	}
	if (statm)
		fclose(statm);
}

static void look_into(const struct examiner *e, struct question **asked, size_t count)
{
	const struct rlimit cpu = { CPU_MOST, CPU_MOST };
	const struct sandbox sandbox = { .read_files = true };
	struct answer a;
	int fds[BATCH];

	for (unsigned int i = 0; i < count; i++) {
		a = (struct answer){ .kind = ANSWER_OPENED, .index = i };
		fds[i] = open_file(e, &asked[i]->m, &a);
	}
	setrlimit(RLIMIT_CPU, &cpu);
	limit_memory();
	if (sandbox_enter(&sandbox))
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* another user has none any more: prctl(2) */
	for (unsigned int i = 0; i < count; i++) {
		if (fds[i] < 0)
			continue;
		a = (struct answer){ .kind = ANSWER_DONE, .index = i };
		a.f.found = editor_read(fds[i], e->symbol, &a.f.editor);
		if (a.f.found == EDITOR_FOUND)
			read_hooks(fds[i], &a.f.editor);
		answer(&a, "");
		close(fds[i]);
	}
}

/* Without any descriptor that keeps something alive: this process may be one that cannot be killed. */
static void keep_only(int fd)
{
	if (fd < 3)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (fd > 3)
		syscall(SYS_close_range, 3, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, ~0U, 0);
	to = fd;
}

static void run_helper(const struct examiner *e, struct question **asked, size_t count, int fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	keep_only(fd);
	if (asked[0]->what == WHAT_FILE)
		look_into(e, asked, count);
	else
		look_through(asked, count);
	_exit(0);
}

/* --- questions --- */

struct user;

struct helper {
	struct helper *next;
	struct user *user;
	pid_t pid;
	int from;	       /* -1: it has been ended, and need only be waited for */
	bool late;	       /* and that may be in vain */
	uint64_t dev;	       /* that it has been waiting for then */
	uint64_t since, heard; /* when it began, and when it last said something, or was killed */
	size_t count, opened;
	struct question *asked[BATCH]; /* NULL: that has been answered */
	struct finding files[BATCH];
	char *names[BATCH];
};

struct user {
	struct user *next;
	uid_t uid;
	struct question *first, **end;
	unsigned int waiting, stuck;
	struct helper *helper;
	uint64_t spent; /* nanoseconds, since there was nothing to do for this one */
};

static struct user *users;
static struct helper *helpers;
static unsigned int pending, pending_processes;

static struct user *user_of(uid_t uid)
{
	struct user *u = users;

	while (u && u->uid != uid)
		u = u->next;
	if (u)
		return u;
	u = calloc(1, sizeof(*u));
	if (!u)
		return NULL;
	u->uid = uid;
	u->end = &u->first;
	u->next = users;
	users = u;
	return u;
}

static void put_back(struct user *u, struct question *q)
{
	q->next = u->first;
	u->first = q;
	if (u->end == &u->first)
		u->end = &q->next;
	u->waiting++;
}

static int ask(enum what what, const struct mapped *m, uid_t uid)
{
	size_t len = strlen(m->path) + 1;
	struct user *u = user_of(uid);
	struct question *q, **at;

	if (u && u->waiting == QUESTIONS_MAX)
		return -EAGAIN;
	q = u ? malloc(sizeof(*q) + len) : NULL;
	if (!q)
		return -ENOMEM;
	*q = (struct question){ .what = what, .m = *m };
	memcpy(q->path, m->path, len);
	q->m.path = q->path;
	pending++;
	pending_processes += what == WHAT_PROCESS;
	/* The usual files come before those that processes have: in these most lines are read. */
	at = u->end;
	if (what == WHAT_FILE && !m->pid)
		for (at = &u->first; *at && (*at)->what == WHAT_FILE && !(*at)->m.pid;)
			at = &(*at)->next;
	q->next = *at;
	*at = q;
	if (!q->next)
		u->end = &q->next;
	u->waiting++;
	return 0;
}

static struct question *take(struct user *u)
{
	struct question *q = u->first;

	u->first = q->next;
	if (!u->first)
		u->end = &u->first;
	u->waiting--;
	return q;
}

int examine_process(uint32_t pid)
{
	return ask(WHAT_PROCESS, &(struct mapped){ .pid = pid, .path = "" }, examine_user_of(pid));
}

/* Those of a user who has too many are no reason to leave out those of others. */
void examine_all_processes(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)*entry->d_name))
			examine_process(strtoul(entry->d_name, NULL, 10));
	if (proc)
		closedir(proc);
}

int examine_usual(const char *pattern)
{
	return ask(WHAT_USUAL, &(struct mapped){ .path = pattern }, 0);
}

int examine_file(const struct mapped *m, uid_t user)
{
	return ask(WHAT_FILE, m, user);
}

/* proc_pid_status(5): who is not dumpable seems to belong to root by the owner of its directory. */
uid_t examine_user_of(uint32_t pid)
{
	uid_t uid = -1;
	char line[256];
	FILE *status;

	snprintf(line, sizeof(line), "/proc/%u/status", pid);
	status = fopen(line, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "Uid: %u", &uid) == 1)
			break;
	if (status)
		fclose(status);
	return uid;
}

unsigned int examine_pending(void)
{
	return pending;
}

unsigned int examine_pending_processes(void)
{
	return pending_processes;
}

/* --- answers --- */

/* Has it been killed, and should have ended by now, or not? */
static bool is_dying(const struct helper *h, bool should_have)
{
	return h->late && (h->heard + DYING < clock_now()) == should_have;
}

/* Is somebody waiting for that file system already, and cannot even be killed? */
static bool is_silent(uint64_t dev)
{
	for (const struct helper *h = helpers; h; h = h->next)
		if (dev && h->dev == dev && is_dying(h, true))
			return true;
	return false;
}

static void forget(struct question *q)
{
	pending--;
	pending_processes -= q->what == WHAT_PROCESS;
	free(q);
}

/* There was no answer. */
static void give_up(const struct examiner *e, const struct user *u, struct question *q, bool late)
{
	struct finding f = {
		.fd = -1, .found = EDITOR_SILENT, .late = late, .user = u->uid, .name = q->m.path
	};

	if (q->what == WHAT_FILE)
		e->file(&q->m, &f);
	else if (q->what == WHAT_PROCESS)
		log_info("process %u: what it maps could not be found out", q->m.pid);
	else
		log_warn("not looked for: %s: its file system does not answer", q->path);
	forget(q);
}

/* Nothing more is to be said to this one, or it is to be asked again. */
static struct question *take_back(struct helper *h, size_t i)
{
	struct question *q = h->asked[i];

	if (h->files[i].fd >= 0)
		close(h->files[i].fd);
	free(h->names[i]);
	h->files[i].fd = -1;
	h->names[i] = NULL;
	h->asked[i] = NULL;
	return q;
}

static void finish(const struct examiner *e, struct helper *h, size_t i)
{
	struct finding *f = &h->files[i];

	if (h->asked[i]->what == WHAT_FILE) {
		f->name = h->names[i] ?: h->asked[i]->path;
		f->user = h->user->uid;
		e->file(&h->asked[i]->m, f);
	}
	forget(take_back(h, i));
}

/* It has said all, or nothing more will come: what it is at now is to blame, and the rest is asked again. */
static void end_helper(const struct examiner *e, struct helper *h, bool late)
{
	size_t at = h->opened < h->count ? h->opened : 0;
	struct question *blamed;

	while (at < h->count && !h->asked[at])
		at++;
	blamed = at < h->count ? take_back(h, at) : NULL;
	for (size_t i = h->count; i-- > 0;)
		if (h->asked[i])
			put_back(h->user, take_back(h, i));
	if (blamed) {
		h->dev = blamed->m.dev;
		give_up(e, h->user, blamed, late);
	}
	close(h->from);
	h->from = -1;
	h->user->spent += clock_now() - h->since;
	h->user->helper = NULL;
	if (h->pid > 0)
		kill(h->pid, SIGKILL);
	h->heard = clock_now();
	h->late = late;
	h->user->stuck += late; /* until it is reaped, and so long there is that user */
}

/* A message; false if there will be none any more. */
static bool receive(int from, struct answer *a, int *fd)
{
	char control[CMSG_SPACE(sizeof(*fd))];
	struct iovec piece = { a, sizeof(*a) };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	*fd = -1;
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n > 0;
}

static void hear(const struct examiner *e, struct helper *h)
{
	static struct answer a;
	struct finding *f;
	int fd;

	if (!receive(h->from, &a, &fd)) {
		end_helper(e, h, false);
		return;
	}
	h->heard = clock_now();
	a.m.path = a.text;
	if (a.kind == ANSWER_MAPPING) {
		e->mapping(&a.m, h->user->uid);
		return;
	}
	f = &h->files[a.index];
	if (a.kind == ANSWER_OPENED) {
		*f = a.f;
		f->fd = fd;
		h->names[a.index] = strdup(a.text);
		h->opened = a.index + 1;
		if (!f->err && !f->known)
			return;
	} else {
		f->found = a.f.found;
		f->editor = a.f.editor;
	}
	finish(e, h, a.index);
}

/* --- helpers --- */

static void start_helper(const struct examiner *e, struct user *u)
{
	struct helper *h = calloc(1, sizeof(*h));
	struct question *q;
	int ends[2];
	bool files;

	if (!h)
		return;
	h->user = u;
	h->since = h->heard = clock_now();
	files = u->first->what == WHAT_FILE;
	while (u->first && h->count < BATCH && (u->first->what == WHAT_FILE) == files) {
		q = take(u);
		if (is_silent(q->m.dev)) {
			give_up(e, u, q, true);
			continue;
		}
		h->files[h->count].fd = -1;
		h->asked[h->count++] = q;
	}
	h->opened = files ? 0 : h->count;
	h->next = helpers;
	helpers = h;
	u->helper = h;
	h->from = -1;
	if (!h->count || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		end_helper(e, h, false);
		return;
	}
	h->from = ends[0];
	h->pid = fork();
	if (!h->pid)
		run_helper(e, h->asked, h->count, ends[1]);
	close(ends[1]); /* and if there was no fork, then this is its end */
}

static unsigned int stuck_most(const struct user *u)
{
	return u->uid ? STUCK_MAX : STUCK_MAX_ROOT;
}

/* Whether it can be killed tells whether its file system answers. */
static bool has_dying(const struct user *u)
{
	for (const struct helper *h = helpers; h; h = h->next)
		if (h->user == u && is_dying(h, false))
			return true;
	return false;
}

/* Root first, then who has taken least of our time. */
static struct user *next_user(void)
{
	struct user *best = NULL;

	for (struct user *u = users; u; u = u->next) {
		if (!u->first || u->helper || u->stuck >= stuck_most(u) || has_dying(u))
			continue;
		if (!best || !u->uid || (best->uid && u->spent < best->spent))
			best = u;
	}
	return best;
}

static void start_helpers(const struct examiner *e)
{
	unsigned int running = 0;
	struct user *u;

	for (const struct helper *h = helpers; h; h = h->next)
		running += h->from >= 0;
	for (; (u = next_user()) && (running < HELPERS_MAX || !u->uid); running++)
		start_helper(e, u);
}

static void reap_helpers(void)
{
	struct helper **at = &helpers, *h;

	while ((h = *at)) {
		if (h->from >= 0 || (h->pid > 0 && waitpid(h->pid, NULL, WNOHANG) == 0)) {
			at = &h->next;
			continue;
		}
		if (h->late)
			h->user->stuck--;
		*at = h->next;
		free(h);
	}
}

/* Who has nothing to be done has spent nothing; who cannot have anything done is told so. */
static void tidy_users(const struct examiner *e)
{
	struct user **at = &users, *u;

	while ((u = *at)) {
		while (u->first && u->stuck >= stuck_most(u) && !has_dying(u))
			give_up(e, u, take(u), true);
		if (u->first || u->helper || u->stuck) {
			at = &u->next;
			continue;
		}
		*at = u->next;
		free(u);
	}
}

bool examine_wait(const struct examiner *e, int other, int timeout)
{
	struct pollfd polls[2 + HELPERS_MAX] = { { .fd = other, .events = POLLIN } };
	struct helper *polled[2 + HELPERS_MAX];
	size_t count = 1;
	uint64_t now;

	reap_helpers();
	tidy_users(e);
	start_helpers(e);
	now = clock_now();
	for (struct helper *h = helpers; h; h = h->next) {
		if (is_dying(h, false))
			timeout = 1;
		if (h->from < 0)
			continue;
		polled[count] = h;
		polls[count++] = (struct pollfd){ .fd = h->from, .events = POLLIN };
		if (timeout < 0 || h->heard + PATIENCE < now + timeout * MS)
			timeout = h->heard + PATIENCE > now
					  ? (int)((h->heard + PATIENCE - now + MS - 1) / MS)
					  : 0;
	}
	poll(polls, count, timeout);
	now = clock_now();
	for (size_t i = 1; i < count; i++) {
		if (polls[i].revents)
			hear(e, polled[i]);
		else if (polled[i]->heard + PATIENCE <= now)
			end_helper(e, polled[i], true);
	}
	return polls[0].revents;
}
