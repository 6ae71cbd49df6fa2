#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Programs at the return of kernel functions: where the kernel lets them attach, 32-bit callers are seen without --compat.

. "$(dirname "$0")/lib.sh"
[ "$(uname -m)" = x86_64 ] || skip_all "$(uname -m): only on x86-64"
run "$BUILD/opensnoop" -v -J -o +CALL --to "$TMP/json" -- "$BUILD/workload/int80"
# Where each system call is looked at, those of 32-bit programs are, too.
like 'opensnoop attaches them, or needs none' "$err" 'attached: (fexit/do_sys_openat2|returns of|tp_btf/sys_exit: .*32-bit)'
is 'opensnoop: 32-bit callers are seen' \
	"$(jq -r 'select(.note == "(32-bit)") | .path' "$TMP/json" | paste -sd ' ')" '/int80/open /int80/openat'
done_testing
