/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/editors.h"

/* A program of one page of code, which is elsewhere in the file than in memory. */
#define CODE_ADDR 0x401000
#define CODE_OFFSET 0x1000
#define DATA_ADDR 0x600000
#define GOT_ADDR 0x5ff000

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define OTHER_MACHINE EM_AARCH64
#define GOT_ENTRY R_X86_64_GLOB_DAT
#else
#define MACHINE EM_AARCH64
#define OTHER_MACHINE EM_X86_64
#define GOT_ENTRY R_AARCH64_GLOB_DAT
#endif

enum { SECTION_NONE, TEXT, RODATA, SYMBOLS, STRINGS, NAMES, RELOCATIONS, SECTIONS };

struct elf_file {
	Elf64_Ehdr header;
	Elf64_Phdr code;
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[16];
	Elf64_Rela relocations[8];
	char strings[512], names[64], rodata[64];
	unsigned int symbol_count, strings_used, relocation_count;
};

static struct elf_file file;
static char path[] = "/tmp/test_editors.XXXXXX";
static int fd;

static void set_section(unsigned int i, const char *name, uint32_t type, const void *at,
			size_t size)
{
	static const char names[64] = " .text .rodata .dynsym .dynstr .shstrtab .rela.dyn";

	memcpy(file.names, names, sizeof(names));
	file.sections[i] = (Elf64_Shdr){
		.sh_name = strstr(names, name) - names,
		.sh_type = type,
		.sh_offset = (const char *)at - (const char *)&file,
		.sh_size = size,
		.sh_addralign = 1,
	};
	for (char *gap = file.names; (gap = memchr(gap, ' ', sizeof(names) - (gap - file.names)));)
		*gap = '\0';
}

static void begin(void)
{
	memset(&file, 0, sizeof(file));
	file.header = (Elf64_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = MACHINE,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct elf_file, code),
		.e_shoff = offsetof(struct elf_file, sections),
		.e_ehsize = sizeof(file.header),
		.e_phentsize = sizeof(file.code),
		.e_phnum = 1,
		.e_shentsize = sizeof(file.sections[0]),
		.e_shnum = SECTIONS,
		.e_shstrndx = NAMES,
	};
	file.code = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = CODE_OFFSET,
		.p_vaddr = CODE_ADDR,
		.p_filesz = 0x1000,
		.p_memsz = 0x1000,
	};
	set_section(RODATA, ".rodata", SHT_PROGBITS, file.rodata, sizeof(file.rodata));
	set_section(SYMBOLS, ".dynsym", SHT_DYNSYM, file.symbols, sizeof(file.symbols));
	file.sections[SYMBOLS].sh_link = STRINGS;
	file.sections[SYMBOLS].sh_entsize = sizeof(file.symbols[0]);
	set_section(STRINGS, ".dynstr", SHT_STRTAB, file.strings, sizeof(file.strings));
	set_section(NAMES, ".shstrtab", SHT_STRTAB, file.names, sizeof(file.names));
	set_section(RELOCATIONS, ".rela.dyn", SHT_RELA, file.relocations, sizeof(file.relocations));
	file.sections[RELOCATIONS].sh_link = SYMBOLS;
	file.sections[RELOCATIONS].sh_entsize = sizeof(file.relocations[0]);
	file.symbol_count = file.strings_used = 1;
}

/* Returns its index. */
static unsigned int symbol(const char *name, uint64_t address, bool defined)
{
	file.symbols[file.symbol_count] = (Elf64_Sym){
		.st_name = file.strings_used,
		.st_shndx = defined ? TEXT : SHN_UNDEF,
		.st_value = address,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
	};
	strcpy(file.strings + file.strings_used, name);
	file.strings_used += strlen(name) + 1;
	return file.symbol_count++;
}

static void got(unsigned int index, uint64_t address)
{
	file.relocations[file.relocation_count++] =
		(Elf64_Rela){ .r_offset = address, .r_info = ELF64_R_INFO(index, GOT_ENTRY) };
}

static enum editor_found found(const char *name, struct editor *e)
{
	memset(e, 0, sizeof(*e));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, &file, sizeof(file), 0), sizeof(file));
	return editor_read(fd, name, e);
}

static void readline(void)
{
	begin();
	symbol("readline", CODE_ADDR, true);
	symbol("readline_internal_setup", CODE_ADDR + 0x100, true);
	symbol("readline_internal_teardown", CODE_ADDR + 0x200, true);
	symbol("rl_line_buffer", DATA_ADDR, true);
}

static void test_readline(void **state)
{
	struct editor e;

	(void)state;
	readline();
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_READLINE);
	assert_int_equal(e.prompt.address, CODE_ADDR + 0x100);
	assert_int_equal(e.prompt.offset, CODE_OFFSET + 0x100);
	assert_int_equal(e.line.address, CODE_ADDR + 0x200);
	assert_int_equal(e.line.offset, CODE_OFFSET + 0x200);
	assert_int_equal(e.variables[READLINE_LINE], DATA_ADDR);
	assert_int_equal(e.variables[BASH_PROMPT], 0);
	assert_int_equal(e.indirect, 0);
	assert_string_equal(editor_symbol(&e, NULL), "readline_internal_teardown");
}

static void test_bash(void **state)
{
	struct editor e;

	(void)state;
	readline();
	symbol("last_command_exit_value", DATA_ADDR + 8, true);
	symbol("current_prompt_string", DATA_ADDR + 16, true);
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.variables[BASH_STATUS], DATA_ADDR + 8);
	assert_int_equal(e.variables[BASH_PROMPT], DATA_ADDR + 16);
}

/* The line is read by a library, and the rest is bash. */
static void test_linked(void **state)
{
	static const char *const names[] = { "last_command_exit_value", "current_readline_line",
					     "current_prompt_string", "ps2_prompt",
					     "current_readline_prompt" };
	struct editor e, other;

	(void)state;
	begin();
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
		symbol(names[i], DATA_ADDR + 8 * i, true);
	}
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	symbol("readline", 0, false);
	/* Nothing of it is where the headers are. */
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	file.code.p_offset = 0;
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_SHELL);
	assert_int_equal(e.prompt.address, CODE_ADDR);
	assert_int_equal(e.line.address, CODE_ADDR);
	assert_int_equal(e.variables[BASH_STATUS], DATA_ADDR);
	assert_int_equal(e.variables[BASH_SHOWN], DATA_ADDR + 32);
	assert_null(editor_symbol(&e, NULL));
	file.header.e_entry++;
	assert_int_equal(found(NULL, &other), EDITOR_FOUND);
	assert_true(other.mark != e.mark);
}

static void test_got(void **state)
{
	struct editor e;

	(void)state;
	readline();
	got(4, GOT_ADDR);
	got(symbol("last_command_exit_value", 0, false), GOT_ADDR + 8);
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.variables[READLINE_LINE], GOT_ADDR);
	assert_int_equal(e.variables[BASH_STATUS], GOT_ADDR + 8);
	assert_int_equal(e.indirect, 1 << READLINE_LINE | 1 << BASH_STATUS);
}

/* A symbol has its version behind it in some tables. */
static void test_version(void **state)
{
	struct editor e;

	(void)state;
	begin();
	symbol("readline@@READLINE_6.3", CODE_ADDR + 0x10, true);
	/* So far it could be a function that reads a file. */
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	symbol("add_history", 0, false);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	begin();
	symbol("readline@@READLINE_6.3", CODE_ADDR + 0x10, true);
	symbol("add_history@@READLINE_6.3", CODE_ADDR + 0x20, true);
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_FUNCTION);
	assert_int_equal(e.line.offset, CODE_OFFSET + 0x10);
}

static void test_others(void **state)
{
	struct editor e;

	(void)state;
	begin();
	symbol("readline", CODE_ADDR, true);
	symbol("el_gets", CODE_ADDR + 0x20, true);
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_NARROW);
	symbol("el_wgets", CODE_ADDR + 0x40, true);
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_LIBEDIT);
	begin();
	symbol("zleread", CODE_ADDR, true);
	symbol("freeundo", CODE_ADDR + 0x20, true);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	symbol("zleline", DATA_ADDR, true);
	symbol("zlell", DATA_ADDR + 8, true);
	symbol("done", DATA_ADDR + 16, true);
	assert_int_equal(found(NULL, &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_ZLE);
	begin();
	symbol("readlines", CODE_ADDR, true);
	symbol("readlin", CODE_ADDR, true);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
}

static void test_symbol(void **state)
{
	struct editor e;

	(void)state;
	readline();
	symbol("ask", CODE_ADDR + 0x300, true);
	assert_int_equal(found("ask", &e), EDITOR_FOUND);
	assert_int_equal(e.kind, EDITOR_FUNCTION);
	assert_int_equal(e.prompt.address, 0);
	assert_int_equal(e.line.offset, CODE_OFFSET + 0x300);
	assert_string_equal(editor_symbol(&e, "ask"), "ask");
	assert_int_equal(found("as", &e), EDITOR_ABSENT);
	file.symbols[file.symbol_count - 1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
	assert_int_equal(found("ask", &e), EDITOR_CHOSEN);
}

/* What is used from a library is not in the file. */
static void test_undefined(void **state)
{
	struct editor e;

	(void)state;
	begin();
	symbol("readline", 0, false);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	memcpy(file.rodata + 4, "non-incremental-reverse-search-history", 39);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
}

static void test_stripped(void **state)
{
	struct editor e;

	(void)state;
	begin();
	memcpy(file.rodata + 4, "non-incremental-reverse-search-history", 39);
	assert_int_equal(found(NULL, &e), EDITOR_STRIPPED);
	file.rodata[3] = '-';
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
}

static void test_foreign(void **state)
{
	struct editor e;

	(void)state;
	readline();
	file.header.e_machine = OTHER_MACHINE;
	assert_int_equal(found(NULL, &e), EDITOR_FOREIGN);
}

/* Where there is no code there can be no probe. */
static void test_outside(void **state)
{
	struct editor e;

	(void)state;
	begin();
	symbol("add_history", CODE_ADDR, true);
	symbol("readline", CODE_ADDR + 0x1000, true);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	begin();
	symbol("add_history", CODE_ADDR, true);
	symbol("readline", CODE_ADDR - 1, true);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
	begin();
	symbol("readline", UINT64_MAX, true);
	assert_int_equal(found(NULL, &e), EDITOR_ABSENT);
}

/* Each byte of what describes the file, with several values; ASan looks on. */
static void test_malformed(void **state)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t described = offsetof(struct elf_file, symbols) + 5 * sizeof(file.symbols[0]);
	struct elf_file whole;
	struct editor e;

	(void)state;
	readline();
	got(4, GOT_ADDR);
	whole = file;
	for (size_t at = 0; at < described; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			((unsigned char *)&file)[at] = values[i];
			found(NULL, &e);
		}
		file = whole;
	}
}

static void test_random(void **state)
{
	struct elf_file whole;
	struct editor e;

	(void)state;
	readline();
	got(4, GOT_ADDR);
	whole = file;
	srandom(1);
	for (int i = 0; i < 3000; i++) {
		for (int n = random() % 8; n >= 0; n--)
			((unsigned char *)&file)[random() % sizeof(file)] = random();
		found(NULL, &e);
		file = whole;
	}
}

static void test_cut_short(void **state)
{
	struct editor e;

	(void)state;
	readline();
	for (size_t size = 0; size < sizeof(file); size += 7) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, &file, size, 0), size);
		editor_read(fd, NULL, &e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readline), cmocka_unit_test(test_bash),
		cmocka_unit_test(test_linked),	 cmocka_unit_test(test_got),
		cmocka_unit_test(test_version),	 cmocka_unit_test(test_others),
		cmocka_unit_test(test_symbol),	 cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_stripped), cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_outside),	 cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_random),	 cmocka_unit_test(test_cut_short),
	};
	int failed;

	fd = mkstemp(path);
	if (fd < 0 || fchmod(fd, 0644))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
