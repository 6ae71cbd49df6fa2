/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * execs WAY ARG...: executions of every kind.  What is executed is told(1), or
 * a script for it, which tells of its own; those that fail are told of here.
 *
 *   run FILE ARGV0 ARG...       execve(2), in a child, as all that follow
 *   path FILE ARGV0 ARG...      by a path in /proc/self/fd
 *   memfd FILE ARGV0 ARG...     the same, of a copy in memory
 *   fexecve FILE ARGV0 ARG...   fexecve(3)
 *   empty FILE ARGV0 ARG...     execveat(2) with AT_EMPTY_PATH, of a copy in memory
 *   at DIR FILE ARGV0 ARG...    execveat(2) below a directory
 *   thread FILE ARGV0 ARG...    by one of four threads; an argument @TID becomes its number
 *   vfork FILE ARGV0 ARG...     by a child of vfork(2)
 *   spawn FILE ARGV0 ARG...     by posix_spawn(3)
 *   gone FILE ARGV0 ARG...      of a copy that has been deleted by then
 *   cold DATA FILE ARGV0 ARG... with arguments in pages of the new file DATA, on
 *                               a disk, that are not in memory
 *   many COUNT BYTES FILE       COUNT arguments of so many bytes
 *   hostile FILE                arguments that were chosen to do harm
 *   bad FILE                    failures: paths and arguments that cannot be read
 *   reuse FILE                  one pid after the other for several processes
 *   storm COUNT FILE [ARG]      so many executions on each of two processors, with a
 *                               number and ARG; waits for stdin, and prints how many
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tell.h"

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

extern char **environ;

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

/* Tells of the failure that has just been: as good an end as another. */
static void failed(const char *file, const char *exe, char **args)
{
	tell(-errno, file, exe, args);
	_exit(0);
}

static void reap(pid_t pid)
{
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("execs: no child");
}

static int opened(const char *file, int flags)
{
	int fd = open(file, flags);

	if (fd < 0)
		die(file);
	return fd;
}

/* @to is empty, and gets what is in @file. */
static void copy(const char *file, int to)
{
	char data[65536];
	int from = opened(file, O_RDONLY);
	ssize_t n;

	while ((n = read(from, data, sizeof(data))) > 0)
		if (write(to, data, (size_t)n) != n)
			die("execs: cannot copy");
	close(from);
}

static int memory(const char *file)
{
	int fd = memfd_create("memory", 0);

	if (fd < 0)
		die("execs: memfd_create");
	copy(file, fd);
	return fd;
}

static void by_number(int fd, char **args)
{
	char path[32], exe[4096];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	execve(path, args, environ);
	failed(path, tell_link(path, exe, sizeof(exe)), args);
}

static void by_descriptor(int fd, char **args)
{
	char path[32], exe[4096];

	syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	failed("", tell_link(path, exe, sizeof(exe)), args);
}

static void below(const char *dir, const char *file, char **args)
{
	char exe[8192];

	syscall(SYS_execveat, opened(dir, O_RDONLY | O_DIRECTORY), file, args, environ, 0);
	snprintf(exe, sizeof(exe), "%s/%s", dir, file);
	failed(file, exe, args);
}

/* It may have been writable a moment ago; only closed for writing it can be executed. */
static void deleted(const char *file, char **args)
{
	char name[4096], path[32];
	int fd;

	snprintf(name, sizeof(name), "%s.gone", file);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0755);
	if (fd < 0)
		die(name);
	copy(file, fd);
	close(fd);
	fd = opened(name, O_RDONLY);
	unlink(name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	execve(path, args, environ);
	failed(path, name, args);
}

static void run(char **argv)
{
	char exe[8192] = "";

	execve(argv[0], argv + 1, environ);
	if (argv[0][0] != '/' && getcwd(exe, 4096))
		strcat(exe, "/");
	strncat(exe, argv[0], 4095);
	failed(argv[0], exe, argv + 1);
}

static void *run_in_thread(void *argv)
{
	char number[24], **arg;

	snprintf(number, sizeof(number), "%ld", syscall(SYS_gettid));
	for (arg = argv; *arg; arg++)
		if (!strcmp(*arg, "@TID"))
			*arg = number;
	run(argv);
	return NULL;
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void thread(char **argv)
{
	pthread_t id[3];

	if (pthread_create(&id[0], NULL, wait_for_ever, NULL) ||
	    pthread_create(&id[1], NULL, run_in_thread, argv) ||
	    pthread_create(&id[2], NULL, wait_for_ever, NULL))
		die("execs: pthread_create");
	wait_for_ever(NULL);
}

/* Is the page mapped? Nobody else can read it then without waiting for it. */
static int resident(const void *at)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = opened("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pread(fd, &entry, sizeof(entry),
		  (off_t)((uintptr_t)at / (size_t)page * sizeof(entry))) != sizeof(entry))
		die("execs: pagemap");
	close(fd);
	return entry >> 63;
}

/*
 * Puts all arguments but the first and the last, which must be there, into
 * pages of their own that nobody has touched since they went to the disk.
 */
static void cold(const char *data, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0, i;
	unsigned char in_core;
	int fd, drop;
	char *area, **args;

	while (argv[1 + count])
		count++;
	fd = open(data, O_RDWR | O_CREAT | O_EXCL, 0600);
	args = calloc(count + 1, sizeof(*args));
	if (fd < 0 || !args)
		die(data);
	for (i = 0; i < count; i++)
		if (pwrite(fd, argv[1 + i], strlen(argv[1 + i]) + 1, (off_t)(i * page)) < 0)
			die(data);
	if (ftruncate(fd, (off_t)(count * page)) || fsync(fd))
		die(data);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
	if (drop >= 0 && write(drop, "3", 1) == 1)
		close(drop);
	args[0] = argv[1];
	args[count - 1] = argv[count];
	for (i = 1; i + 1 < count; i++) {
		area = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, (off_t)(i * page));
		if (area == MAP_FAILED || mincore(area, page, &in_core))
			die("execs: mmap");
		if (in_core & 1) {
			fprintf(stderr, "execs: %s stays in memory\n", data);
			_exit(77);
		}
		args[i] = area;
	}
	unlink(data);
	execve(argv[0], args, environ);
	tell_begin(-errno, argv[0], argv[0]);
	for (i = 0; i < count; i++)
		tell_text(resident(args[i]) ? args[i] : NULL);
	tell_end();
	_exit(0);
}

/* Each argument has its number in it, so that none can stand for another one. */
static void many(long count, size_t bytes, char *file)
{
	const struct rlimit stack = { RLIM_INFINITY, RLIM_INFINITY };
	char **args = calloc((size_t)count + 2, sizeof(*args)), *text, number[24];
	long i;

	/* What arguments may take is a fraction of that, see execve(2). */
	if (!args || setrlimit(RLIMIT_STACK, &stack))
		die("execs: many");
	args[0] = file;
	for (i = 1; i <= count; i++) {
		args[i] = text = malloc(bytes + 1);
		if (!text)
			die("execs: many");
		memset(text, 'a' + (int)(i % 26), bytes);
		text[bytes] = '\0';
		snprintf(number, sizeof(number), "%ld", i);
		memcpy(text, number, strlen(number) < bytes ? strlen(number) : bytes);
	}
	execve(file, args, environ);
	failed(file, file, args);
}

static const char *const hostile[] = {
	"",
	" ",
	"  two  spaces ",
	"new\nline",
	"\n",
	"ends in newline\n",
	"tab\tand\rreturn",
	"row\n42 1 0 sh -c forged",
	"esc\033[31mred\033[0m\033]0;title\007",
	"backspace\b\b\b\v\f\a",
	"del\177del",
	"c1-utf8\302\233"
	"31m\302\205",
	"c1-raw\233"
	"31m\205",
	"bidi\342\200\256txt.exe\342\201\246x\342\201\251\330\234",
	"zero\342\200\213width\342\200\215\357\273\277\342\201\240",
	"sep\342\200\250line\342\200\251para",
	"invalid\377\376\xc0\xaf",
	"overlong\340\200\257\300\200",
	"surrogate\355\240\200\355\277\277",
	"beyond\364\220\200\200\367\277\277\277",
	"cut-sequence\342\202",
	"continuation\200\277alone",
	"tags\363\240\200\201\363\240\201\277",
	/* an escape and digits that must not become part of it */
	"\0011\0377\003308\177\061",
	"\\",
	"\\n\\033\\",
	"'",
	"''",
	"'\"'\"'",
	"it's",
	"\"",
	"`touch pwned`",
	"$(touch pwned)",
	"${HOME}$HOME$$",
	"$'\\n'",
	"!!",
	"!x",
	"~",
	"~root",
	"a=~root:~",
	"*",
	"?",
	"[a-z]*",
	"{a,b}",
	"#comment",
	"a#b",
	"a;b&c|d<e>f(g)h",
	"-",
	"--",
	"-rf",
	"A=B",
	"=",
	"^a^b",
	"%s%n%d",
	"...",
	"(unreadable)",
	"(cut: 1 arguments left out)",
	"null",
	"\303\244\303\266\303\274 \342\202\254 \360\237\230\200 e\314\201 \346\274\242\345\255\227",
	"\\u001b",
	"\001\002\003\004\005\006\016\017\020\037",
};

#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

/* All of them at once, in this process; before that each alone, and each byte there is. */
static void do_harm(char *file)
{
	char *args[HOSTILE + 257] = { file }, byte[256][2];
	size_t i;
	pid_t pid;

	for (i = 0; i < HOSTILE; i++) {
		args[1] = (char *)(uintptr_t)hostile[i];
		pid = fork();
		if (!pid) {
			execve(file, args, environ);
			failed(file, file, args);
		}
		reap(pid);
	}
	for (i = 0; i < HOSTILE; i++)
		args[1 + i] = (char *)(uintptr_t)hostile[i];
	for (i = 1; i < 256; i++) {
		byte[i][0] = (char)i;
		byte[i][1] = '\0';
		args[HOSTILE + i] = byte[i];
	}
	execve(file, args, environ);
	failed(file, file, args);
}

/* An address where nothing is, of which the compiler knows nothing. */
static char *nowhere(void)
{
	static volatile uintptr_t at = 16;

	return (char *)at;
}

/* execve(2) that fails. @told: the arguments as they can be read; NULL: all of them can. */
static void attempt(const char *path, char **args, char **told)
{
	const char *shown = path == nowhere() ? NULL : path;
	unsigned int i;

	/* not by libc, whose execve() may not be given NULL */
	syscall(SYS_execve, path, args, environ);
	tell_begin(-errno, shown, shown);
	for (i = 0; args && args[i]; i++)
		tell_text(told ? told[i] : args[i]);
	tell_end();
}

static void bad(char *file)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *area =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *readable[] = { file, NULL, file, file, NULL };
	char *args[] = { file, nowhere(), file, file, NULL };
	char missing[] = "/no/such/program", *none = NULL;

	if (area == MAP_FAILED || munmap(area + page, page))
		die("execs: memory");
	attempt(missing, args, readable);
	args[1] = file;
	attempt(nowhere(), args, NULL);
	/* the last byte of the argument, and of the path, is the last one that can be read */
	strcpy(area + page - 5, "/end");
	args[1] = area + page - 5;
	attempt(missing, args, NULL);
	attempt(args[1], args, NULL);
	/* no arguments, in both ways */
	attempt(missing, NULL, NULL);
	attempt(missing, &none, NULL);
}

/* A child with that number, or with any if it is 0; as fork(2). */
static pid_t numbered(pid_t number)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (number) {
		args.set_tid = (uint64_t)(uintptr_t)&number;
		args.set_tid_size = 1;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/*
 * Five processes in turn with the same pid: the second and the fourth execute
 * nothing, and end with status 12 and 14; the third fails to execute anything.
 */
static void reuse(char *file)
{
	char *args[] = { file, NULL, NULL }, name[] = "life-1";
	pid_t pid = 0, next;
	int life;

	for (life = 1; life <= 5; life++) {
		name[5] = (char)('0' + life);
		args[1] = name;
		next = numbered(pid);
		if (next < 0) {
			/* Somebody else has taken the number meanwhile. */
			perror("execs: clone3");
			_exit(errno == EEXIST ? 75 : 77);
		}
		if (!next) {
			if (life % 2 == 0)
				_exit(10 + life);
			execve(life == 3 ? "/no/such/program" : file, args, environ);
			failed("/no/such/program", "/no/such/program", args);
		}
		pid = next;
		reap(pid);
	}
}

static pid_t vforked(char **args)
{
	pid_t pid = vfork();

	if (pid)
		return pid;
	execve(args[0], args, environ);
	_exit(99);
}

/* @cpu of two, or the same one where there is only one. */
static void storm_on(int cpu, long count, char *file, char *more)
{
	char silent[] = "silent", number[32], *args[] = { file, silent, number, more, NULL };
	cpu_set_t all, one;
	int i, found = 0;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (i = 0; i < CPU_SETSIZE && found <= cpu; i++) {
		if (!CPU_ISSET(i, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		found++;
	}
	sched_setaffinity(0, sizeof(one), &one);
	for (; count > 0; count--) {
		snprintf(number, sizeof(number), "%d-%ld", cpu, count);
		reap(vforked(args));
	}
}

static void storm(long count, char *file, char *more)
{
	pid_t pid;
	char c;

	while (read(0, &c, 1) > 0 && c != '\n')
		;
	pid = fork();
	if (!pid) {
		storm_on(1, count, file, more);
		_exit(0);
	}
	storm_on(0, count, file, more);
	reap(pid);
	printf("%ld\n", 2 * count);
}

/* The ways that the child itself goes. */
static void in_child(const char *way, char **argv)
{
	if (!strcmp(way, "run"))
		run(argv);
	else if (!strcmp(way, "path"))
		by_number(opened(argv[0], O_RDONLY), argv + 1);
	else if (!strcmp(way, "memfd"))
		by_number(memory(argv[0]), argv + 1);
	else if (!strcmp(way, "fexecve"))
		fexecve(opened(argv[0], O_RDONLY), argv + 1, environ);
	else if (!strcmp(way, "empty"))
		by_descriptor(memory(argv[0]), argv + 1);
	else if (!strcmp(way, "at"))
		below(argv[0], argv[1], argv + 2);
	else if (!strcmp(way, "thread"))
		thread(argv);
	else if (!strcmp(way, "gone"))
		deleted(argv[0], argv + 1);
	else if (!strcmp(way, "cold"))
		cold(argv[0], argv + 1);
	else if (!strcmp(way, "many"))
		many(atol(argv[0]), (size_t)atol(argv[1]), argv[2]);
	else if (!strcmp(way, "hostile"))
		do_harm(argv[0]);
	else if (!strcmp(way, "bad"))
		bad(argv[0]);
	_exit(0);
}

int main(int argc, char **argv)
{
	pid_t pid;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: execs WAY ARG...\n");
		return 99;
	}
	if (!strcmp(argv[1], "storm")) {
		storm(atol(argv[2]), argv[3], argv[4]);
		return 0;
	}
	if (!strcmp(argv[1], "reuse")) {
		reuse(argv[2]);
		return 0;
	}
	if (!strcmp(argv[1], "spawn")) {
		if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 3, environ))
			die("execs: posix_spawn");
	} else if (!strcmp(argv[1], "vfork")) {
		pid = vfork();
		if (!pid) {
			execve(argv[2], argv + 3, environ);
			failed(argv[2], argv[2], argv + 3);
		}
	} else {
		pid = fork();
		if (!pid)
			in_child(argv[1], argv + 2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("execs: no child");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
