// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/context.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/ksyms.h"
#include "common/log.h"
#include "common/path.h"
#include "common/users.h"
#include "common/usyms.h"

static struct usyms *usyms;
static struct ksyms *ksyms;

/* The parts behind a context. */
struct parts {
	const struct context *c;
	const char *exe, *cwd, *cgroup, *user_stack, *kernel_stack;
};

static const char *aligned(const void *record, const char *at)
{
	return at + (-(size_t)(at - (const char *)record) & 7);
}

static struct parts parts_of(const void *record)
{
	const struct event *e = record;
	static const struct context none;
	struct parts p = { .c = &none };

	if (e->context)
		p.c = (const void *)((const char *)record + e->context);
	p.exe = (const char *)(p.c + 1);
	p.cwd = p.exe + p.c->exe.len;
	p.cgroup = p.cwd + p.c->cwd.len;
	p.user_stack = aligned(record, p.cgroup + p.c->cgroup);
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

void context_get_ppid(const void *record, struct cell *cell)
{
	cell_number(cell, parts_of(record).c->ppid);
}

void context_get_mntns(const void *record, struct cell *cell)
{
	cell_number(cell, parts_of(record).c->mntns);
}

void context_get_pidns(const void *record, struct cell *cell)
{
	cell_number(cell, parts_of(record).c->pidns);
}

void context_get_cgroup(const void *record, struct cell *cell)
{
	struct parts p = parts_of(record);

	if (((const struct event *)record)->context)
		cell_text(cell, cell->buf, path_reverse(cell->buf, sizeof(cell->buf), p.cgroup, p.c->cgroup));
}

static void get_path(const char *names, const struct path_info *info, struct cell *cell)
{
	size_t len = path_text(cell->buf, sizeof(cell->buf), names, info);

	if (len)
		cell_text(cell, cell->buf, len);
}

void context_get_exe(const void *record, struct cell *cell)
{
	struct parts p = parts_of(record);

	get_path(p.exe, &p.c->exe, cell);
}

void context_get_cwd(const void *record, struct cell *cell)
{
	struct parts p = parts_of(record);

	get_path(p.cwd, &p.c->cwd, cell);
}

/* --- stacks --- */

void context_init(uint32_t want)
{
	users_init();
	if (want & WANT_USER_STACK) {
		usyms = usyms__new();
		if (!usyms)
			log_warn("no names for functions: %s", strerror(errno));
	}
	if (want & WANT_KERNEL_STACK) {
		ksyms = ksyms__load(NULL);
		if (!ksyms)
			log_warn("no names for functions of the kernel: /proc/kallsyms: %s", strerror(errno));
	}
}

/* The text is untrusted: a program chooses the names of its functions and files. */
static void print_frame(struct output *o, const char *text, bool first)
{
	bool exact;

	if (!o->json) {
		output_put(o, "\n    ");
		output_text(o, text, strlen(text), NULL);
		return;
	}
	output_put(o, first ? "\"" : ",\"");
	output_json_string(o, text, strlen(text), &exact);
	output_put(o, "\"");
}

/*
 * An address of a stack is where the program will go on, behind the call that
 * it stands for, and so perhaps in the next function: the byte before it tells.
 */
static void user_frame(const struct stack_frame *f, char *text, size_t size)
{
	char path[2 * PATH_MAX];
	size_t n = path_text(path, sizeof(path) - 1, (const char *)(f + 1), &f->path);
	const char *name = NULL;
	uint64_t past;

	path[n] = '\0';
	if (n && usyms)
		name = usyms__find(usyms, path, f->dev, f->ino, f->offset - 1, &past);
	if (name)
		snprintf(text, size, "%s+0x%" PRIx64 " (%s)", name, past + 1, path);
	else if (n)
		snprintf(text, size, "0x%" PRIx64 " (%s+0x%" PRIx64 ")", (uint64_t)f->address, path, (uint64_t)f->offset);
	else
		snprintf(text, size, "0x%" PRIx64, (uint64_t)f->address);
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
	char text[3 * PATH_MAX];
	size_t at;

	if (want & WANT_USER_STACK) {
		output_put(o, o->json ? ",\"stack\":[" : "");
		for (at = 0; at + sizeof(struct stack_frame) <= p.c->user_stack;) {
			const struct stack_frame *f = (const void *)(p.user_stack + at);

			user_frame(f, text, sizeof(text));
			print_frame(o, text, !at);
			at += (sizeof(*f) + f->path.len + 7) & ~(size_t)7;
		}
		output_put(o, o->json ? "]" : "");
	}
	if (want & WANT_KERNEL_STACK) {
		output_put(o, o->json ? ",\"kernel_stack\":[" : "");
		for (at = 0; at + sizeof(uint64_t) <= p.c->kernel_stack; at += sizeof(uint64_t)) {
			kernel_frame(*(const uint64_t *)(p.kernel_stack + at), text, sizeof(text));
			print_frame(o, text, !at);
		}
		output_put(o, o->json ? "]" : "");
	}
}
