/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Giving up every privilege that is no longer needed once the hooks are
 * attached: what parses and prints the bytes that traced programs chose is an
 * ordinary process that can do little else.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

struct sandbox {
	pid_t child;	 /* the COMMAND that we may signal and reap; 0: none */
	bool read_files; /* symbols are looked up: files may be opened to read */
	bool read_maps; /* of BPF, by bpf(2): for this older kernels want CAP_BPF, which stays there */
};

/*
 * Cannot be undone. For a process of one thread, which before has opened,
 * mapped and looked up what it is going to need: maps and links, the
 * destination, /proc/kallsyms (an ordinary user is not shown the addresses),
 * the names of users, the number of processors.
 *
 * - root becomes a user that nobody else is (2000000000), in no group besides;
 * - every capability goes, from the bounding set too; with @child CAP_KILL
 *   stays, or COMMAND could not be ended;
 * - no_new_privs, and not dumpable: no process of the same user can trace us;
 * - seccomp kills the process at any system call besides those for reading the
 *   ring and maps, printing, sleeping, allocating, waiting for @child and
 *   ending. localtime(3) is not among them unless TZ is set (it looks at
 *   /etc/localtime every time), fork(3) only as clone(SIGCHLD).
 *
 * Linux 5.10 answers EPERM to every bpf(2) from here on, where
 * kernel.unprivileged_bpf_disabled is set (__sys_bpf() in kernel/bpf/syscall.c;
 * later kernels refuse only what creates something): read what is mapped, or ask
 * for @read_maps.
 *
 * A step that this process may not take, or that the kernel does not know, is
 * told with -v and passed over: who started with few privileges has few to
 * give up. Returns 0; or the negative errno, told, if what every process may
 * give up could not be given up.
 */
int sandbox_enter(const struct sandbox *s);

#endif /* COMMON_SANDBOX_H */
