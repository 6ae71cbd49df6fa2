// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/readers.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "common/log.h"

#define WAYS 64		      /* and processes: what is followed, before it becomes absurd */
#define PATIENCE 500000000ULL /* ns of this process: events come in meanwhile */
#define NO_TTY UINT_MAX

static struct {
	bool known;
	bool pipe;
	uid_t owner;
	uint32_t dev;
	uint64_t ino;
} output;

/* The number in a line of a file in /proc that begins with `key`; stays as it is if there is none. */
static void read_number(const char *path, const char *key, uint64_t *number)
{
	FILE *file = fopen(path, "re");
	char line[PATH_MAX];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			*number = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
}

/*
 * Overlays and btrfs have other devices and numbers for stat(2).  Since 5.14
 * fdinfo has the inode's own, and mountinfo the file system's; what is mounted
 * nowhere, as pipes are, is not found there.
 */
static void note_output(int fd)
{
	uint32_t id, major, minor;
	char path[48], line[PATH_MAX];
	uint64_t mount = 0;
	struct stat st;
	FILE *mounts;

	if (fstat(fd, &st))
		return;
	output.owner = st.st_uid;
	output.pipe = S_ISFIFO(st.st_mode);
	output.known = S_ISREG(st.st_mode) || output.pipe;
	if (!output.known)
		return;
	major = major(st.st_dev);
	minor = minor(st.st_dev);
	output.ino = st.st_ino;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	read_number(path, "ino:", &output.ino);
	read_number(path, "mnt_id:", &mount);
	mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts && fgets(line, sizeof(line), mounts))
		if (sscanf(line, "%" SCNu32, &id) == 1 && id == mount)
			sscanf(line, "%*u %*u %" SCNu32 ":%" SCNu32, &major, &minor);
	if (mounts)
		fclose(mounts);
	output.dev = major << 20 | minor;
}

bool readers_is_output(uint32_t dev, uint64_t ino)
{
	return output.known && dev == output.dev && ino == output.ino;
}

/* What is printed gets from one process to the next by a pipe, or a terminal. */
struct way {
	char *pipe;	    /* as /proc/PID/fd has it; NULL: a terminal */
	unsigned int tty;   /* its number */
	bool read, written; /* by the process that is looked at */
};

struct search {
	struct way ways[WAYS];
	unsigned int way_count;
	uint32_t seen[WAYS]; /* processes that read one of them */
	unsigned int seen_count;
	uint32_t pid; /* that is looked at */
	bool reads_pipe, writes_file;
};

/* A descriptor, by its name in the directory; `mode` has S_IRUSR and S_IWUSR as it is open for. */
typedef void (*fd_fn)(struct search *s, int dir, const char *fd, const char *link, mode_t mode);

static void each_fd(struct search *s, fd_fn each)
{
	char path[32], link[PATH_MAX];
	struct dirent *entry;
	struct stat st;
	ssize_t len;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fd", s->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		/* The link has the permissions of the descriptor: proc_pid_fd(5). */
		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISLNK(st.st_mode))
			continue;
		len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		if (len <= 0)
			continue;
		link[len] = '\0';
		each(s, dirfd(dir), entry->d_name, link, st.st_mode);
	}
	if (dir)
		closedir(dir);
}

/* Whoever it is can have a terminal of the same number, in a file system of their own; root would not. */
static bool is_trusted(uint32_t pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	return !stat(path, &st) && (!st.st_uid || st.st_uid == output.owner);
}

/* The terminal that a descriptor is the master of, see pts(4). */
static unsigned int tty_of(uint32_t pid, const char *fd, const char *link)
{
	uint64_t tty = NO_TTY;
	char path[64];

	if ((strcmp(link, "/dev/ptmx") != 0 && strcmp(link, "/dev/pts/ptmx") != 0) ||
	    !is_trusted(pid))
		return NO_TTY;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/fdinfo/%s", pid, fd);
	read_number(path, "tty-index:", &tty);
	return tty;
}

static void note_ways(struct search *s, int dir, const char *fd, const char *link, mode_t mode)
{
	unsigned int tty = tty_of(s->pid, fd, link);

	(void)dir;
	for (unsigned int i = 0; i < s->way_count; i++) {
		struct way *way = &s->ways[i];

		if (way->pipe ? strcmp(way->pipe, link) != 0 : way->tty != tty)
			continue;
		way->read = way->read || mode & S_IRUSR;
		way->written = way->written || mode & S_IWUSR;
	}
}

static void add_way(struct search *s, const char *link, const struct stat *st)
{
	struct way way = { .tty = NO_TTY };

	if (s->way_count == WAYS)
		return;
	if (S_ISFIFO(st->st_mode))
		way.pipe = strdup(link);
	else
		sscanf(link, "/dev/pts/%u", &way.tty);
	if (way.pipe || way.tty != NO_TTY)
		s->ways[s->way_count++] = way;
}

/*
 * What a reader writes to.  By other pipes than its standard output and error
 * it deals with other processes, or has been given them without knowing.
 */
static void note_written(struct search *s, int dir, const char *fd, const char *link, mode_t mode)
{
	bool standard = !strcmp(fd, "1") || !strcmp(fd, "2");
	struct stat st;

	if (!(mode & S_IWUSR) || fstatat(dir, fd, &st, 0))
		return;
	if (S_ISREG(st.st_mode))
		s->writes_file = true;
	if (standard || !S_ISFIFO(st.st_mode))
		add_way(s, link, &st);
}

/*
 * Does the process read what is printed, and was not known for it?  Not one
 * that has both ends of a pipe: what it shares with others is no output.
 */
static bool is_reader(struct search *s, uint32_t pid)
{
	bool reads_tty = false;

	for (unsigned int i = 0; i < s->seen_count; i++)
		if (s->seen[i] == pid)
			return false;
	for (unsigned int i = 0; i < s->way_count; i++)
		s->ways[i].read = s->ways[i].written = false;
	s->pid = pid;
	s->reads_pipe = s->writes_file = false;
	each_fd(s, note_ways);
	for (unsigned int i = 0; i < s->way_count; i++) {
		const struct way *way = &s->ways[i];

		if (way->pipe)
			s->reads_pipe = s->reads_pipe || (way->read && !way->written);
		else
			reads_tty = reads_tty || way->read;
	}
	if (!s->reads_pipe && !reads_tty)
		return false;
	s->seen[s->seen_count++] = pid;
	each_fd(s, note_written);
	return true;
}

static size_t name(char *text, size_t size, uint32_t pid)
{
	char path[32], comm[EVENT_COMM_LEN] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(comm, sizeof(comm), file))
		comm[strcspn(comm, "\n")] = '\0';
	if (file)
		fclose(file);
	return snprintf(text, size, "%s (%" PRIu32 ")", comm, pid);
}

static bool is_left_out(const struct search *s, enum readers which, int pids)
{
	uint8_t one;

	/* Of a terminal: script(1) and the like, or a terminal that keeps on disk what has scrolled away. */
	if (!s->reads_pipe && !s->writes_file && which != READERS_OF_ANYTHING)
		return false;
	return pids < 0 || !bpf_map_lookup_elem(pids, &s->pid, &one);
}

/* The output is the first way. */
static void begin(struct search *s, int fd)
{
	char path[48], link[PATH_MAX];
	struct stat st;
	ssize_t len;

	memset(s, 0, sizeof(*s));
	s->seen[s->seen_count++] = getpid();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, link, sizeof(link) - 1);
	if (len <= 0 || fstat(fd, &st))
		return;
	link[len] = '\0';
	add_way(s, link, &st);
}

/* Not the time that others have had meanwhile. */
static uint64_t time_spent(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void readers_find(int fd, enum readers which, int pids, struct channel *channel)
{
	char text[READERS_MAX * 32];
	uint64_t deadline = time_spent() + PATIENCE;
	unsigned int n = 0, more = 0, before;
	struct dirent *entry;
	struct search s;
	size_t used = 0;
	DIR *proc;

	note_output(fd);
	channel->output = output.pipe ? output.ino : 0;
	if (which == READERS_SHOWN)
		return;
	begin(&s, fd);
	/* Until no new one is found, who could have others behind it. */
	do {
		before = s.seen_count;
		proc = s.way_count ? opendir("/proc") : NULL;
		while (proc && s.seen_count < WAYS && time_spent() < deadline &&
		       (entry = readdir(proc))) {
			if (!isdigit((unsigned char)*entry->d_name) ||
			    !is_reader(&s, strtoul(entry->d_name, NULL, 10)) ||
			    !is_left_out(&s, which, pids))
				continue;
			if (n == READERS_MAX) {
				more++;
				continue;
			}
			used += snprintf(text + used, sizeof(text) - used, "%s", n ? ", " : "");
			used += name(text + used, sizeof(text) - used, s.pid);
			channel->reader[n++] = s.pid;
		}
		if (proc)
			closedir(proc);
	} while (s.seen_count != before && time_spent() < deadline);
	if (s.seen_count == WAYS || time_spent() >= deadline)
		log_warn("too many processes and descriptors to find all who read this output");
	while (s.way_count)
		free(s.ways[--s.way_count].pipe);
	/* Before anything is said, which they read as well. */
	channel->readers = n;
	if (n)
		log_warn("not shown: writes by %s, which read%s this output", text,
			 n > 1 ? "" : "s");
	if (more)
		log_warn("writes by %u others are shown, which read this output as well", more);
}
