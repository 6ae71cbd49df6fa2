#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# VMLINUX_H=: the kernel half builds with a complete header instead of bpf/kernel.h. No name of ours may be
# one of the kernel's.

. "$(dirname "$0")/lib.sh"
[ -r /sys/kernel/btf/vmlinux ] || skip_all 'this kernel does not tell its types (BTF)'
copy "$TMP/tree"
"$("$TOP/common/deps.sh" bpftool)" btf dump file /sys/kernel/btf/vmlinux format c >"$TMP/vmlinux.h"
ok 'the header is whole' grep -q '^struct task_struct {' "$TMP/vmlinux.h"
ok 'make VMLINUX_H=' make -C "$TMP/tree" -j2 VMLINUX_H="$TMP/vmlinux.h" WERROR= skeletons
done_testing
