/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names that C programs give to numbers: errno values, signals, and the flags of system calls. */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* Past the errno values of programs: ERESTARTSYS and its like, which only a tracer sees (linux/errno.h). */
#define ERRNO_MAX 640

/* "ENOENT" for 2; NULL for a number without a name. */
const char *errno_name(int err);
/* 2 for "ENOENT" or "2"; -1 if it is neither. */
int errno_number(const char *name, size_t len);
/* What ERESTARTSYS and its like say of a call; NULL for an errno that a program can see. */
const char *restart_text(int err);

/* "SIGKILL" for 9, "SIGRTMIN+1" for the second real-time signal; valid until the next call. */
const char *signal_name(int signal);

/* Decodes the flags of open(2): "O_RDONLY|O_CLOEXEC"; what has no name is in hexadecimal.  Needs 256 bytes.  Returns those used. */
size_t open_flags_text(char *buf, size_t size, uint64_t flags);
/* The same for those of clone(2) and clone3(2), "CLONE_VM|CLONE_VFORK"; "0" for none.  Needs 512 bytes. */
size_t clone_flags_text(char *buf, size_t size, uint64_t flags);
/*
 * The test for one name: flags & *mask == *value.  An access mode is two bits
 * and O_RDONLY none of them set; O_SYNC and O_TMPFILE are several bits.  0, or
 * -1 for an unknown name.
 */
int open_flag_test(const char *name, size_t len, uint64_t *mask, uint64_t *value);

/* Whose flags they are: of open(2), without the access mode, pwritev2(2), splice(2), ... */
enum flag_set {
	FLAGS_OPEN,
	FLAGS_RWF,
	FLAGS_SPLICE,
	FLAGS_SYNC_RANGE,
	FLAGS_FALLOCATE,
	FLAGS_RENAME,
	FLAGS_AT,
	FLAGS_CLOSE_RANGE,
	FLAGS_RESOLVE,
};
/* As strace(1) has them: "0", "RWF_SYNC|0x80"; bits without a name alone with a comment.  Needs 512 bytes. */
size_t flag_set_text(char *buf, size_t size, enum flag_set set, uint64_t flags);

#endif
