/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Paths as the kernel half sends them, names leaf first (bpf/path.h), turned into text. */
#ifndef COMMON_PATH_H
#define COMMON_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "bpf/path.h"

/*
 * Writes the absolute path into `buf`, without a NUL, and returns its bytes; 0
 * where there is none.  What is mounted nowhere is named as /proc/PID/fd names
 * it: pipe:[INODE], anon_inode:[eventfd], /memfd:name.  A path whose beginning
 * is missing starts with ".../".
 */
size_t path_text(char *buf, size_t size, const char *names, const struct path_info *info);

/* A list of names, leaf first, each with its NUL, as "/root/.../leaf". */
size_t path_reverse(char *buf, size_t size, const char *names, size_t len);

/*
 * The path that was asked for, made absolute: `base` is the text of the
 * directory it starts from, or for an absolute one of the process's root.
 */
size_t path_join(char *buf, size_t size, size_t base, const char *asked, size_t len);

/* Takes "//", "/./" and "/../" out of an absolute path, and a "/" at its end; returns its bytes.  Symbolic links are not looked at. */
size_t path_clean(char *path, size_t len);

/* Can what path_text() gives begin so, or with `whole` be that: an absolute path, or the name of what is mounted nowhere? */
bool path_may_begin(const char *text, size_t len, bool whole);

#endif
