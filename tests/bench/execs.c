/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * execs [-m MILLISECONDS] [-g] [-n]: vfork, execute the smallest program there
 * can be, and wait for it, over and over for that long (300), and print how
 * often that was and the nanoseconds each took. -n: execute nothing. -g:
 * getppid(2) instead, which nobody traces.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS 0x400000

/* exit(0) */
static const unsigned char code[] = {
#if defined(__x86_64__)
	0x31, 0xff,		      /* xor %edi,%edi */
	0xb8, 0x3c, 0x00, 0x00, 0x00, /* mov $60,%eax */
	0x0f, 0x05,		      /* syscall */
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
	0x00, 0x00, 0x80, 0xd2, /* mov x0, #0 */
	0xa8, 0x0b, 0x80, 0xd2, /* mov x8, #93 */
	0x01, 0x00, 0x00, 0xd4, /* svc #0 */
#define MACHINE EM_AARCH64
#else
#error "no code for this processor"
#endif
};

struct program {
	Elf64_Ehdr head;
	Elf64_Phdr segment;
	unsigned char code[sizeof(code)];
};

/* Such a program, in memory; its path is good for as long as we run. */
static const char *make_program(void)
{
	static char path[64];
	struct program p = {
		.head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT },
			  .e_type = ET_EXEC,
			  .e_machine = MACHINE,
			  .e_version = EV_CURRENT,
			  .e_entry = ADDRESS + offsetof(struct program, code),
			  .e_phoff = offsetof(struct program, segment),
			  .e_ehsize = sizeof(Elf64_Ehdr),
			  .e_phentsize = sizeof(Elf64_Phdr),
			  .e_phnum = 1 },
		.segment = { .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = ADDRESS,
			     .p_filesz = sizeof(p),
			     .p_memsz = sizeof(p),
			     .p_align = 0x10000 },
	};
	int fd = memfd_create("smallest", 0);

	memcpy(p.code, code, sizeof(code));
	if (fd < 0 || write(fd, &p, sizeof(p)) != sizeof(p)) {
		perror("memfd");
		exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	return path;
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void run(const char *path)
{
	static char name[] = "smallest", words[] = "exec-of-the-benchmark";
	char *argv[] = { name, words, NULL }, *envp[] = { NULL };
	pid_t pid = vfork();
	int status;

	if (!pid) {
		if (path)
			execve(path, argv, envp);
		_exit(path != NULL);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "execs: cannot run %s\n", path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	long begin, end, limit = 300000000, ops = 0;
	int opt, getppids = 0, nothing = 0, i;
	const char *path;
	cpu_set_t cpus;

	while ((opt = getopt(argc, argv, "m:gn")) != -1) {
		switch (opt) {
		case 'm':
			limit = atol(optarg) * 1000000;
			break;
		case 'g':
			getppids = 1;
			break;
		case 'n':
			nothing = 1;
			break;
		default:
			return 2;
		}
	}
	path = nothing ? NULL : make_program();
	/* On one processor: moving to another one now and then costs more than a tracer. */
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	begin = now();
	do {
		for (i = 0; getppids && i < 100; i++)
			syscall(SYS_getppid);
		if (!getppids)
			run(path);
		ops += getppids ? 100 : 1;
		end = now();
	} while (end - begin < limit);
	printf("%ld %.1f\n", ops, (double)(end - begin) / (double)ops);
	return 0;
}
