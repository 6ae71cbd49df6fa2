/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attaching programs, and finding out what this kernel lets them do: by trying, never by its version. */
#ifndef COMMON_HOOK_H
#define COMMON_HOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <bpf/libbpf.h>

/* The inode of the PID namespace that we are in; 0: the initial one, or without /proc there is no telling. */
uint32_t hook_pidns(void);

/* bpf_loop(), and with it (5.17) bpf_find_vma() and the older bpf_task_pt_regs(). */
bool hook_has_loops(void);
/* May a program add to a map that takes its memory as it needs it, and anybody read one (6.1)? */
bool hook_has_lazy_maps(void);
/* Programs at the return of a kernel function: some kernels and some hosts refuse them, and we do in a PID namespace. */
bool hook_has_fexit(void);
/* Has the kernel such a function, for a program at its return?  Not where the compiler has inlined it. */
bool hook_has_function(const char *name);

/* After the last of all these questions and attachments: gives back what they needed. */
void hook_done(void);

/* May programs read the kernel's memory?  0 or a negative errno, after saying why not. */
int hook_check_reading(void);
/* May we have the memory for maps?  Call it after the former, with which libbpf raises the limit if it may. */
int hook_check_memory(void);

/*
 * Attaches a program to what its section names.  With `essential` a failure is
 * an error; otherwise it is only said that `what` will not be seen.  A program
 * that was not loaded is passed over.  0 or a negative errno.
 */
int hook_attach(struct bpf_program *program, bool essential, const char *what);

/*
 * The same for a raw tracepoint that has had several names: the first that the
 * kernel knows.  `names` ends with NULL.  Never essential.
 */
int hook_attach_raw(struct bpf_program *program, const char *const *names, const char *what);

/* The two ends of io_uring requests; never essential.  Programs that are not to be loaded (before 5.19) are said to be missing. */
void hook_attach_requests(struct bpf_program *submit, struct bpf_program *complete,
			  const char *what);

/*
 * The exits of system calls, by the programs of bpf/syscall.bpf.h.  Before they
 * are loaded: chooses the one that this kernel and our privileges allow, and is
 * true if that sees the calls of 32-bit programs as well.  With `compat` it
 * must; for kernel stacks too, because on many kernels the tracepoint of a single
 * call has only the registers of the program.  `calls`: the names that the
 * kernel's tracepoints have for them, 64 at most, then NULL.  For the functions,
 * more names may follow when it is attached.
 */
bool hook_choose_exits(struct bpf_object *object, const char *const *calls, bool compat);
/*
 * Where that was false: 32-bit programs besides, at no cost for others, by the
 * functions that their calls alone arrive at (x86-64, since 5.18; some hosts
 * refuse it).  Before 6.14 a few hundred callers that wait there hide others.
 * `begins`: their entries were chosen as well.  Will they be seen?
 */
bool hook_choose_compat(struct bpf_object *object, bool begins);
/* Attaches what was chosen.  0 or a negative errno, after saying why. */
int hook_attach_exits(struct bpf_object *object, const char *const *calls, const char *what);
/* Their entries, by the programs of bpf/entry.bpf.h; chosen after the exits. */
void hook_choose_entries(struct bpf_object *object, const char *const *calls);
int hook_attach_entries(struct bpf_object *object, const char *const *calls, const char *what);

#endif
