/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * iouring DIR MODE: opens through io_uring, with nothing but system calls.
 *   plain     one by one, and a batch       async     by io_uring's workers
 *   sqpoll    by the polling kernel thread  defer     completed by the task itself
 *   linked    a chain, and one that breaks  skip      successes post no completion
 *   direct    into the ring's own table     rejected  requests that are refused at once
 *   parked    waits for a FIFO in a worker until it is cancelled
 *   storm     100,000 in batches, not told one by one
 * Status 77: this kernel does not let us.
 */
#define _GNU_SOURCE
#include <linux/openat2.h>
#include <sys/stat.h>
#include "ring.h"

#define BATCH 40

struct job {
	const char *call, *path;
	int slot; /* of the ring's own table, where the kernel says 0 for that */
};

static struct job jobs[256];
static unsigned job_count;
static unsigned char sqe_flags;

static struct io_uring_sqe *next_sqe(unsigned char opcode, const char *call, const char *path)
{
	struct io_uring_sqe *sqe = ring_request(opcode);

	sqe->flags = sqe_flags;
	sqe->fd = AT_FDCWD;
	sqe->addr = (unsigned long)path;
	sqe->user_data = job_count;
	jobs[job_count].call = call;
	jobs[job_count].path = path == (const char *)1 ? NULL : path;
	job_count++;
	return sqe;
}

static struct io_uring_sqe *add_openat(int dir, const char *path, unsigned flags, unsigned mode)
{
	struct io_uring_sqe *sqe = next_sqe(IORING_OP_OPENAT, "io_uring:openat", path);

	sqe->fd = dir;
	sqe->len = mode;
	sqe->open_flags = flags;
	return sqe;
}

static struct io_uring_sqe *add_openat2(const char *path, struct open_how *how)
{
	struct io_uring_sqe *sqe = next_sqe(IORING_OP_OPENAT2, "io_uring:openat2", path);

	sqe->len = sizeof(*how);
	sqe->off = (unsigned long)how;
	return sqe;
}

/* Submit what is queued, wait for @want completions and tell those that are opens. */
static void go(unsigned want)
{
	__u64 tag;
	int res;

	ring_submit(want);
	while (want--) {
		res = ring_completion(&tag);
		if (jobs[tag].call)
			say_n(jobs[tag].call, res < 0 ? -1 : res + jobs[tag].slot, -res,
			      jobs[tag].path, jobs[tag].path ? strlen(jobs[tag].path) : 0);
	}
}

/* One at a time, so that descriptors come in a known order whoever does the work. */
static void usual(void)
{
	struct open_how how = { .flags = O_RDONLY }, bad = { .flags = O_RDONLY, .mode = 0600 };
	struct open_how beneath = { .flags = O_RDONLY, .resolve = RESOLVE_BENEATH };
	int dir = open("dir", O_RDONLY | O_DIRECTORY);

	say("openat", "dir", dir);
	add_openat(AT_FDCWD, "ring-file", O_RDWR | O_CREAT, 0600);
	go(1);
	add_openat(AT_FDCWD, "ring-missing", O_RDONLY, 0);
	go(1);
	add_openat(dir, "ring-in-dir", O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	go(1);
	add_openat(77777, "ring-relative", O_RDONLY, 0);
	go(1);
	add_openat2("ring-file", &how);
	go(1);
	add_openat2("../ring-up", &beneath);
	go(1);
	add_openat2("ring-missing", &bad);
	go(1);
	add_openat(AT_FDCWD, "ring\nhostile\033[31m\377", O_RDONLY, 0);
	go(1);
}

static void batch(void)
{
	static char names[BATCH][32];
	unsigned i;

	for (i = 0; i < BATCH; i++) {
		snprintf(names[i], sizeof(names[i]), "batch-missing-%u", i);
		add_openat(AT_FDCWD, names[i], O_RDONLY, 0);
	}
	go(BATCH);
}

static void linked(void)
{
	add_openat(AT_FDCWD, "link-first", O_RDWR | O_CREAT, 0600)->flags |= IOSQE_IO_LINK;
	add_openat(AT_FDCWD, "link-second", O_RDWR | O_CREAT, 0600)->flags |= IOSQE_IO_LINK;
	add_openat(AT_FDCWD, "link-third", O_RDWR | O_CREAT, 0600);
	go(3);
	add_openat(AT_FDCWD, "chain-missing", O_RDONLY, 0)->flags |= IOSQE_IO_LINK;
	/* never done: the completion says ECANCELED */
	add_openat(AT_FDCWD, "chain-cancelled", O_RDONLY, 0);
	go(2);
}

static void skip(void)
{
	int fd = open("/dev/null", O_RDONLY);

	say("openat", "/dev/null", fd);
	close(fd);
	/* no completion tells it, but it can only be the lowest free descriptor */
	add_openat(AT_FDCWD, "skip-file", O_RDWR | O_CREAT, 0600)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	go(0);
	say_n("io_uring:openat", fd, 0, "skip-file", strlen("skip-file"));
	add_openat(AT_FDCWD, "skip-missing", O_RDONLY, 0)->flags |= IOSQE_CQE_SKIP_SUCCESS;
	go(1);
}

/* What is told is a slot of the ring's table, no descriptor of the process. */
static void direct(void)
{
	int slots[] = { -1, -1, -1, -1 };

	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES, slots, 4))
		die("iouring: io_uring_register");
	add_openat(AT_FDCWD, "direct-file", O_RDWR | O_CREAT, 0600)->file_index = 3;
	jobs[job_count - 1].slot = 3 - 1; /* it counts from 1, since 0 is for none */
	go(1);
	add_openat(AT_FDCWD, "direct-missing", O_RDONLY, 0)->file_index = 1;
	go(1);
	add_openat(AT_FDCWD, "direct-alloc", O_RDWR | O_CREAT, 0600)->file_index =
		IORING_FILE_INDEX_ALLOC;
	go(1);
}

/* Refused while the request is taken in, before anything is opened. */
static void rejected(void)
{
	struct open_how unknown = { .flags = O_RDONLY, .resolve = 1ULL << 60 };

	add_openat(AT_FDCWD, (const char *)1, O_RDONLY, 0);
	go(1);
	add_openat(AT_FDCWD, "", O_RDONLY, 0);
	jobs[job_count - 1].path =
		NULL; /* refused before there is a request, so it is not known either */
	go(1);
	add_openat2("rejected-resolve", &unknown);
	go(1);
	/* here the path is not even looked at, so nobody but this program knows it */
	add_openat2("rejected-size", &unknown)->len = 1;
	jobs[job_count - 1].path = NULL;
	go(1);
}

static void parked(void)
{
	unsigned fifo;

	if (mkfifo("ring-fifo", 0600))
		die("iouring: mkfifo");
	add_openat(AT_FDCWD, "ring-fifo", O_RDONLY, 0)->flags |= IOSQE_ASYNC;
	go(0);
	fifo = job_count - 1;
	next_sqe(IORING_OP_ASYNC_CANCEL, NULL, NULL)->addr = fifo;
	go(2);
}

static void storm(void)
{
	unsigned i, n;

	for (n = 0; n < 100000; n += i) {
		job_count = 0;
		for (i = 0; i < BATCH; i++)
			add_openat(AT_FDCWD, "/ring/storm", O_RDONLY, 0);
		for (i = 0; i < BATCH; i++)
			jobs[i].call = NULL;
		go(BATCH);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc == 3 ? argv[2] : "";

	if (argc != 3 || chdir(argv[1]) || (mkdir("dir", 0755) && errno != EEXIST)) {
		fprintf(stderr, "usage: iouring DIR MODE\n");
		return 99;
	}
	say_begin();
	if (!strcmp(mode, "sqpoll"))
		ring_open(IORING_SETUP_SQPOLL);
	else if (!strcmp(mode, "defer"))
		ring_open(IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
	else
		ring_open(0);
	if (!strcmp(mode, "async"))
		sqe_flags = IOSQE_ASYNC;

	if (!strcmp(mode, "linked")) {
		linked();
	} else if (!strcmp(mode, "skip")) {
		skip();
	} else if (!strcmp(mode, "direct")) {
		direct();
	} else if (!strcmp(mode, "rejected")) {
		rejected();
	} else if (!strcmp(mode, "parked")) {
		parked();
	} else if (!strcmp(mode, "storm")) {
		storm();
	} else {
		usual();
		batch();
	}
	return 0;
}
