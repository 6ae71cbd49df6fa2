// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/context.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/escape.h"
#include "common/ksyms.h"
#include "common/log.h"
#include "common/path.h"
#include "common/unwind.h"
#include "common/users.h"
#include "common/usyms.h"

static struct usyms *usyms;
static struct ksyms *ksyms;

/* The parts behind a context. */
struct parts {
	const struct event_context *c; /* all zero if the record has none */
	const char *exe, *cwd, *cgroup, *user_stack, *kernel_stack;
};

static const char *aligned(const void *record, const char *at)
{
	return at + (-(size_t)(at - (const char *)record) & 7);
}

static struct parts parts_of(const void *record)
{
	const struct event *e = record;
	static const struct event_context none;
	struct parts p = { .c = &none };

	if (e->context)
		p.c = (const void *)((const char *)record + e->context);
	p.exe = (const char *)(p.c + 1);
	p.cwd = p.exe + p.c->exe.len;
	p.cgroup = p.cwd + p.c->cwd.len;
	p.user_stack = aligned(record, p.cgroup + p.c->cgroup.len);
	p.kernel_stack = aligned(record, p.user_stack + p.c->user_stack);
	return p;
}

/* --- columns --- */

void context_get_user(const void *record, struct cell *cell)
{
	uint32_t uid = ((const struct event *)record)->uid;
	const char *name = users_name(uid);

	if (name)
		cell_text(cell, name, strlen(name));
	else
		cell_text(cell, cell->buf, sprintf(cell->buf, "%" PRIu32, uid));
}

/* A record without a context, the end of a request whose beginning was not seen, knows none of these. */
static void get_number(const struct event *e, uint32_t number, struct cell *cell)
{
	if (e->context)
		cell_number(cell, number);
	else
		cell_unknown(cell);
}

void context_get_ppid(const void *record, struct cell *cell)
{
	get_number(record, parts_of(record).c->ppid, cell);
}

void context_get_mntns(const void *record, struct cell *cell)
{
	get_number(record, parts_of(record).c->mntns, cell);
}

void context_get_pidns(const void *record, struct cell *cell)
{
	get_number(record, parts_of(record).c->pidns, cell);
}

static size_t get_path(const struct event *e, const char *names, const struct path_info *info,
		       struct cell *cell)
{
	size_t len = path_text(cell->buf, sizeof(cell->buf), names, info);

	if (len)
		cell_text(cell, cell->buf, len);
	else if (!e->context)
		cell_unknown(cell);
	return len;
}

void context_get_exe(const void *record, struct cell *cell)
{
	struct parts p = parts_of(record);

	get_path(record, p.exe, &p.c->exe, cell);
}

uint32_t context_exe_state(const void *record)
{
	return parts_of(record).c->exe.state;
}

size_t context_cwd(const void *record, struct cell *cell)
{
	struct parts p = parts_of(record);

	return get_path(record, p.cwd, &p.c->cwd, cell);
}

void context_get_cwd(const void *record, struct cell *cell)
{
	context_cwd(record, cell);
}

void context_get_cgroup(const void *record, struct cell *cell)
{
	struct parts p = parts_of(record);

	get_path(record, p.cgroup, &p.c->cgroup, cell);
}

/* --- stacks --- */

void context_init(uint32_t want)
{
	if (want & WANT_USER)
		users_init();
	if (want & WANT_USER_STACK) {
		usyms = usyms__new();
		if (!usyms)
			log_warn("no names for functions: %s", strerror(errno));
	}
	if (want & WANT_KERNEL_STACK) {
		ksyms = ksyms__load(NULL);
		if (!ksyms)
			log_warn("no names for functions of the kernel: /proc/kallsyms: %s",
				 strerror(errno));
	}
}

#define FRAME_MAX (3 * PATH_MAX)

/* Begins a member of the JSON object; it can be the first one. */
static void begin_member(struct output *o, const char *key)
{
	if (o->json)
		output_format(o, "%s\"%s\":[", o->buf[o->used - 1] == '{' ? "" : ",", key);
}

/*
 * The text is untrusted: a program chooses the names of its functions and
 * files.  In JSON it is escaped as in a row first, so that no byte is lost.
 */
static void print_frame(struct output *o, const char *text, bool first)
{
	static char escaped[FRAME_MAX * ESCAPE_TEXT_MAX];
	bool exact;

	if (!o->json) {
		output_put(o, "\n    ");
		output_text(o, text, strlen(text), NULL);
		return;
	}
	output_put(o, first ? "\"" : ",\"");
	output_json_string(o, escaped, escape_text(escaped, text, strlen(text), true) - escaped,
			   &exact);
	output_put(o, "\"");
}

/*
 * An address of a stack is where the program will go on, behind the call that
 * it stands for, and so perhaps in the next function: the byte before it tells.
 */
static void user_frame(const struct unwind_frame *f, char *text, size_t size)
{
	const struct stack_mapping *m = f->mapping;
	const char *name = NULL;
	char path[2 * PATH_MAX];
	uint64_t offset, past;

	*path = '\0';
	if (m) {
		unwind_path(m, path, sizeof(path));
		offset = unwind_offset(m, f->pc);
		if (*path && usyms)
			name = usyms__find(usyms, path, m->dev, m->ino, offset - f->returns, &past);
	}
	if (name)
		snprintf(text, size, "%s+0x%" PRIx64 " (%s)", name, past + f->returns, path);
	else if (*path)
		snprintf(text, size, "0x%" PRIx64 " (%s+0x%" PRIx64 ")", f->pc, path, offset);
	else
		snprintf(text, size, "0x%" PRIx64, f->pc);
}

/* A last line "..." says that there is more than could be found. */
static void print_user_stack(struct output *o, const struct user_stack *stack, size_t bytes)
{
	struct unwind_frame frames[UNWIND_FRAMES];
	char text[FRAME_MAX];
	size_t count;
	bool whole;

	if (!bytes)
		return;
	count = unwind(usyms, stack, bytes, frames, &whole);
	for (size_t i = 0; i < count; i++) {
		user_frame(&frames[i], text, sizeof(text));
		print_frame(o, text, !i);
	}
	if (!whole)
		print_frame(o, "...", !count);
}

static void kernel_frame(uint64_t address, char *text, size_t size)
{
	uint64_t past;
	const char *name = ksyms ? ksyms__find(ksyms, address - 1, &past) : NULL;

	if (name)
		snprintf(text, size, "%s+0x%" PRIx64, name, past + 1);
	else
		snprintf(text, size, "0x%" PRIx64, address);
}

void context_print_stacks(struct output *o, const void *record, uint32_t want)
{
	struct parts p = parts_of(record);
	char text[FRAME_MAX];
	size_t at;

	if (want & WANT_USER_STACK) {
		begin_member(o, "stack");
		print_user_stack(o, (const void *)p.user_stack, p.c->user_stack);
		output_put(o, o->json ? "]" : "");
	}
	if (want & WANT_KERNEL_STACK) {
		begin_member(o, "kernel_stack");
		for (at = 0; at + sizeof(uint64_t) <= p.c->kernel_stack; at += sizeof(uint64_t)) {
			kernel_frame(*(const uint64_t *)(p.kernel_stack + at), text, sizeof(text));
			print_frame(o, text, !at);
		}
		output_put(o, o->json ? "]" : "");
	}
}
