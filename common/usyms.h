/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names for the code of mapped files, from the ELF symbols of the file, of its
 * debug file, or of its .gnu_debugdata; and the file's call frame information.
 *
 * The files are those of traced programs, so they are hostile: nothing of
 * them is mapped (a file cut short under a mapping is a SIGBUS), every size is
 * bounded, and nothing that they name is opened.
 */
#ifndef COMMON_USYMS_H
#define COMMON_USYMS_H

#include <elfutils/libdw.h>
#include <stdint.h>

struct usyms;

/* NULL when there is no memory. The caller frees it. */
struct usyms *usyms__new(void);
void usyms__free(struct usyms *usyms);

/*
 * The function at byte @file_offset of a mapped file, and in *@offset the
 * bytes from its start; NULL if not known. The file is opened by @path and is
 * believed only if it is the one that was mapped: its inode must be @ino and
 * its device @dev, as the kernel encodes a dev_t (MAJOR << 20 | MINOR).
 * Where both are 0 it is the library that the kernel maps into every process,
 * vdso(7).
 *
 * The name is what the file says, so to be escaped, and good until the next
 * call. The symbols of a file are read once and kept; when there are too many,
 * those of the file least recently asked for are dropped.
 */
const char *usyms__find(struct usyms *usyms, const char *path, uint64_t dev, uint64_t ino,
			uint64_t file_offset, uint64_t *offset);

/*
 * The call frame information for the code at that place (.eh_frame), with the
 * address that it has there in *@address; NULL if there is none. Good until
 * the next call.
 */
Dwarf_CFI *usyms__cfi(struct usyms *usyms, const char *path, uint64_t dev, uint64_t ino,
		      uint64_t file_offset, uint64_t *address);

#endif /* COMMON_USYMS_H */
