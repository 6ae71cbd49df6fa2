// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/writehooks.h"

#include <errno.h>

#include "common/filter.h"
#include "common/hook.h"
#include "common/log.h"
#include "common/writes.h"

/* What 32-bit programs have besides, where functions are looked at. */
static const char *const compat_calls[] = { "sendfile", "truncate64", "ftruncate64" };
#define COMPAT_CALLS (sizeof(compat_calls) / sizeof(*compat_calls))

/* Calls whose exits are looked at, and those whose entries are. */
static const char *exits[CALLS + COMPAT_CALLS + 1], *entries[CALLS + 1];

static struct bpf_program *find(const struct bpf_object *object, const char *name)
{
	return bpf_object__find_program_by_name(object, name);
}

static bool is_wanted(const struct write_options *options, int call)
{
	return options->calls >> call & 1;
}

static void list_calls(const struct write_options *options)
{
	unsigned int leave = 0, enter = 0;
	const char *call;

	for (int i = 0; i < CALLS; i++) {
		call = i == CALL_SENDFILE ? "sendfile64" : writes_syscalls[i];
		if (!call || !is_wanted(options, i))
			continue;
		if (CALL_IS_CLOSE(i) || options->latency)
			entries[enter++] = call;
		exits[leave++] = call;
	}
}

/* No tracepoint has these names. */
static void list_compat_calls(void)
{
	unsigned int leave = 0;

	while (exits[leave])
		leave++;
	for (size_t i = 0; i < COMPAT_CALLS; i++)
		exits[leave++] = compat_calls[i];
}

/*
 * Where records with data are put together: for each processor two, as many
 * bytes as there may be of pieces and in the last one of them.
 */
static int make_room(struct bpf_map *map, struct write_options *options)
{
	uint64_t pieces = options->data < WRITE_VECTORS ? options->data + 1 : WRITE_VECTORS;
	uint64_t room = pieces * (sizeof(struct write_piece) + 8) +
			(options->pieces ? pieces * options->data : options->data);

	options->room = room < WRITE_PIECES_MAX ? room : WRITE_PIECES_MAX;
	return bpf_map__set_max_entries(map, 2 * libbpf_num_possible_cpus())
		       ?: bpf_map__set_value_size(map, bpf_map__value_size(map) -
							       (WRITE_PIECES_MAX - options->room) -
							       (WRITE_DATA_MAX - options->data));
}

int writehooks_choose(struct bpf_object *object, struct write_options *options, bool compat)
{
	bool loops = hook_has_loops(), closes = is_wanted(options, CALL_CLOSE);
	int err;

	if (is_wanted(options, CALL_STORE) && !loops)
		return log_err(-ENOTSUP, "--mmap: this kernel is too old, it takes Linux 5.17");
	err = make_room(bpf_object__find_map_by_name(object, "payloads"), options);
	list_calls(options);
	compat = hook_choose_exits(object, exits, compat);
	list_compat_calls();
	if (*entries) {
		hook_choose_entries(object, entries);
		err = err ?: filter_make_room(bpf_object__find_map_by_name(object, "begun"));
	}
	if (!compat && !hook_choose_compat(object, *entries))
		log_info("32-bit programs are not seen without --compat");
	/* These do not fail. */
	closes = closes && !options->failed;
	bpf_program__set_autoload(find(object, "closes_exit"), closes && loops);
	bpf_program__set_autoload(find(object, "closes_exit_old"), closes && !loops);
	bpf_program__set_autoload(find(object, "closes_exec"), closes && loops);
	bpf_program__set_autoload(find(object, "page_fault"), is_wanted(options, CALL_STORE));
	bpf_program__set_autoload(find(object, "io_submit"), loops);
	bpf_program__set_autoload(find(object, "io_complete"), loops);
	return err ? log_err(err, "cannot make room for data") : 0;
}

static int attach_closes(struct bpf_object *object)
{
	static const char *const exec[] = { "sched_prepare_exec", NULL };
	struct bpf_program *on_exit = find(object, "closes_exit");
	int err;

	if (!bpf_program__autoload(on_exit))
		on_exit = find(object, "closes_exit_old");
	err = hook_attach(on_exit, true, "closes by exits");
	if (err)
		return err;
	if (bpf_program__autoload(find(object, "closes_exec")))
		hook_attach_raw(find(object, "closes_exec"), exec, "closes by execs");
	else
		log_warn("closes by execs are not seen: this kernel is too old");
	return 0;
}

static int attach_stores(struct bpf_object *object)
{
	static const char *const user[] = { "page_fault_user", NULL };
	static const char *const kernel[] = { "page_fault_kernel", NULL };
	struct bpf_program *fault = find(object, "page_fault");
	int err = hook_attach_raw(fault, user, "stores into mapped files");

	if (!err)
		hook_attach_raw(fault, kernel, "stores by the kernel into mapped files");
	return err;
}

int writehooks_attach(struct bpf_object *object, const struct write_options *options)
{
	int err = hook_attach_exits(object, exits, "calls, by 32-bit programs as well");

	if (!err && *entries)
		err = hook_attach_entries(object, entries, "the beginnings of calls");
	if (!err && is_wanted(options, CALL_CLOSE) && !options->failed)
		err = attach_closes(object);
	if (!err && is_wanted(options, CALL_STORE))
		err = attach_stores(object);
	if (err)
		return err;
	hook_attach_requests(find(object, "io_submit"), find(object, "io_complete"),
			     "writes by io_uring");
	return 0;
}
