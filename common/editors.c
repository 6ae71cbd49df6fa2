// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/editors.h"

#include <string.h>
#include <unistd.h>

#include "common/elffile.h"

#define NAME_MOST 1024 /* bytes of a symbol; what is looked for is shorter */

#if defined(__x86_64__)
#define NATIVE EM_X86_64
#define GOT_ENTRY R_X86_64_GLOB_DAT
#else
#define NATIVE EM_AARCH64
#define GOT_ENTRY R_AARCH64_GLOB_DAT
#endif

/* What there may be, by enum editor_kind; a file has the first that it has all of. Those variables that it must have come first. */
static const struct kind {
	enum editor_kind kind;
	unsigned int needed;
	const char *prompt, *line;
	const char *variables[EDITOR_VARIABLES];
} kinds[] = {
	{ EDITOR_READLINE,
	  1,
	  "readline_internal_setup",
	  "readline_internal_teardown",
	  { "rl_line_buffer", "rl_prompt", "last_command_exit_value", "current_readline_line",
	    "current_prompt_string", "ps2_prompt", "current_readline_prompt" } },
	{ EDITOR_ZLE,
	  3,
	  "zleread",
	  "freeundo",
	  { "zleline", "zlell", "done", "errflag", "isfirstln", "lastval" } },
	{ EDITOR_LIBEDIT, 0, "el_wgets", "el_wgets", { "rl_prompt" } },
	{ EDITOR_NARROW, 0, "el_gets", "el_gets", { "rl_prompt" } },
	/* Many programs have a function of that name that reads a file. */
	{ EDITOR_FUNCTION, 1, "readline", "readline", { "add_history" } },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static const struct kind *kind_of(const struct editor *e)
{
	return &kinds[e->kind - 1];
}

/*
 * Names of commands that a user can bind to keys: what code without symbols
 * still has.  With a byte in front, or this file would have them as well.
 */
static const char *const traces[] = { "+non-incremental-reverse-search-history",
				      "+em-inc-search-prev", "+zle-line-init" };

#define NAMES_MAX (KINDS * (2 + EDITOR_VARIABLES))

struct name {
	const char *name;
	bool defined, used; /* by the file; from another one */
	bool chosen;	    /* at run time: this is who chooses */
	uint64_t address;
	uint64_t got; /* of its entry in the global offset table; 0: it has none */
};

struct names {
	struct name names[NAMES_MAX];
	size_t count;
};

static struct name *find_name(struct names *n, const char *name, size_t len)
{
	for (size_t i = 0; i < n->count; i++)
		if (!strncmp(n->names[i].name, name, len) && !n->names[i].name[len])
			return &n->names[i];
	return NULL;
}

static void add_name(struct names *n, const char *name)
{
	if (name && !find_name(n, name, strlen(name)))
		n->names[n->count++].name = name;
}

static void all_names(struct names *n, const char *symbol)
{
	n->count = 0;
	add_name(n, symbol);
	for (size_t i = 0; i < KINDS && !symbol; i++) {
		add_name(n, kinds[i].prompt);
		add_name(n, kinds[i].line);
		for (size_t v = 0; v < EDITOR_VARIABLES; v++)
			add_name(n, kinds[i].variables[v]);
	}
}

/* That of a symbol; NULL if it is none that is looked for. */
static struct name *name_of(struct names *n, const struct elffile_symbols *symbols,
			    const GElf_Sym *sym)
{
	const char *name = symbols->names + sym->st_name, *version;
	size_t len;

	if (sym->st_name >= symbols->names_len)
		return NULL;
	len = symbols->names_len - sym->st_name;
	len = strnlen(name, len < NAME_MOST ? len : NAME_MOST);
	version = memchr(name, '@', len);
	return find_name(n, name, version ? (size_t)(version - name) : len);
}

static void read_symbols(struct names *n, Elf *elf, uint32_t type)
{
	struct elffile_symbols symbols;
	struct name *name;
	GElf_Sym sym;

	if (!elffile_symbols(elf, type, &symbols))
		return;
	for (int i = 0; gelf_getsym(symbols.data, i, &sym); i++) {
		name = name_of(n, &symbols, &sym);
		if (!name || name->defined)
			continue;
		name->used = sym.st_shndx == SHN_UNDEF;
		name->defined = !name->used;
		name->chosen = GELF_ST_TYPE(sym.st_info) == STT_GNU_IFUNC;
		name->address = sym.st_value;
	}
}

/*
 * A variable of a library may live elsewhere: in the program, by a copy
 * relocation, or in another library.  The library itself goes by its global
 * offset table, and so have we to.
 */
static void read_got(struct names *n, Elf *elf)
{
	struct elffile_symbols symbols;
	Elf_Scn *scn = NULL;
	struct name *name;
	Elf_Data *data;
	GElf_Shdr sh;
	GElf_Rela rela;
	GElf_Sym sym;

	if (!elffile_symbols(elf, SHT_DYNSYM, &symbols))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_RELA ||
		    sh.sh_size > ELFFILE_SECTION_MAX)
			continue;
		data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
			if (GELF_R_TYPE(rela.r_info) != GOT_ENTRY ||
			    !gelf_getsym(symbols.data, (int)GELF_R_SYM(rela.r_info), &sym))
				continue;
			name = name_of(n, &symbols, &sym);
			if (name)
				name->got = rela.r_offset;
		}
	}
}

static void set_variables(struct names *n, Elf *elf, struct editor *e)
{
	const char *const *variables = kind_of(e)->variables;
	const struct name *v;

	read_got(n, elf);
	for (unsigned int i = 0; i < EDITOR_VARIABLES && variables[i]; i++) {
		v = find_name(n, variables[i], strlen(variables[i]));
		if (v->got)
			e->indirect |= 1U << i;
		e->variables[i] = v->got ?: v->address;
	}
}

/* False if the function is not there. */
static bool set_hook(struct editor_hook *hook, struct names *n, const char *name,
		     const struct elffile_text *text)
{
	const struct name *function = find_name(n, name, strlen(name));
	uint64_t offset;

	if (!function || !function->defined || !elffile_to_offset(text, function->address, &offset))
		return false;
	*hook = (struct editor_hook){ function->address, offset };
	return true;
}

static bool is_kind(struct names *n, size_t kind, const struct elffile_text *text, struct editor *e)
{
	*e = (struct editor){ .kind = kinds[kind].kind };
	if (!set_hook(&e->prompt, n, kinds[kind].prompt, text) ||
	    !set_hook(&e->line, n, kinds[kind].line, text))
		return false;
	for (unsigned int i = 0; i < kinds[kind].needed; i++)
		if (!find_name(n, kinds[kind].variables[i], strlen(kinds[kind].variables[i]))
			     ->defined)
			return false;
	return true;
}

/* Does it take any of this from a library? */
static bool uses_others(const struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->names[i].used)
			return true;
	return false;
}

static bool has_string(const Elf_Data *data, const char *string)
{
	const char *start = data->d_buf, *at = start;
	size_t len = strlen(string) + 1;

	while ((at = memmem(at, start + data->d_size - at, string, len))) {
		if (at > start && !at[-1])
			return true;
		at += len;
	}
	return false;
}

static bool has_trace(Elf *elf)
{
	GElf_Shdr sh;
	Elf_Data *data = elffile_data(elf, SHT_PROGBITS, ".rodata", &sh);

	for (size_t i = 0; data && data->d_buf && i < sizeof(traces) / sizeof(*traces); i++)
		if (has_string(data, traces[i] + 1))
			return true;
	return false;
}

/* Does the file use another one's readline(), and is bash otherwise? */
static bool is_shell(struct names *n, Elf *elf, int fd, const struct elffile_text *text,
		     struct editor *e)
{
	const char *const *variables = kinds[0].variables;
	__u64 header[MARKED];
	GElf_Phdr ph;
	int i = 0;

	*e = (struct editor){ .kind = EDITOR_SHELL };
	if (!find_name(n, "readline", strlen("readline"))->used || !text->count ||
	    pread(fd, header, sizeof(header), 0) != sizeof(header))
		return false;
	for (unsigned int v = BASH_STATUS; v <= BASH_SHOWN; v++) {
		const struct name *name = find_name(n, variables[v], strlen(variables[v]));

		if (!name->defined)
			return false;
		e->variables[v] = name->address;
	}
	e->mark = mark_of(header);
	e->line.address = text->segments[0].addr;
	while (gelf_getphdr(elf, i++, &ph)) {
		if (ph.p_type == PT_LOAD && !ph.p_offset) {
			e->prompt.address = ph.p_vaddr;
			return true;
		}
	}
	return false;
}

static enum editor_found read_elf(Elf *elf, int fd, const char *symbol, struct editor *e)
{
	struct elffile_text text;
	struct names names = {};
	GElf_Ehdr header;
	bool found = false;

	if (!gelf_getehdr(elf, &header))
		return EDITOR_ABSENT;
	elffile_read_text(&text, elf);
	all_names(&names, symbol);
	read_symbols(&names, elf, SHT_DYNSYM);
	read_symbols(&names, elf, SHT_SYMTAB);
	if (symbol) {
		*e = (struct editor){ .kind = EDITOR_FUNCTION };
		found = set_hook(&e->line, &names, symbol, &text);
	}
	for (size_t i = 0; i < KINDS && !symbol && !found; i++)
		found = is_kind(&names, i, &text, e);
	/* Only of what has been found: some libraries have a hundred thousand entries. */
	if (found && !symbol)
		set_variables(&names, elf, e);
	if (!found && !symbol)
		found = is_shell(&names, elf, fd, &text, e);
	if (found && (header.e_machine != NATIVE || header.e_ident[EI_CLASS] != ELFCLASS64))
		return EDITOR_FOREIGN;
	if (found)
		return symbol && names.names[0].chosen ? EDITOR_CHOSEN : EDITOR_FOUND;
	return !uses_others(&names) && has_trace(elf) ? EDITOR_STRIPPED : EDITOR_ABSENT;
}

enum editor_found editor_read(int fd, const char *symbol, struct editor *editor)
{
	Elf *elf = elffile_open(fd);
	enum editor_found found = EDITOR_ABSENT;

	if (elf)
		found = read_elf(elf, fd, symbol, editor);
	elf_end(elf);
	return found;
}

const char *editor_symbol(const struct editor *editor, const char *symbol)
{
	if (editor->kind == EDITOR_SHELL)
		return NULL;
	return symbol ?: kind_of(editor)->line;
}
