// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "common/clones.h"

#include <sys/syscall.h>

#include "common/hook.h"
#include "common/log.h"

static const char *const calls[] = {
	"clone", "clone3",
#ifdef SYS_fork /* not on arm64 */
	"fork",	 "vfork",
#endif
	NULL,
};

static struct bpf_program *newtask; /* the one that fits */

void clones_choose(struct bpf_object *object, bool compat)
{
	newtask = bpf_object__find_program_by_name(object,
						   hook_has_loops() ? "newtask" : "newtask_old");
	bpf_program__set_autoload(newtask, true);
	if (!hook_choose_exits(object, calls, compat) && !hook_choose_compat(object, false))
		log_info("failures of 32-bit programs are not seen without --compat");
}

int clones_attach(struct bpf_object *object)
{
	int err = hook_attach(newtask, true, "new tasks");

	return err ?: hook_attach_exits(object, calls, "failures, of 32-bit programs as well");
}
