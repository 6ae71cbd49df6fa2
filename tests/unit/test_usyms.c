/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sandbox.h"
#include "common/usyms.h"

/* An ELF file that fits on a page; what is at a place is where its name says. */
#define CODE_ADDR 0x401000
#define CODE_OFFSET 0x1000
#define TEXT_SIZE 0x80

#define SPARSE_SIZE ((uint64_t)1 << 42)

enum { SECTION_NONE, TEXT, SYMBOLS, STRINGS, NAMES, DEBUGDATA, SECTIONS };

struct elf_file {
	ElfW(Ehdr) header;
	ElfW(Phdr) code;
	ElfW(Shdr) sections[SECTIONS];
	ElfW(Sym) symbols[8];
	char strings[64], names[64];
	unsigned char debugdata[2048];
};

static char directory[] = "/tmp/test_usyms.XXXXXX", path[64];

static ElfW(Shdr)
	make_section(const char *names, const char *name, uint32_t type, size_t offset, size_t size)
{
	return (ElfW(Shdr)){
		.sh_name = (uint32_t)(strstr(names, name) - names),
		.sh_type = type,
		.sh_offset = offset,
		.sh_size = size,
		.sh_addralign = 1,
	};
}

/* @type is SHT_SYMTAB, SHT_DYNSYM, or SHT_NULL for a file without symbols. */
static void make_elf(struct elf_file *f, uint32_t type)
{
	static const char strings[64] = "\0alpha\0beta\0__gamma\0gamma\0last\0table\0missing";
	static const char names[64] = " .text .symbols .strtab .shstrtab .gnu_debugdata";
	static const struct {
		const char *name;
		unsigned int addr, size, type, section;
	} symbols[] = {
		{ "alpha", 0x10, 0x20, STT_FUNC, TEXT }, { "beta", 0x40, 0, STT_FUNC, TEXT },
		{ "__gamma", 0x60, 8, STT_FUNC, TEXT },	 { "gamma", 0x60, 8, STT_FUNC, TEXT },
		{ "last", 0x70, 0, STT_FUNC, TEXT },	 { "table", 0x30, 8, STT_OBJECT, TEXT },
		{ "missing", 0x34, 8, STT_FUNC, 0 },
	};

	memset(f, 0, sizeof(*f));
	memcpy(f->strings, strings, sizeof(strings));
	memcpy(f->names, names, sizeof(names));
	/* The list above is easier to read with spaces. */
	for (char *at = f->names; (at = strchr(at, ' '));)
		*at = '\0';

	f->header = (ElfW(Ehdr)){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = offsetof(struct elf_file, code),
		.e_shoff = offsetof(struct elf_file, sections),
		.e_ehsize = sizeof(f->header),
		.e_phentsize = sizeof(f->code),
		.e_phnum = 1,
		.e_shentsize = sizeof(f->sections[0]),
		.e_shnum = SECTIONS,
		.e_shstrndx = NAMES,
	};
	f->code = (ElfW(Phdr)){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_offset = CODE_OFFSET,
		.p_vaddr = CODE_ADDR,
		.p_filesz = 0x1000,
		.p_memsz = 0x1000,
	};

	f->sections[TEXT] = make_section(names, ".text", SHT_PROGBITS, CODE_OFFSET, TEXT_SIZE);
	f->sections[TEXT].sh_addr = CODE_ADDR;
	f->sections[TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
	f->sections[SYMBOLS] = make_section(names, ".symbols", type,
					    offsetof(struct elf_file, symbols), sizeof(f->symbols));
	f->sections[SYMBOLS].sh_link = STRINGS;
	f->sections[SYMBOLS].sh_entsize = sizeof(f->symbols[0]);
	f->sections[STRINGS] = make_section(names, ".strtab", SHT_STRTAB,
					    offsetof(struct elf_file, strings), sizeof(f->strings));
	f->sections[NAMES] = make_section(names, ".shstrtab", SHT_STRTAB,
					  offsetof(struct elf_file, names), sizeof(f->names));

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		const char *name = memmem(strings, sizeof(strings), symbols[i].name,
					  strlen(symbols[i].name) + 1);

		f->symbols[i + 1] = (ElfW(Sym)){
			.st_name = (uint32_t)(name - strings),
			.st_info = ELF64_ST_INFO(STB_GLOBAL, symbols[i].type),
			.st_shndx = (uint16_t)symbols[i].section,
			.st_value = CODE_ADDR + symbols[i].addr,
			.st_size = symbols[i].size,
		};
	}
}

static void add_debugdata(struct elf_file *f, const void *plain, size_t len)
{
	size_t used = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, plain, len,
						 f->debugdata, &used, sizeof(f->debugdata)),
			 LZMA_OK);
	f->sections[DEBUGDATA] =
		make_section(" .text .symbols .strtab .shstrtab .gnu_debugdata", ".gnu_debugdata",
			     SHT_PROGBITS, offsetof(struct elf_file, debugdata), used);
}

static struct stat write_file(const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	/* Not O_TRUNC, which makes ext4 write to the disk at once. */
	assert_int_equal(ftruncate(fd, (off_t)len), 0);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return st;
}

static uint64_t kernel_dev(dev_t dev)
{
	return (uint64_t)major(dev) << 20 | minor(dev);
}

static const char *find(struct usyms *usyms, const struct stat *st, uint64_t place,
			uint64_t *offset)
{
	return usyms__find(usyms, path, kernel_dev(st->st_dev), st->st_ino, CODE_OFFSET + place,
			   offset);
}

static void assert_symbol(struct usyms *usyms, const struct stat *st, uint64_t place,
			  const char *wanted, uint64_t wanted_offset)
{
	uint64_t offset = UINT64_MAX;
	const char *name = find(usyms, st, place, &offset);

	assert_non_null(name);
	assert_string_equal(name, wanted);
	assert_int_equal(offset, wanted_offset);
}

static void assert_unknown(struct usyms *usyms, const struct stat *st, uint64_t place)
{
	uint64_t offset;

	assert_null(find(usyms, st, place, &offset));
}

static int set_up(void **state)
{
	*state = usyms__new();
	if (!*state || !mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	return 0;
}

static int tear_down(void **state)
{
	usyms__free(*state);
	unlink(path);
	rmdir(directory);
	memcpy(directory + strlen(directory) - 6, "XXXXXX", 6);
	return 0;
}

static void symbols(void **state)
{
	static const uint32_t types[] = { SHT_SYMTAB, SHT_DYNSYM };
	struct elf_file f;
	struct stat st;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct usyms *usyms = usyms__new();

		assert_non_null(usyms);
		make_elf(&f, types[i]);
		st = write_file(&f, sizeof(f));
		assert_symbol(usyms, &st, 0x10, "alpha", 0);
		assert_symbol(usyms, &st, 0x2f, "alpha", 0x1f);
		/* of no size: up to the next one, or to the section's end */
		assert_symbol(usyms, &st, 0x5f, "beta", 0x1f);
		assert_symbol(usyms, &st, TEXT_SIZE - 1, "last", TEXT_SIZE - 1 - 0x70);
		/* of two names the plainer one */
		assert_symbol(usyms, &st, 0x61, "gamma", 1);

		assert_unknown(usyms, &st, 0);
		assert_unknown(usyms, &st, 0x30);
		assert_unknown(usyms, &st, 0x35);
		assert_unknown(usyms, &st, 0x68);
		assert_unknown(usyms, &st, TEXT_SIZE);
		assert_unknown(usyms, &st, UINT64_MAX / 2);
		usyms__free(usyms);
	}
	(void)state;
}

static void debugdata(void **state)
{
	struct elf_file inner, f;
	struct stat st;

	make_elf(&inner, SHT_SYMTAB);
	make_elf(&f, SHT_NULL);
	add_debugdata(&f, &inner, sizeof(inner));
	st = write_file(&f, sizeof(f));
	assert_symbol(*state, &st, 0x11, "alpha", 1);
	assert_unknown(*state, &st, TEXT_SIZE);
}

/* Small as it is, it would fill the memory. */
static void debugdata_bomb(void **state)
{
	const size_t size = 100 << 20;
	unsigned char *packed = malloc(1 << 20), *plain = calloc(1, size);
	struct elf_file f;
	size_t used = 0;
	struct stat st;

	assert_non_null(packed);
	assert_non_null(plain);
	make_elf((struct elf_file *)(void *)plain, SHT_SYMTAB);
	make_elf(&f, SHT_NULL);
	add_debugdata(&f, "", 1);
	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_NONE, NULL, plain, size,
						 packed + sizeof(f), &used, (1 << 20) - sizeof(f)),
			 LZMA_OK);
	f.sections[DEBUGDATA].sh_offset = sizeof(f);
	f.sections[DEBUGDATA].sh_size = used;
	memcpy(packed, &f, sizeof(f));
	st = write_file(packed, sizeof(f) + used);
	assert_unknown(*state, &st, 0x11);
	free(plain);
	free(packed);
}

/* Another file than the one that was mapped, and what is no file. */
static void other_files(void **state)
{
	struct elf_file f;
	struct stat st, other;

	make_elf(&f, SHT_SYMTAB);
	st = write_file(&f, sizeof(f));
	other = st;
	other.st_ino++;
	assert_unknown(*state, &other, 0x10);
	if (major(st.st_dev)) {
		other = st;
		other.st_dev = makedev(major(st.st_dev), minor(st.st_dev) + 1);
		assert_unknown(*state, &other, 0x10);
	}
	unlink(path);
	assert_unknown(*state, &st, 0x10);

	/* Opening a FIFO waits for a writer, if one lets it. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_unknown(*state, &st, 0x10);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_unknown(*state, &st, 0x10);
	rmdir(path);
	st = write_file("", 0);
	assert_unknown(*state, &st, 0x10);
}

/* The file is another one, with the inode number of the first. */
static void changed_file(void **state)
{
	struct timespec now, nap = { .tv_nsec = 10000000 };
	struct elf_file f;
	struct stat st;
	uint64_t offset;
	const char *name;
	time_t start;

	make_elf(&f, SHT_SYMTAB);
	st = write_file(&f, sizeof(f));
	assert_symbol(*state, &st, 0x10, "alpha", 0);
	memcpy(strstr(f.strings + 1, "alpha"), "omega", 5);
	st = write_file(&f, sizeof(f));
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (start = now.tv_sec; now.tv_sec < start + 10; clock_gettime(CLOCK_MONOTONIC, &now)) {
		name = find(*state, &st, 0x10, &offset);
		assert_non_null(name);
		if (!strcmp(name, "omega"))
			return;
		assert_string_equal(name, "alpha");
		nanosleep(&nap, NULL);
	}
	fail_msg("the old symbols are still told");
}

/* More files than are kept, each with a name of its own. */
static void many_files(void **state)
{
	struct elf_file f;
	struct stat st[300];
	char name[16];

	make_elf(&f, SHT_SYMTAB);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			snprintf(path, sizeof(path), "%s/%d", directory, i);
			snprintf(name, sizeof(name), "a%04d", i);
			memcpy(f.strings + 1, name, 5);
			if (round == 0)
				st[i] = write_file(&f, sizeof(f));
			assert_symbol(*state, &st[i], 0x10, name, 0);
		}
	}
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "%s/%d", directory, i);
		unlink(path);
	}
}

/* Whatever is in the file, there is an answer, and no sanitizer speaks. */
static void try_file(const void *data, size_t len)
{
	struct usyms *usyms = usyms__new();
	struct stat st = write_file(data, len);
	const char *name;
	uint64_t offset;

	assert_non_null(usyms);
	for (uint64_t place = 0; place < TEXT_SIZE; place += 0x10) {
		name = find(usyms, &st, place, &offset);
		assert_true(!name || strlen(name) < sizeof(struct elf_file));
	}
	usyms__free(usyms);
}

static void damaged_files(void **state)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	struct elf_file inner, f, damaged;

	(void)state;
	for (int packed = 0; packed <= 1; packed++) {
		make_elf(&f, packed ? SHT_NULL : SHT_SYMTAB);
		make_elf(&inner, SHT_SYMTAB);
		add_debugdata(&f, &inner, offsetof(struct elf_file, debugdata));
		for (size_t i = 0; i < offsetof(struct elf_file, debugdata); i++)
			try_file(&f, i);
		for (size_t i = 0; i < offsetof(struct elf_file, debugdata) + 64; i++) {
			for (size_t v = 0; v < sizeof(values); v++) {
				damaged = f;
				((unsigned char *)&damaged)[i] = values[v];
				try_file(&damaged, sizeof(damaged));
			}
		}
	}
}

/*
 * A file that says it is larger than memory, and is, because it is sparse. ASan ends the test where so
 * much is asked of malloc(3).
 */
static void try_sparse_file(const struct elf_file *f)
{
	struct usyms *usyms = usyms__new();
	struct stat st = write_file(f, sizeof(*f));

	assert_non_null(usyms);
	if (truncate(path, (off_t)SPARSE_SIZE) < 0)
		skip(); /* not on this file system */
	assert_unknown(usyms, &st, 0x10);
	usyms__free(usyms);
}

static void huge_sections(void **state)
{
	static const int sections[] = { SYMBOLS, STRINGS, NAMES, DEBUGDATA };
	struct elf_file f;

	(void)state;
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		make_elf(&f, i < 2 ? SHT_SYMTAB : SHT_NULL);
		add_debugdata(&f, "", 1);
		f.sections[sections[i]].sh_size = SPARSE_SIZE - sizeof(f);
		try_sparse_file(&f);
	}
}

/*
 * The numbers that do not fit in the header are in the first section. (So many sections as here would do
 * no harm, and the symbols would be found.)
 */
static void huge_tables(void **state)
{
	struct elf_file f;

	(void)state;
	make_elf(&f, SHT_SYMTAB);
	f.header.e_shnum = 0;
	f.sections[SECTION_NONE].sh_size = 1 << 18;
	try_sparse_file(&f);

	make_elf(&f, SHT_SYMTAB);
	f.header.e_phnum = PN_XNUM;
	f.sections[SECTION_NONE].sh_info = UINT32_MAX;
	try_sparse_file(&f);
}

/*
 * Real files, as the kernel maps them.
 */
struct mapped {
	uint64_t start, end, offset, dev, ino;
	char path[4096];
};

static void find_mapping(struct mapped *m, const void *at)
{
	unsigned int dev_major, dev_minor;
	unsigned long long inode;
	char line[8192], mode[5];
	FILE *maps = fopen("/proc/self/maps", "re");

	assert_non_null(maps);
	memset(m, 0, sizeof(*m));
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s %lx %x:%x %llu %4095[^\n]", &m->start, &m->end, mode,
			   &m->offset, &dev_major, &dev_minor, &inode, m->path) != 8 ||
		    (uintptr_t)at < m->start || (uintptr_t)at >= m->end)
			continue;
		m->dev = (uint64_t)dev_major << 20 | dev_minor;
		m->ino = inode;
		fclose(maps);
		return;
	}
	fail_msg("%p is not mapped", at);
}

static const char *find_mapped(struct usyms *usyms, const struct mapped *m, const void *at,
			       uint64_t *offset)
{
	return usyms__find(usyms, m->path, m->dev, m->ino, (uintptr_t)at - m->start + m->offset,
			   offset);
}

static void own_function(void **state)
{
	const char *at = (const char *)(uintptr_t)own_function, *name;
	struct mapped m;
	uint64_t offset;

	find_mapping(&m, at);
	name = find_mapped(*state, &m, at + 5, &offset);
	assert_non_null(name);
	assert_string_equal(name, "own_function");
	assert_int_equal(offset, 5);
}

static void libc_function(void **state)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	const char *at, *name;
	struct mapped m;
	uint64_t offset;
	Dl_info info;

	if (!libc) {
		skip(); /* another C library */
		return;
	}
	at = dlsym(libc, "qsort_r");
	assert_non_null(at);
	assert_true(dladdr(at, &info));
	find_mapping(&m, at);
	name = find_mapped(*state, &m, at + 3, &offset);
	assert_non_null(name);
	assert_string_equal(name, "qsort_r");
	assert_int_equal(offset, 3);
	dlclose(libc);
}

/* All that a look-up asks of the kernel is allowed there. */
static void in_the_sandbox(void **state)
{
	const struct sandbox s = { .read_files = true };
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	const char *at, *name;
	struct mapped m;
	uint64_t offset;
	int status;
	pid_t pid;

	if (!libc) {
		skip();
		return;
	}
	at = dlsym(libc, "qsort_r");
	dlclose(libc);
	find_mapping(&m, at);
	pid = fork();
	if (pid == 0) {
		if (sandbox_enter(&s) < 0)
			_exit(1);
		name = find_mapped(*state, &m, at, &offset);
		/* Not _exit(3), before which ASan asks for the signal stack. */
		syscall(SYS_exit_group, name && !strcmp(name, "qsort_r") ? 0 : 2);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static int find_build_id(struct dl_phdr_info *info, size_t size, void *data)
{
	const uintptr_t qsort_at = *(uintptr_t *)data;
	char *debug_path = data;
	bool here = false;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && qsort_at - info->dlpi_addr - ph->p_vaddr < ph->p_memsz)
			here = true;
	}
	for (int i = 0; here && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const char *note = (const char *)info->dlpi_addr + ph->p_vaddr;
		const ElfW(Nhdr) *header = (const void *)note;
		int n;

		if (ph->p_type != PT_NOTE || header->n_type != NT_GNU_BUILD_ID ||
		    header->n_namesz != 4)
			continue;
		n = sprintf(debug_path, "/usr/lib/debug/.build-id/");
		for (uint32_t j = 0; j < header->n_descsz; j++)
			n += sprintf(debug_path + n, j ? "%02x" : "%02x/",
				     (unsigned char)note[sizeof(*header) + 4 + j]);
		strcpy(debug_path + n, ".debug");
		return 1;
	}
	return 0;
}

/* A function that no exported name leads to: only the debug file tells it. */
static void libc_debug_file(void **state)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), *at;
	char debug_path[256] = "";
	const char *name, *code;
	struct mapped m;
	uint64_t offset;

	if (!libc) {
		skip();
		return;
	}
	at = dlsym(libc, "qsort_r");
	dlclose(libc);
	find_mapping(&m, at);
	memcpy(debug_path, &at, sizeof(at));
	if (!dl_iterate_phdr(find_build_id, debug_path) || access(debug_path, R_OK) < 0)
		skip(); /* libc's debug file is not installed */
	for (uint64_t i = m.start; i < m.end; i += 16) {
		code = (const char *)(uintptr_t)i;
		name = find_mapped(*state, &m, code, &offset);
		if (name && !strcmp(name, "_int_malloc"))
			return;
	}
	fail_msg("no _int_malloc with %s", debug_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(symbols, set_up, tear_down),
		cmocka_unit_test_setup_teardown(debugdata, set_up, tear_down),
		cmocka_unit_test_setup_teardown(debugdata_bomb, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changed_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(huge_sections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(huge_tables, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_function, set_up, tear_down),
		cmocka_unit_test_setup_teardown(libc_function, set_up, tear_down),
		cmocka_unit_test_setup_teardown(in_the_sandbox, set_up, tear_down),
		cmocka_unit_test_setup_teardown(libc_debug_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
