/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A path in a record: names leaf first, each with its NUL; see bpf/path.bpf.h and common/path.h. */
#ifndef BPF_PATH_H
#define BPF_PATH_H

#include "common/event.h" /* the types */

#define PATH_WHOLE 1	/* the walk came to its end: nothing is missing in front */
#define PATH_DELETED 2	/* no directory has that name any more */
#define PATH_DETACHED 8 /* the file system has been taken off, or was never put on */
#define PATH_NOWHERE 4	/* mounted nowhere, as a pipe: a name, then that of its file system */

struct path_info {
	__u64 ino; /* with PATH_NOWHERE */
	__u32 len; /* bytes in the record; 0: there is none */
	__u32 state;
};

#endif
