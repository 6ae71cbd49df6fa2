/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading ELF files that somebody else made, to do harm perhaps: nothing is
 * mapped (a file cut short under a mapping is a SIGBUS), every size is bounded,
 * and nothing that they name is opened.
 */
#ifndef COMMON_ELFFILE_H
#define COMMON_ELFFILE_H

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is read of one file. The largest programs there are, browsers and
 * compilers with all their symbols, stay below these. */
#define ELFFILE_SECTION_MAX (128u << 20)

/* Where code lies in the file and in memory. */
struct elffile_text {
	size_t count;
	struct {
		uint64_t addr, offset, size;
	} segments[8];
};

/* A symbol table, and the names that its st_name are bytes of: not all of them need end with a NUL. */
struct elffile_symbols {
	Elf_Data *data;
	const char *names;
	size_t names_len;
};

/* NULL where it is none. The caller calls elf_end() with it, be it NULL. */
Elf *elffile_open(int fd);
/* The same for one of @len bytes in memory, which stay the caller's. */
Elf *elffile_memory(char *image, size_t len);

void elffile_read_text(struct elffile_text *text, Elf *elf);
/* Symbols have addresses; what the kernel tells of a mapping is offsets. */
bool elffile_to_offset(const struct elffile_text *text, uint64_t addr, uint64_t *offset);
bool elffile_to_address(const struct elffile_text *text, uint64_t offset, uint64_t *addr);

/* The first section of that type, any if it is SHT_NULL, and of that name unless it is NULL. */
Elf_Scn *elffile_section(Elf *elf, uint32_t type, const char *name, GElf_Shdr *sh);
/* What is in it; NULL where there is none, or too much. */
Elf_Data *elffile_data(Elf *elf, uint32_t type, const char *name, GElf_Shdr *sh);
/* The table of that type: SHT_SYMTAB or SHT_DYNSYM. False where there is none. */
bool elffile_symbols(Elf *elf, uint32_t type, struct elffile_symbols *symbols);

#endif /* COMMON_ELFFILE_H */
