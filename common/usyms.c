/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "common/usyms.h"

#include <fcntl.h>
#include <link.h>
#include <lzma.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "common/elffile.h"
#include "common/escape.h"
#include "common/symtab.h"

#define DEBUG_DIR "/usr/lib/debug/.build-id"

/* What is kept: a stack of 127 frames may name as many files. */
#define FILES_MAX 128
#define BYTES_MAX (256u << 20)

/* What is read of one file. */
#define DEBUGDATA_MAX (64u << 20)

#define BUILD_ID_MAX 64

struct file {
	uint64_t dev, ino;	 /* as the kernel gave them */
	struct timespec changed; /* its st_ctim when it was read */
	time_t checked;		 /* when that was last compared */
	uint64_t used;		 /* the number of the last look-up */
	struct symtab table;	 /* by offset in the file */
	struct elffile_text text;
	Elf *elf; /* what cfi, by address, belongs to; or NULL */
	Dwarf_CFI *cfi;
	size_t cfi_bytes;
};

struct usyms {
	struct file vdso, files[FILES_MAX];
	size_t count, bytes;
	uint64_t lookups;
};

static size_t file_bytes(const struct file *file)
{
	return symtab__bytes(&file->table) + file->cfi_bytes;
}

static void clear_file(struct file *file)
{
	symtab__clear(&file->table);
	dwarf_cfi_end(file->cfi);
	elf_end(file->elf);
}

static void drop_file(struct usyms *usyms, struct file *file)
{
	usyms->bytes -= file_bytes(file);
	clear_file(file);
	*file = usyms->files[--usyms->count];
}

void usyms__free(struct usyms *usyms)
{
	if (!usyms)
		return;
	while (usyms->count)
		drop_file(usyms, usyms->files);
	clear_file(&usyms->vdso);
	free(usyms);
}

/* Returns whether there were any. */
static bool add_symbols(struct symtab *t, Elf *elf, uint32_t type, const struct elffile_text *text)
{
	struct elffile_symbols symbols;
	uint64_t offset;
	uint32_t names;
	GElf_Sym sym;
	bool any = false;

	if (!elffile_symbols(elf, type, &symbols) ||
	    symtab__add_names(t, symbols.names, symbols.names_len, &names))
		return false;

	for (int i = 0; gelf_getsym(symbols.data, i, &sym); i++) {
		int kind = GELF_ST_TYPE(sym.st_info);

		if ((kind != STT_FUNC && kind != STT_GNU_IFUNC) || sym.st_shndx == SHN_UNDEF ||
		    sym.st_name >= symbols.names_len ||
		    !elffile_to_offset(text, sym.st_value, &offset))
			continue;
		if (symtab__add(t, offset, sym.st_size, names + sym.st_name))
			return any;
		any = true;
	}
	return any;
}

/*
 * A symbol without a size, as hand-written assembly has them, reaches no
 * further than its section; what follows _init is not _init but the PLT.
 */
static void add_gaps(struct symtab *t, Elf *elf, const struct elffile_text *text)
{
	Elf_Scn *scn = NULL;
	uint64_t offset;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_EXECINSTR))
			continue;
		if (elffile_to_offset(text, sh.sh_addr + sh.sh_size - 1, &offset) &&
		    symtab__add(t, offset + 1, 0, SYMTAB_GAP))
			return;
	}
}

/*
 * Only by build id: that names a file below a directory which is root's. The
 * .gnu_debuglink would let a program send us to any path.
 */
static int open_debug_file(Elf *elf)
{
	char path[sizeof(DEBUG_DIR "//.debug") + 2 * BUILD_ID_MAX], *end;
	size_t pos = 0, name, desc;
	const char *id;
	Elf_Data *data;
	GElf_Nhdr note;
	GElf_Shdr sh;

	data = elffile_data(elf, SHT_NOTE, ".note.gnu.build-id", &sh);
	if (!data)
		return -1;
	while ((pos = gelf_getnote(data, pos, &note, &name, &desc))) {
		id = (const char *)data->d_buf + desc;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_descsz < 2 ||
		    note.n_descsz > BUILD_ID_MAX)
			continue;
		end = stpcpy(path, DEBUG_DIR "/");
		end = escape_hex(end, id, 1);
		*end++ = '/';
		end = escape_hex(end, id + 1, note.n_descsz - 1);
		strcpy(end, ".debug");
		return open(path, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

static bool add_debug_file(struct symtab *t, Elf *elf, const struct elffile_text *text)
{
	int fd = open_debug_file(elf);
	bool any = false;
	Elf *debug;

	if (fd < 0)
		return false;
	debug = elffile_open(fd);
	if (debug)
		any = add_symbols(t, debug, SHT_SYMTAB, text);
	elf_end(debug);
	close(fd);
	return any;
}

/* A whole ELF file, compressed by xz, that has only the missing symbols. */
static void add_debugdata(struct symtab *t, Elf *elf, const struct elffile_text *text)
{
	size_t in, out, room;
	Elf_Data *data;
	GElf_Shdr sh;
	uint8_t *plain;
	Elf *debug;

	data = elffile_data(elf, SHT_PROGBITS, ".gnu_debugdata", &sh);
	if (!data)
		return;
	for (room = 1u << 20; room <= DEBUGDATA_MAX; room *= 2) {
		uint64_t memory = DEBUGDATA_MAX;
		lzma_ret ret;

		plain = malloc(room);
		if (!plain)
			return;
		in = out = 0;
		ret = lzma_stream_buffer_decode(&memory, 0, NULL, data->d_buf, &in, data->d_size,
						plain, &out, room);
		debug = ret == LZMA_OK ? elffile_memory((char *)plain, out) : NULL;
		if (debug)
			add_symbols(t, debug, SHT_SYMTAB, text);
		elf_end(debug);
		free(plain);
		if (ret != LZMA_BUF_ERROR)
			return;
	}
}

static void read_symbols(struct file *file, Elf *elf)
{
	struct symtab *t = &file->table;

	if (!add_symbols(t, elf, SHT_SYMTAB, &file->text)) {
		if (!add_debug_file(t, elf, &file->text))
			add_debugdata(t, elf, &file->text);
		add_symbols(t, elf, SHT_DYNSYM, &file->text);
	}
	add_gaps(t, elf, &file->text);
	symtab__sort(t);
}

/* Keeps the ELF descriptor if there is any. */
static bool read_cfi(struct file *file, Elf *elf)
{
	GElf_Shdr sh;

	/* The index is looked for first, and may be missing. */
	if (elf_getident(elf, NULL)[EI_CLASS] != ELFCLASS64 ||
	    (elffile_section(elf, SHT_NULL, ".eh_frame_hdr", &sh) &&
	     sh.sh_size > ELFFILE_SECTION_MAX) ||
	    !elffile_section(elf, SHT_NULL, ".eh_frame", &sh) || sh.sh_size > ELFFILE_SECTION_MAX)
		return false;
	file->cfi = dwarf_getcfi_elf(elf);
	if (!file->cfi)
		return false;
	/* What has been asked for is kept in another form, at worst three times as large. */
	file->cfi_bytes = 4 * sh.sh_size;
	file->elf = elf;
	return true;
}

static void read_elf(struct file *file, int fd)
{
	Elf *elf = elffile_open(fd);

	if (elf) {
		elffile_read_text(&file->text, elf);
		read_symbols(file, elf);
		/* Another one, without all that has just been read. */
		elf_end(elf);
		elf = elffile_open(fd);
		if (elf && read_cfi(file, elf)) {
			elf_cntl(elf, ELF_C_FDDONE);
			return;
		}
	}
	elf_end(elf);
}

/* Every process has the same one, so ours will do: nobody's, and not hostile. */
static void read_vdso(struct file *file)
{
	char *image = (char *)getauxval(AT_SYSINFO_EHDR); // NOLINT(performance-no-int-to-ptr)
	const ElfW(Ehdr) *header = (const void *)image;
	Elf *elf;

	if (!image)
		return;
	elf = elffile_memory(image,
			     header->e_shoff + (size_t)header->e_shnum * header->e_shentsize);
	if (elf) {
		elffile_read_text(&file->text, elf);
		read_symbols(file, elf);
		if (read_cfi(file, elf))
			return;
	}
	elf_end(elf);
}

struct usyms *usyms__new(void)
{
	struct usyms *usyms = calloc(1, sizeof(*usyms));

	elf_version(EV_CURRENT);
	if (usyms)
		read_vdso(&usyms->vdso);
	return usyms;
}

/*
 * The device is compared only where stat(2) gives one with a major number.
 * File systems that have none of their own (btrfs, overlayfs, NFS) may tell
 * stat(2) another number than the one that their mappings have.
 */
static bool is_file(const struct file *file, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_ino == file->ino &&
	       (major(st->st_dev) == 0 ||
		st->st_dev == makedev(file->dev >> 20, file->dev & 0xfffff));
}

static void read_file(struct file *file, const char *path)
{
	struct stat st;
	int fd;

	/* The path may have become a FIFO or a terminal meanwhile. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && is_file(file, &st)) {
		file->changed = st.st_ctim;
		read_elf(file, fd);
	}
	close(fd);
}

/*
 * Inode numbers are used again, by compilers every few seconds, and a path
 * that cannot be opened may be replaced by one that can.
 */
static bool is_stale(const struct file *file, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && is_file(file, &st) &&
	       (st.st_ctim.tv_sec != file->changed.tv_sec ||
		st.st_ctim.tv_nsec != file->changed.tv_nsec);
}

static void drop_least_used(struct usyms *usyms)
{
	struct file *least = usyms->files;

	for (size_t i = 1; i < usyms->count; i++)
		if (usyms->files[i].used < least->used)
			least = &usyms->files[i];
	drop_file(usyms, least);
}

static struct file *add_file(struct usyms *usyms, const char *path, struct file new)
{
	read_file(&new, path);
	while (usyms->count == FILES_MAX ||
	       (usyms->count && usyms->bytes + file_bytes(&new) > BYTES_MAX))
		drop_least_used(usyms);
	usyms->files[usyms->count] = new;
	usyms->bytes += file_bytes(&new);
	return &usyms->files[usyms->count++];
}

static struct file *find_file(struct usyms *usyms, const char *path, uint64_t dev, uint64_t ino)
{
	struct timespec now;
	struct file *file;

	if (!dev && !ino)
		return &usyms->vdso;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	for (size_t i = 0; i < usyms->count; i++) {
		file = &usyms->files[i];
		if (file->ino != ino || file->dev != dev)
			continue;
		if (file->checked == now.tv_sec)
			return file;
		file->checked = now.tv_sec;
		if (!is_stale(file, path))
			return file;
		drop_file(usyms, file);
		break;
	}
	return add_file(usyms, path,
			(struct file){ .dev = dev, .ino = ino, .checked = now.tv_sec });
}

const char *usyms__find(struct usyms *usyms, const char *path, uint64_t dev, uint64_t ino,
			uint64_t file_offset, uint64_t *offset)
{
	struct file *file = find_file(usyms, path, dev, ino);

	file->used = ++usyms->lookups;
	return symtab__find(&file->table, file_offset, offset);
}

Dwarf_CFI *usyms__cfi(struct usyms *usyms, const char *path, uint64_t dev, uint64_t ino,
		      uint64_t file_offset, uint64_t *address)
{
	struct file *file = find_file(usyms, path, dev, ino);

	file->used = ++usyms->lookups;
	return elffile_to_address(&file->text, file_offset, address) ? file->cfi : NULL;
}
