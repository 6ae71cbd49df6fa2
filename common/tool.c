// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <locale.h>
#ifdef __GLIBC__
#include <nss.h>
#endif
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "common/child.h"
#include "common/clock.h"
#include "common/context.h"
#include "common/filter.h"
#include "common/hook.h"
#include "common/log.h"
#include "common/options.h"
#include "common/sandbox.h"
#include "common/source.h"

#define MS 1000000ULL /* nanoseconds */
#define SECOND (1000 * MS)
#define ALARM_AGAIN (100 * MS)
#define SETTLE (100 * MS)
#define PATIENCE_MS 1000 /* how often to look whether to wait for COMMAND */

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2, STATUS_FAILED_COMMAND = 125 };

/* All of a run; there is one in a process. */
static struct {
	struct tool *tool;
	struct tool_bpf bpf;
	struct output out;
	struct child child;
	volatile sig_atomic_t child_ended;
	struct source *source;

	struct options options;
	bool stdout_closed;
	uint64_t deadline; /* CLOCK_MONOTONIC; 0: none */
	uint64_t next_tick, ticks;
	uint64_t events, forgotten;
	bool failed;

	int epoll; /* whatever there is to wait for, except records */
	int signalled;
	unsigned int pids; /* of -p, still alive */
	uint64_t reported; /* losses that have been told, and when */
	uint64_t report_time;
} run;

/* To end the tracing; how many signals were passed on; not to wait for COMMAND after the end. */
static volatile sig_atomic_t stopping, signals, impatient;

/* --- before tracing --- */

/* A descriptor 0, 1 or 2 that is closed would be given to something else, which would then get our output. */
static void open_standard_fds(void)
{
	run.stdout_closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
	while (fcntl(STDERR_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0 ||
	       fcntl(STDIN_FILENO, F_GETFD) < 0)
		if (open("/dev/null", O_RDWR) < 0)
			break;
}

/* Says which capability is missing, instead of what libbpf makes of it. */
static int check_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {};
	uint64_t have;
	bool bpf, perfmon;

	if (syscall(SYS_capget, &header, data))
		return 0;
	have = data[0].effective | (uint64_t)data[1].effective << 32;
	if (have >> CAP_SYS_ADMIN & 1)
		return 0;
	if (run.tool->admin)
		return log_err(0, "must be run as root, or with the capability CAP_SYS_ADMIN");
	bpf = have >> CAP_BPF & 1;
	perfmon = have >> CAP_PERFMON & 1;
	if (!bpf || !perfmon)
		return log_err(
			0,
			"must be run as root, or with the capabilities CAP_BPF and CAP_PERFMON (missing: %s%s%s)",
			bpf ? "" : "CAP_BPF", !bpf && !perfmon ? ", " : "",
			perfmon ? "" : "CAP_PERFMON");
	return 0;
}

static int check_kernel(void)
{
	static const char btf[] = "/sys/kernel/btf/vmlinux";
	struct stat st;
	int err;

	/* A kernel that does not describe its types; or a container that hides them, behind /dev/null perhaps. */
	if (stat(btf, &st) || access(btf, R_OK))
		return log_err(-errno, "%s", btf);
	if (!S_ISREG(st.st_mode))
		return log_err(0, "%s: the types of the kernel are not there", btf);
	/* Before anything else is tried: some locked down kernels do not even survive a tracefs that is mounted. */
	err = hook_check_reading() ?: hook_check_memory();
	if (!err && run.tool->want & WANT_USER_STACK && !hook_has_loops())
		err = log_err(0, "--stack: this kernel cannot tell what is mapped at an address "
				 "(Linux 5.17 can)");
	return err;
}

/*
 * SIGALRM after that time, and then again and again: what is to end a write(2)
 * that waits for a reader may come just before that begins to wait.
 */
static void alarm_after(uint64_t ns)
{
	uint64_t us = (ns + 999) / 1000;
	struct itimerval timer = {
		.it_value = { us / 1000000, us % 1000000 },
		.it_interval = { 0, ALARM_AGAIN / 1000 },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	int saved = errno;
	uint64_t one = 1;

	(void)context;
	if (signal == SIGALRM) {
		if (run.deadline && clock_now() >= run.deadline)
			stopping = 1;
	} else if (signal == SIGCHLD) {
		/* Told by its descriptor as well, but not to a write(2) that waits for a reader. */
		if (info->si_pid == run.child.pid && !run.options.filters.follow)
			stopping = 1;
	} else if (!run.child.pid || run.child_ended) {
		stopping = 1;
	} else if (info->si_code != SI_KERNEL || signal == SIGHUP) {
		/*
		 * What a key sends has reached COMMAND, and is its business.  A
		 * terminal that hangs up tells the leader of its session only.
		 */
		kill(run.child.pid, signal);
		impatient = stopping;
		if (++signals > 1)
			stopping = 1;
	}
	if (stopping)
		alarm_after(ALARM_AGAIN);
	if (write(run.signalled, &one, sizeof(one)) < 0 && errno != EAGAIN)
		stopping = 1;
	errno = saved;
}

static int watch(int fd, uint32_t events, uint64_t what)
{
	struct epoll_event event = { .events = events, .data.u64 = what };

	return epoll_ctl(run.epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

enum {
	WATCH_SIGNAL,
	WATCH_CHILD,
	WATCH_OUTPUT,
	WATCH_PID /* and those after it: of -p, by index */
};

static int watch_everything(void)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_NOCLDSTOP },
			 old;
	static const int handled[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGALRM, SIGCHLD };
	const struct filters *filters = &run.options.filters;
	sigset_t set;
	int err;

	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	run.signalled = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (run.epoll < 0 || run.signalled < 0)
		return log_err(-errno, "epoll");
	err = watch(run.signalled, EPOLLIN, WATCH_SIGNAL);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(*handled); i++) {
		sigaddset(&set, handled[i]);
		/* nohup(1) */
		if (handled[i] == SIGHUP && !sigaction(SIGHUP, NULL, &old) &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(handled[i], &action, NULL);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* whoever started us may have blocked them */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that is too large is an error like others */
	/* A pipe whose reader goes away, noticed at once; a regular file cannot be watched, and need not. */
	watch(run.out.fd, 0, WATCH_OUTPUT);
	for (unsigned int i = 0; i < filters->pid_count && !err && !filters->follow; i++)
		err = watch(filters->pids[i].fd, EPOLLIN | EPOLLONESHOT, WATCH_PID + i);
	run.pids = filters->pid_count;
	return err ? log_err(err, "epoll") : 0;
}

/* What the kernel tells of a program; false for one that was not loaded. */
static bool program_info(const struct bpf_program *p, struct bpf_prog_info *info)
{
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_program__fd(p) >= 0 && !bpf_obj_get_info_by_fd(bpf_program__fd(p), info, &len);
}

static void log_programs(void)
{
	struct bpf_program *p;
	struct bpf_prog_info info;

	bpf_object__for_each_program(p, run.bpf.object)
		if (program_info(p, &info))
			log_info("program %s: %u instructions, %u looked at by the verifier, "
				 "%u bytes as machine code",
				 bpf_program__name(p), info.xlated_prog_len / 8,
				 info.verified_insns, info.jited_prog_len);
}

/* --- losses --- */

struct losses {
	uint64_t ring, busy, missed, output, memory, map, excess, follow;
};

static uint64_t losses(struct losses *l)
{
	const volatile struct channel *channel = run.bpf.channel;
	struct bpf_program *p;
	struct bpf_prog_info info;

	*l = (struct losses){ channel->lost_ring,
			      channel->lost_busy,
			      0,
			      run.out.lost,
			      run.forgotten,
			      channel->lost_map,
			      run.tool->excess ? run.tool->excess->lost : 0,
			      channel->lost_follow };
	bpf_object__for_each_program(p, run.bpf.object)
		if (program_info(p, &info))
			l->missed += info.recursion_misses;
	return l->ring + l->busy + l->missed + l->output + l->memory + l->map + l->excess;
}

static void print_losses(const char *type, bool end)
{
	struct losses l;
	uint64_t lost = losses(&l);
	char excess[32];
	const struct {
		const char *word;
		uint64_t count;
	} why[] = {
		{ "ring buffer full", l.ring }, { "program busy", l.busy },
		{ "recursion", l.missed },	{ "not written", l.output },
		{ "out of memory", l.memory },	{ "map full", l.map },
		{ excess, l.excess },
	};
	char text[320];
	size_t used = 0;

	snprintf(excess, sizeof(excess), "too much of user %u",
		 run.tool->excess ? run.tool->excess->uid : 0);

	if (run.options.json) {
		output_format(&run.out, "{\"type\":\"%s\"", type);
		if (end)
			output_format(&run.out, ",\"events\":%" PRIu64, run.events);
		output_format(&run.out,
			      ",\"lost\":%" PRIu64 ",\"lost_ring_full\":%" PRIu64
			      ",\"lost_busy\":%" PRIu64 ",\"lost_recursion\":%" PRIu64
			      ",\"lost_output\":%" PRIu64 ",\"lost_memory\":%" PRIu64
			      ",\"lost_map_full\":%" PRIu64,
			      lost, l.ring, l.busy, l.missed, l.output, l.memory, l.map);
		if (run.tool->excess)
			output_format(&run.out, ",\"lost_excess\":%" PRIu64, l.excess);
		output_format(&run.out, ",\"not_followed\":%" PRIu64 "}\n", l.follow);
		output_flush(&run.out);
	}
	if (lost + l.follow == run.reported && !(end && lost + l.follow))
		return;
	run.reported = lost + l.follow;
	for (size_t i = 0; i < sizeof(why) / sizeof(*why); i++)
		if (why[i].count)
			used += snprintf(text + used, sizeof(text) - used, "%s%s %" PRIu64,
					 used ? ", " : "", why[i].word, why[i].count);
	if (lost)
		log_warn("%" PRIu64 " events lost %s (%s)", lost, end ? "in all" : "so far", text);
	if (l.follow)
		log_warn("%" PRIu64 " descendants not followed", l.follow);
}

/* While it runs: at most once a second, and only when there is more to tell. */
static void report_losses(uint64_t now)
{
	struct losses l;

	if (now - run.report_time < SECOND)
		return;
	run.report_time = now;
	if (losses(&l) + l.follow > run.reported)
		print_losses("lost", false);
}

/* --- tracing --- */

static bool is_enough(void)
{
	return run.options.max_events && run.events >= run.options.max_events;
}

void tool_show_row(const char *type, const void *record)
{
	struct output *o = &run.out;

	if (is_enough())
		return;
	run.events++;
	output_put(o, o->json ? "{" : "");
	if (o->json && type)
		output_format(o, "\"type\":\"%s\",", type);
	if (run.tool->print)
		run.tool->print(o, record);
	else
		table_print(run.tool->table, o, record);
	context_print_stacks(o, record, run.tool->want);
	output_put(o, o->json ? "}\n" : "\n");
	output_end(o);
}

void tool_show(const void *record)
{
	tool_show_row(NULL, record);
}

void tool_lose(void)
{
	run.forgotten++;
}

void tool_heading(void)
{
	if (!run.options.no_header && !run.options.json && !run.tool->print)
		table_heading(run.tool->table, &run.out);
}

void tool_drain(void)
{
	source__drain(run.source);
}

void tool_fail(const char *why)
{
	if (!run.failed && !stopping)
		log_err(0, "%s", why);
	run.failed = true;
	stopping = 1;
}

static int on_record(void *ctx, void *record, size_t size)
{
	(void)ctx;
	if (is_enough())
		return -1;
	run.tool->handle(record, size);
	return 0;
}

/* What has come in goes out.  Returns the number of records. */
static int drain(void)
{
	uint64_t now = clock_now();
	int n;

	clock_sync();
	n = source__drain(run.source);
	if (run.tool->settle)
		run.tool->settle(now);
	if (output_flush(&run.out) || is_enough())
		stopping = 1;
	return n;
}

/* Looks at what happened besides records; `timeout` in milliseconds, 0 to look only. */
static void look_around(int epoll, int timeout)
{
	struct epoll_event events[8];
	uint64_t count;
	int n = epoll_wait(epoll, events, 8, timeout);

	for (int i = 0; i < n; i++) {
		switch (events[i].data.u64) {
		case WATCH_SIGNAL:
			if (read(run.signalled, &count, sizeof(count)) < 0)
				continue;
			break;
		case WATCH_CHILD:
			run.child_ended = true;
			if (!run.options.filters.follow)
				stopping = 1;
			break;
		case WATCH_OUTPUT:
			run.out.closed = true;
			stopping = 1;
			break;
		case UINT64_MAX: /* records, see source.c */
			break;
		default:
			/* Another process may get its number. */
			filter_disarm(&run.options.filters, run.bpf.object,
				      events[i].data.u64 - WATCH_PID);
			if (!--run.pids) {
				log_warn("every process of -p has ended");
				stopping = 1;
			}
			break;
		}
	}
}

static bool is_gone(uint32_t id)
{
	return id && kill(id, 0) && errno == ESRCH;
}

/* What is found out by looking now and then: the end of what is traced. */
static void check_end(void)
{
	const volatile struct channel *channel = run.bpf.channel;

	if (run.options.filters.follow && !channel->followed) {
		if (!run.options.command)
			log_warn("every process of -p and all their descendants have ended");
		stopping = 1;
	}
	if (is_gone(run.bpf.filter->tid)) {
		log_warn("the thread of --tid has ended");
		stopping = 1;
	}
	if (is_gone(run.bpf.filter->ppid)) {
		log_warn("the parent of --ppid has ended");
		stopping = 1;
	}
}

static void tick(enum tick why)
{
	if (!run.tool->tick)
		return;
	run.tool->tick(why, &run.out);
	if (output_flush(&run.out))
		stopping = 1;
}

/* Counts from the beginning, not from the last time, so that being late once moves no other end of an interval. */
static void tick_if_due(uint64_t now)
{
	if (!run.tool->tick || now < run.next_tick)
		return;
	tick(TICK_INTERVAL);
	run.next_tick += ((now - run.next_tick) / run.options.interval + 1) * run.options.interval;
	if (++run.ticks == run.options.count)
		stopping = 1;
}

/* Milliseconds to wait, not longer than to the end of the interval. */
static int until_tick(int timeout, uint64_t now)
{
	uint64_t left = run.next_tick > now ? (run.next_tick - now + MS - 1) / MS : 0;

	return run.tool->tick && left < (uint64_t)timeout ? (int)left : timeout;
}

static void trace(void)
{
	uint64_t now;
	int timeout, got;

	while (!stopping) {
		got = drain();
		now = clock_now();
		check_end();
		report_losses(now);
		tick_if_due(now);
		if (stopping)
			break;
		timeout = until_tick(source__pause(run.source, got, now), now);
		if (source__is_napping(run.source)) {
			look_around(run.epoll, timeout);
		} else if (source__sleep(run.source)) {
			look_around(source__epoll(run.source), timeout);
			source__wake(run.source);
			look_around(run.epoll, 0);
		}
	}
	/* A program may still be writing a record, and those behind it wait for that one. */
	run.bpf.channel->stopped = 1;
	now = clock_now();
	do
		drain();
	while (source__pending(run.source) && clock_now() - now < SETTLE);
	tick_if_due(now);
	if (run.ticks < run.options.count || !run.options.count)
		tick(TICK_LAST);
	tick(TICK_TOTAL);
}

/*
 * Each classic tracepoint takes an RCU grace period to detach, some 70 ms, when
 * its descriptor is closed for the last time.  A child that inherits them all
 * and ends after this process does takes that time behind the reader's back.
 */
static void leave_detaching_behind(void)
{
	pid_t parent = getpid();

	if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
		return;
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	close(run.out.fd);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		poll(NULL, 0, -1);
	_exit(0);
}

/* Late: a shell may still be making the pipeline.  What COMMAND starts reads none of our output. */
static void find_readers(void)
{
	int pids = bpf_object__find_map_fd_by_name(run.bpf.object, "pids");

	if (run.tool->readers == READERS_SHOWN)
		return;
	readers_find(run.out.fd, run.options.command ? READERS_SHOWN : run.tool->readers,
		     run.bpf.filter->by_pid ? pids : -1, run.bpf.channel);
}

static int start(void)
{
	struct sandbox sandbox = { .read_files = run.tool->want & WANT_USER_STACK,
				   .read_maps = run.tool->tick };
	int err;

	if (run.stdout_closed && !run.options.to)
		return log_err(0, "standard output is closed");
	err = check_privileges();
	/* Early, so that it inherits nothing of what follows: no handlers, descriptors and limits. */
	if (!err && run.options.command)
		err = child_start(&run.child, run.options.command, run.options.user);
	err = err ?: check_kernel();
	err = err ?: output_open(&run.out, run.options.to, &stopping);
	run.out.json = run.options.json;
	if (!err && run.tool->in_json && run.options.json)
		err = table_choose(run.tool->table, run.tool->in_json);
	if (!err && run.tool->on_terminal && run.out.lines && !run.options.json)
		err = table_choose(run.tool->table, run.tool->on_terminal);
	err = err ?: watch_everything();
	if (!err && run.options.command)
		err = watch(run.child.pidfd, EPOLLIN | EPOLLONESHOT, WATCH_CHILD);
	err = err ?: filter_prepare(&run.options.filters, run.bpf.object, run.options.command);
	err = err ?: source_prepare(run.bpf.object);
	*run.bpf.want = run.tool->want | table_wants(run.tool->table);
	run.bpf.filter->readers = run.tool->readers != READERS_SHOWN;
	err = err ?: run.tool->load();
	if (err)
		return err;
	run.source = source__new(run.bpf.object, run.bpf.channel, run.epoll, on_record, NULL);
	if (!run.source)
		return -errno;
	clock_init(); /* no event is earlier */
	/* Until it is known who reads what is said meanwhile. */
	run.bpf.channel->stopped = 1;
	err = run.tool->attach();
	hook_done();
	/* At a hook that both have, the command's program is to run before that which ends the following. */
	err = err
		      ?: filter_arm(&run.options.filters, run.bpf.object, run.bpf.channel,
				    run.child.pid);
	if (err)
		return err;
	find_readers();
	run.bpf.channel->stopped = 0;
	context_init(*run.bpf.want);
	if (run.options.verbose)
		log_programs();
	sandbox.child = run.child.pid;
	err = sandbox_enter(&sandbox);
	if (err)
		return err;
	tool_heading();
	if (output_flush(&run.out))
		stopping = 1;
	log_info("ready");
	return 0;
}

/*
 * The end of COMMAND.  When the tracing was to end before it, it gets SIGTERM;
 * not when the records could not be written, which is no fault of its own.
 */
static int end_command(void)
{
	if (!run.out.error) {
		kill(run.child.pid, SIGTERM);
		kill(run.child.pid, SIGCONT);
	}
	while (!child_ended(&run.child, PATIENCE_MS)) {
		if (impatient) {
			log_warn("not waiting for the command: process %d goes on", run.child.pid);
			return STATUS_FAILED_COMMAND;
		}
	}
	return child_wait(&run.child);
}

int tool_main(struct tool *tool, int argc, char **argv)
{
	int status;

	run.tool = tool;
#if defined(STATIC) && defined(__GLIBC__)
	/* The modules of nsswitch.conf(5) cannot be loaded safely into a static program. */
	__nss_configure_lookup("passwd", "files");
	__nss_configure_lookup("group", "files");
	__nss_configure_lookup("initgroups", "files");
#endif
	open_standard_fds();
	setlocale(LC_CTYPE, "");
	log_init(tool->name, false);
	libbpf_set_print(log_libbpf);
	if (tool->open(&run.bpf))
		return STATUS_FAILED;
	if (options_parse(&run.options, tool, run.bpf.filter, argc, argv))
		return STATUS_USAGE;
	if (start()) {
		/* COMMAND has not begun, and ends by itself when its pipe is closed. */
		return run.options.command ? STATUS_FAILED_COMMAND : STATUS_FAILED;
	}
	if (run.options.command)
		child_release(&run.child);
	if (run.options.duration) {
		run.deadline = clock_now() + run.options.duration;
		alarm_after(run.options.duration);
	}
	run.next_tick = clock_now() + run.options.interval;
	trace();
	if (tool->finish)
		tool->finish();
	output_flush(&run.out);
	print_losses("summary", true);
	status = run.out.error || run.failed ? STATUS_FAILED : STATUS_OK;
	if (run.child.pid) {
		int ended = end_command();

		status = status ? STATUS_FAILED_COMMAND : ended;
	}
	leave_detaching_behind();
	return status;
}
