// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/stack.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bpf/stack.h"
#include "common/ksyms.h"
#include "common/log.h"
#include "common/path.h"
#include "common/usyms.h"

static struct usyms *usyms;
static struct ksyms *ksyms;

int stack_init(bool user, bool kernel)
{
	if (user) {
		usyms = usyms__new();
		if (!usyms)
			return log_err(-errno, "user symbols");
	}
	if (kernel) {
		ksyms = ksyms__load(NULL);
		if (!ksyms)
			log_warn("no names for kernel functions: /proc/kallsyms: %s", strerror(errno));
	}
	return 0;
}

void stack_free(void)
{
	usyms__free(usyms);
	ksyms__free(ksyms);
}

static void begin(struct output *o, const char *key)
{
	if (o->json)
		output_format(o, ",\"%s\":[", key);
}

/* One frame: the text is untrusted, for a program chooses the names of its functions and files. */
static void frame(struct output *o, const char *text, size_t len, bool first)
{
	bool exact;

	if (!o->json) {
		output_put(o, "\n    ");
		output_text(o, text, len, NULL);
		return;
	}
	output_put(o, first ? "\"" : ",\"");
	output_json_string(o, text, len, &exact);
	output_put(o, "\"");
}

static void end(struct output *o)
{
	if (o->json)
		output_put(o, "]");
}

void stack_print_user(struct output *o, const void *frames, size_t len)
{
	char path[2 * PATH_MAX], text[3 * PATH_MAX];
	const char *at = frames, *stop = at + len, *name;
	const struct stack_frame *f;
	uint64_t offset;
	size_t n;
	int used;

	begin(o, "stack");
	for (; at + sizeof(*f) <= stop; at += (sizeof(*f) + f->path.len + 7) & ~(size_t)7) {
		f = (const void *)at;
		n = path_text(path, sizeof(path) - 1, at + sizeof(*f), &f->path);
		path[n] = '\0';
		/*
		 * The first address is where the program goes on after the call
		 * into the kernel, the others are behind a call as well: the
		 * byte before belongs to the instruction that called.
		 */
		name = n ? usyms__find(usyms, path, f->dev, f->ino, f->offset - 1, &offset) : NULL;
		if (name)
			used = snprintf(text, sizeof(text), "%s+0x%" PRIx64 " (%s)", name, offset + 1, path);
		else if (n)
			used = snprintf(text, sizeof(text), "0x%" PRIx64 " (%s+0x%" PRIx64 ")", (uint64_t)f->address, path,
					(uint64_t)f->offset);
		else
			used = snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)f->address);
		frame(o, text, (size_t)used < sizeof(text) ? (size_t)used : sizeof(text) - 1, at == frames);
	}
	end(o);
}

void stack_print_kernel(struct output *o, const void *frames, size_t len)
{
	const uint64_t *addresses = frames;
	const char *name;
	uint64_t offset;
	char text[512];

	begin(o, "kernel_stack");
	for (size_t i = 0; i < len / sizeof(*addresses); i++) {
		name = ksyms ? ksyms__find(ksyms, addresses[i] - 1, &offset) : NULL;
		if (name)
			snprintf(text, sizeof(text), "%s+0x%" PRIx64, name, offset + 1);
		else
			snprintf(text, sizeof(text), "0x%" PRIx64, addresses[i]);
		frame(o, text, strlen(text), !i);
	}
	end(o);
}
