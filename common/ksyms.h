/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names for the kernel's code addresses, from /proc/kallsyms.
 */
#ifndef COMMON_KSYMS_H
#define COMMON_KSYMS_H

#include <stdint.h>

struct ksyms;

/*
 * Reads @path, NULL for /proc/kallsyms. The caller frees it.
 *
 * NULL with errno set: EPERM when every address reads as zero, which is how
 * the kernel hides them (kernel.kptr_restrict in proc_sys_kernel(5): shown
 * with CAP_SYSLOG, or when it is 0 and perf_event_paranoid is 1 or less);
 * ENOENT when there is no function in it; else what open(2), read(2) or
 * malloc(3) said.
 */
struct ksyms *ksyms__load(const char *path);
void ksyms__free(struct ksyms *ksyms);

/*
 * The function at @addr, "name" or "name [module]", and in *@offset the bytes
 * from its start to @addr; NULL if there is none. Of several names for one
 * address the plainest: the fewest leading underscores, then the file's order.
 * The name lives as long as @ksyms. A return address may lie one byte past the
 * function that made the call: look up the address before it.
 */
const char *ksyms__find(const struct ksyms *ksyms, uint64_t addr, uint64_t *offset);

#endif /* COMMON_KSYMS_H */
