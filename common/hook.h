/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attaching programs, and finding out what this kernel lets them do: by trying, never by its version. */
#ifndef COMMON_HOOK_H
#define COMMON_HOOK_H

#include <stdbool.h>
#include <bpf/libbpf.h>

/* bpf_loop(), and with it (5.17) bpf_find_vma() and the older bpf_task_pt_regs(). */
bool hook_has_loops(void);
/* Programs at the return of a kernel function: some kernels and some hosts refuse them. */
bool hook_has_fexit(void);

/*
 * Attaches a program to what its section names.  With `essential` a failure is
 * an error; otherwise it is only said that `what` will not be seen.  A program
 * that was not loaded is passed over.  0 or a negative errno.
 */
int hook_attach(struct bpf_program *program, bool essential, const char *what);

/*
 * A classic tracepoint, opened before the programs are chosen, because not
 * every kernel lets everybody do that: a file descriptor, or a negative errno,
 * about which nothing is said.
 */
int hook_open_event(const char *group, const char *name);
int hook_attach_event(struct bpf_program *program, int event, const char *name);

#endif
