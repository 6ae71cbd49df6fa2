/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/elffile.h"

#include <string.h>
#include <unistd.h>

#define SECTION_NAMES_MAX (1u << 20)
#define SEGMENTS_MAX 256

/*
 * Where the header has 0 for the number of sections, the first section has the real one, of up to 32
 * bits: elf_begin(3) then allocates and fills gigabytes, if only the file is long enough, and a sparse
 * one is. Linkers need that for 65,280 sections and more; programs have some forty.
 */
static bool is_counted(const unsigned char *header)
{
	size_t at = header[EI_CLASS] == ELFCLASS32 ? offsetof(Elf32_Ehdr, e_shnum)
						   : offsetof(Elf64_Ehdr, e_shnum);

	return header[at] || header[at + 1];
}

static Elf *usable(Elf *elf)
{
	size_t segments;

	if (elf && elf_kind(elf) == ELF_K_ELF && elf_getphdrnum(elf, &segments) == 0 &&
	    segments <= SEGMENTS_MAX)
		return elf;
	elf_end(elf);
	return NULL;
}

Elf *elffile_open(int fd)
{
	unsigned char header[sizeof(Elf64_Ehdr)];

	elf_version(EV_CURRENT);
	if (pread(fd, header, sizeof(header), 0) != sizeof(header) || !is_counted(header))
		return NULL;
	/* Not ELF_C_READ_MMAP: whoever can write the file can cut it short at any time. */
	return usable(elf_begin(fd, ELF_C_READ, NULL));
}

Elf *elffile_memory(char *image, size_t len)
{
	if (len < sizeof(Elf64_Ehdr) || !is_counted((unsigned char *)image))
		return NULL;
	return usable(elf_memory(image, len));
}

void elffile_read_text(struct elffile_text *text, Elf *elf)
{
	size_t i, n = 0;
	GElf_Phdr ph;

	text->count = 0;
	elf_getphdrnum(elf, &n);
	for (i = 0; i < n && gelf_getphdr(elf, (int)i, &ph); i++) {
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_X))
			continue;
		if (text->count == sizeof(text->segments) / sizeof(text->segments[0]))
			return;
		text->segments[text->count].addr = ph.p_vaddr;
		text->segments[text->count].offset = ph.p_offset;
		text->segments[text->count].size = ph.p_filesz;
		text->count++;
	}
}

bool elffile_to_offset(const struct elffile_text *text, uint64_t addr, uint64_t *offset)
{
	for (size_t i = 0; i < text->count; i++) {
		if (addr - text->segments[i].addr < text->segments[i].size) {
			*offset = addr - text->segments[i].addr + text->segments[i].offset;
			return true;
		}
	}
	return false;
}

bool elffile_to_address(const struct elffile_text *text, uint64_t offset, uint64_t *addr)
{
	for (size_t i = 0; i < text->count; i++) {
		if (offset - text->segments[i].offset < text->segments[i].size) {
			*addr = offset - text->segments[i].offset + text->segments[i].addr;
			return true;
		}
	}
	return false;
}

Elf_Scn *elffile_section(Elf *elf, uint32_t type, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	const char *its;
	size_t names;

	if (name && (elf_getshdrstrndx(elf, &names) < 0 ||
		     !gelf_getshdr(elf_getscn(elf, names), sh) || sh->sh_size > SECTION_NAMES_MAX))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, sh) || (type && sh->sh_type != type))
			continue;
		if (!name)
			return scn;
		its = elf_strptr(elf, names, sh->sh_name);
		if (its && strcmp(its, name) == 0)
			return scn;
	}
	return NULL;
}

Elf_Data *elffile_data(Elf *elf, uint32_t type, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = elffile_section(elf, type, name, sh);

	return scn && sh->sh_size <= ELFFILE_SECTION_MAX ? elf_getdata(scn, NULL) : NULL;
}

bool elffile_symbols(Elf *elf, uint32_t type, struct elffile_symbols *symbols)
{
	Elf_Data *strings;
	GElf_Shdr sh;
	Elf_Scn *scn;

	symbols->data = elffile_data(elf, type, NULL, &sh);
	if (!symbols->data)
		return false;
	scn = elf_getscn(elf, sh.sh_link);
	if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_STRTAB || sh.sh_size > ELFFILE_SECTION_MAX)
		return false;
	strings = elf_getdata(scn, NULL);
	if (!strings || !strings->d_buf)
		return false;
	symbols->names = strings->d_buf;
	symbols->names_len = strings->d_size;
	return true;
}
