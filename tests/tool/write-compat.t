#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# --compat: 32-bit callers.

. "$(dirname "$0")/write-lib.sh"
need_bpf
[ "$(uname -m)" = x86_64 ] || skip_all 'only on x86-64'
empty
"$WORKLOAD/writes80" "$dir" "$TMP/told" >/dev/null 2>&1
[ $? -ne 77 ] || skip_all 'this kernel makes no 32-bit system calls'

as_told 'every call' --compat -- writes80
for call in write pwrite64 writev pwritev pwritev2 sendfile splice copy_file_range open creat openat openat2 \
	open_by_handle_at fsync fdatasync sync_file_range syncfs sync ftruncate truncate fallocate rename \
	renameat renameat2 unlink unlinkat close; do
	ok "$call is among them" grep -q "^$call .*(32-bit)" "$TMP/seen"
done
as_told 'and 64-bit programs as without it' --compat -- files
filtered '-x' '$5 != 0' --compat -x -- writes80
filtered '--min-bytes' '$3 >= 1000' --compat --min-bytes 1000 -- writes80
filtered '-P' '/\/copy /' --compat -P '*/copy' -- writes80

trace --compat -s 10 -o "+DATA" -- writes80
is 'DATA' "$(jq -r 'select(.call == "write" and .err == 0) | .data' "$TMP/json" | head -n 1)" 'some bytes'
is 'DATA of vectors' "$(jq -r 'select(.call == "pwritev") | .data' "$TMP/json")" 'some some '

# Without it they are seen where programs may be put where they alone arrive, or else not taken for something else.
trace -v -- writes80
if grep -qE 'attached: (returns of|tp_btf/sys_exit)' <<<"$err"; then
	as_told 'without --compat: for free' -- writes80
else
	like 'without --compat: -v says that they are not seen' "$err" '32-bit programs are not seen without --compat'
	is 'without --compat: none' "$(grep -c '(32-bit)' "$TMP/seen")" 0
	is 'and nothing else is taken for one' "$(awk '$1 != "openat" && $1 != "close"' "$TMP/seen" | wc -l)" 0
fi
done_testing
