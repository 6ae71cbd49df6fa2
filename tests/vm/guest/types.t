#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A kernel that does not describe its types, or hides them.

. "$(dirname "$0")/lib.sh"
for command in $(commands); do
	refuses 'BTF hidden' "$command" '/sys/kernel/btf/vmlinux: the types of the kernel are not there' \
		unshare -m sh -c 'mount --bind /dev/null /sys/kernel/btf/vmlinux && exec "$0" "$@"'
	refuses 'no BTF' "$command" '/sys/kernel/btf/vmlinux: .*No such file' \
		unshare -m sh -c 'mount -t tmpfs none /sys/kernel && exec "$0" "$@"'
done
done_testing
