#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# --compat: 32-bit callers.

. "$(dirname "$0")/lib.sh"
need_bpf
[ "$(uname -m)" = x86_64 ] || skip_all "$(uname -m): only on x86-64"
mkdir "$TMP/dir"
"$WORKLOAD/calls32" "$TMP/dir" >/dev/null 2>&1 || skip_all "$(kernel): it runs no 32-bit programs"

again() {
	rm -rf "$TMP/dir"
	mkdir "$TMP/dir"
}
again
as_told 'a 32-bit program: every call' --compat -- "$WORKLOAD/calls32" "$TMP/dir"
is 'each says so' "$(jq -r 'select(.call) | .note' "$TMP/json" | grep -vcF '(32-bit)')" 0
as_told 'a 64-bit program that makes 32-bit calls' --compat -- "$WORKLOAD/int80"
is 'those two alone say so' "$(jq -r 'select(.note == "(32-bit)") | .path' "$TMP/json" | paste -sd ' ')" '/int80/open /int80/openat'

again
mkdir "$TMP/calls"
! preempts || except=refused # as in calls.t
as_told 'and 64-bit programs as without it' --compat -- "$WORKLOAD/calls" "$TMP/calls"

again
run "$OPENSNOOP" -J --compat -e -F -o +CALL --to "$TMP/json" -- "$WORKLOAD/calls32" "$TMP/dir"
is 'flags, mode and full path' \
	"$(jq -r 'select(.path == $p) | "\(.call) \(.flags) \(.mode)"' --arg p "$(realpath "$TMP/dir")/new32" "$TMP/json")" \
	'openat O_WRONLY|O_CREAT 0600'
again
run "$OPENSNOOP" -J --compat -x -P 'missing32' -o +CALL --to "$TMP/json" -- "$WORKLOAD/calls32" "$TMP/dir"
is 'filters' "$(jq -r 'select(.path) | "\(.call) \(.err)"' "$TMP/json" | paste -sd ' ')" 'open 2 openat 2'

# Without it they may be seen, where that costs nobody anything; never once as something else.
again
run "$OPENSNOOP" -v -J -o +CALL --to "$TMP/json" -- "$WORKLOAD/calls32" "$TMP/dir"
seen=$(events "$TMP/json")
if [ "$seen" -gt 0 ]; then
	normal json "$TMP/json" >"$TMP/seen"
	same 'without --compat: for free' "$TMP/seen" "$TMP/out"
else
	like 'without --compat: -v says that they are not seen' "$err" 'opensnoop: .*32-bit'
fi
done_testing
