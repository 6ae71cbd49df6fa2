// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/filter.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "common/hook.h"
#include "common/log.h"
#include "common/parse.h"

#define PIDS_OLD 32768	      /* entries, where the kernel has to reserve them all at once */
#define PID_MAX_LIMIT 4194304 /* linux/threads.h: there are never more processes */

enum { OPT_FOLLOW = 0x1000, OPT_PPID, OPT_LONG = 0x10000 /* a letter that is not for us */ };

/* A descriptor of a process, see pidfd_open(2), or a negative errno after saying why not. */
static int open_process(const char *option, const char *text, pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 && errno == ESRCH)
		return log_err(0, "%s: no such process: %s", option, text);
	/* What it says of a thread: EINVAL, or ENOENT since 6.9. */
	if (fd < 0 && (errno == EINVAL || errno == ENOENT))
		return log_err(0, "%s: not a process but a thread of one (see --tid): %s", option,
			       text);
	return fd < 0 ? log_err(-errno, "%s %s", option, text) : fd;
}

static int add_pid(const char *item, size_t len, void *ctx)
{
	struct filters *f = ctx;
	struct rlimit files;
	char text[24];
	uint64_t pid;
	int fd;

	if (len >= sizeof(text))
		return log_err(0, "-p: not a process: '%.*s'", (int)len, item);
	memcpy(text, item, len);
	text[len] = '\0';
	if (parse_number("-p", text, 1, INT_MAX, &pid))
		return -EINVAL;
	if (f->pid_count == FILTER_PIDS)
		return log_err(0, "-p: more than %d processes", FILTER_PIDS);
	/* As many as the system allows us; there is no COMMAND that would inherit the limit. */
	if (!f->pid_count && !getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	fd = open_process("-p", text, pid);
	if (fd < 0)
		return fd;
	f->pids[f->pid_count].pid = pid;
	f->pids[f->pid_count++].fd = fd;
	return 0;
}

/*
 * A directory of the cgroup v2 hierarchy, or its path in that, as the column
 * CGROUP and /proc/PID/cgroup have it.
 */
static int open_cgroup(const char *path)
{
	static const char *const roots[] = { "", "/sys/fs/cgroup/", "/sys/fs/cgroup/unified/" };
	char whole[PATH_MAX];
	struct statfs fs;
	bool other = false; /* there is such a directory, but it is none */
	int fd, err = ENOENT;

	for (size_t i = 0; *path && i < sizeof(roots) / sizeof(*roots); i++) {
		if (i && *path == '.')
			break;
		snprintf(whole, sizeof(whole), "%s%s", roots[i], path);
		fd = open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			err = errno;
			continue;
		}
		if (!fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return fd;
		close(fd);
		other = true;
	}
	return other ? log_err(0, "-c: not a cgroup v2 directory: '%s'", path)
		     : log_err(-err, "-c: '%s'", path);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct filters *f = state->input;
	uint64_t number;
	int fd;

	switch (key & ~OPT_LONG) {
	case 'p':
		return -parse_list("-p", arg, add_pid, f);
	case 't':
		if (parse_number(key == 't' ? "-t" : "--tid", arg, 1, INT_MAX, &number))
			return EINVAL;
		if (kill(number, 0) && errno == ESRCH)
			return -log_err(0, "%s: no such thread: %s", key == 't' ? "-t" : "--tid",
					arg);
		f->kernel->tid = number;
		return 0;
	case OPT_PPID:
		if (parse_number("--ppid", arg, 1, INT_MAX, &number))
			return EINVAL;
		fd = open_process("--ppid", arg, number);
		if (fd < 0)
			return EINVAL;
		close(fd);
		f->kernel->ppid = number;
		return 0;
	case 'u':
		f->kernel->by_uid = 1;
		return -parse_user("-u", arg, &f->kernel->uid);
	case 'n':
		if (!*arg || strlen(arg) >= EVENT_COMM_LEN)
			return -log_err(0, "-n: not 1 to %d bytes: '%s'", EVENT_COMM_LEN - 1, arg);
		f->kernel->comm_len = strlen(arg);
		memcpy(f->kernel->comm, arg, strlen(arg));
		return 0;
	case 'c':
		f->cgroup = open_cgroup(arg);
		return f->cgroup < 0 ? EINVAL : 0;
	case OPT_FOLLOW:
		f->follow = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static struct argp_option options[] = {
	{ "pid", 'p', "PID[,PID...]", 0, "These processes only", 0 },
	{ "tid", 't', "TID", 0, "This thread only", 0 },
	{ "uid", 'u', "USER", 0, "This user only, by name or number", 0 },
	{ "name", 'n', "TEXT", 0, "Processes with TEXT in their comm only", 0 },
	{ "ppid", OPT_PPID, "PID", 0, "Children of this process only", 0 },
	{ "cgroup", 'c', "PATH", 0, "This cgroup (v2) and those below it only", 0 },
	{ "follow", OPT_FOLLOW, NULL, 0,
	  "With -p: their descendants too; with COMMAND: go on until its last descendant has ended",
	  0 },
	{},
};

const struct argp filter_argp = { .options = options, .parser = parse };

void filter_leave_letters(const struct argp_option *own)
{
	for (; own->name; own++)
		for (struct argp_option *o = options; o->name; o++)
			if (o->key == own->key)
				o->key |= OPT_LONG;
}

/* The programs that follow descendants. */
static const char *const followers[] = { "follow_newtask", "follow_exit" };
#define FOLLOWERS (sizeof(followers) / sizeof(*followers))

/* How many processes there can be: proc_sys_kernel(5). */
static uint32_t processes_max(void)
{
	FILE *file = fopen("/proc/sys/kernel/threads-max", "re");
	uint32_t most;

	if (!file || fscanf(file, "%" SCNu32, &most) != 1 || most > PID_MAX_LIMIT)
		most = PID_MAX_LIMIT;
	if (file)
		fclose(file);
	return most;
}

int filter_make_room(struct bpf_map *map)
{
	if (hook_has_lazy_maps())
		return bpf_map__set_max_entries(map, processes_max());
	bpf_map__set_map_flags(map, 0);
	return bpf_map__set_max_entries(map, PIDS_OLD);
}

int filter_prepare(struct filters *f, struct bpf_object *object, bool descendants)
{
	struct bpf_map *pids = bpf_object__find_map_by_name(object, "pids");

	f->kernel->self = getpid();
	f->kernel->pidns = hook_pidns();
	if (f->kernel->pidns)
		log_info("in PID namespace %u: processes outside it are not shown",
			 f->kernel->pidns);
	f->kernel->by_pid = f->pid_count || descendants;
	f->kernel->follow = descendants || (f->follow && f->pid_count);
	f->kernel->by_cgroup = f->cgroup >= 0;
	bpf_map__set_autocreate(bpf_object__find_map_by_name(object, "cgroups"),
				f->kernel->by_cgroup);
	if (!f->kernel->follow)
		return bpf_map__set_max_entries(pids, f->pid_count ?: 1);
	for (size_t i = 0; i < FOLLOWERS; i++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(object, followers[i]),
					  true);
	return filter_make_room(pids);
}

/* Lets a process through.  If it ended meanwhile, the program that would have taken it out may have come too soon. */
static int let_through(int map, struct channel *channel, uint32_t pid)
{
	uint8_t one = 1;

	if (bpf_map_update_elem(map, &pid, &one, BPF_NOEXIST))
		return errno == EEXIST ? 0 : -errno;
	__atomic_add_fetch(&channel->followed, 1, __ATOMIC_SEQ_CST);
	if (kill(pid, 0) && errno == ESRCH && !bpf_map_delete_elem(map, &pid))
		__atomic_sub_fetch(&channel->followed, 1, __ATOMIC_SEQ_CST);
	return 1;
}

/* The parent of a process, 0 if it has gone: the fourth field of proc_pid_stat(5). */
static uint32_t parent_of(uint32_t pid)
{
	char path[32], text[512], *comm_end;
	unsigned int parent = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	comm_end = strrchr(text, ')'); /* the comm may have anything in it */
	if (!comm_end || sscanf(comm_end, ") %*c %u", &parent) != 1)
		return 0;
	return parent;
}

/* The descendants there are already: again and again, until a pass finds none whose parent is let through. */
static int let_descendants_through(int map, struct channel *channel)
{
	struct dirent *entry;
	uint32_t pid, parent;
	uint8_t one;
	int err = 0;
	bool more;
	DIR *proc;

	do {
		more = false;
		proc = opendir("/proc");
		if (!proc)
			return log_err(-errno, "--follow: /proc");
		while (err >= 0 && (entry = readdir(proc))) {
			if (!isdigit((unsigned char)entry->d_name[0]))
				continue;
			pid = strtoul(entry->d_name, NULL, 10);
			parent = parent_of(pid);
			if (!parent || bpf_map_lookup_elem(map, &parent, &one))
				continue;
			err = let_through(map, channel, pid);
			more = more || err > 0;
		}
		closedir(proc);
	} while (more && err >= 0);
	return err < 0 ? log_err(err, "--follow") : 0;
}

int filter_arm(struct filters *f, struct bpf_object *object, struct channel *channel,
	       uint32_t command)
{
	int pids = bpf_object__find_map_fd_by_name(object, "pids"), err = 0;
	uint32_t zero = 0;

	for (size_t i = 0; i < FOLLOWERS && f->kernel->follow && !err; i++)
		err = hook_attach(bpf_object__find_program_by_name(object, followers[i]), true,
				  "descendants");
	if (err)
		return err;
	if (command)
		err = let_through(pids, channel, command);
	for (unsigned int i = 0; i < f->pid_count && err >= 0; i++)
		err = let_through(pids, channel, f->pids[i].pid);
	if (err < 0)
		return log_err(err, "-p");
	if (f->kernel->by_cgroup &&
	    bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "cgroups"), &zero,
				&f->cgroup, BPF_ANY))
		return log_err(-errno, "-c");
	return f->follow && f->pid_count ? let_descendants_through(pids, channel) : 0;
}

void filter_disarm(const struct filters *f, struct bpf_object *object, unsigned int index)
{
	bpf_map_delete_elem(bpf_object__find_map_fd_by_name(object, "pids"), &f->pids[index].pid);
}
