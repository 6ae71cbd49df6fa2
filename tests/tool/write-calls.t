#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every call that writes, and what else happens to a file, succeeding and failing: what is shown is what
# was asked and what came of it.

. "$(dirname "$0")/write-lib.sh"
need_bpf
[ "$(id -u)" = 0 ] || skip_all 'needs root, to mount things'

as_told 'writes, to files' -- writes
for call in write pwrite64 writev pwritev pwritev2 sendfile splice copy_file_range; do
	ok "$call is among them" grep -q "^$call " "$TMP/seen"
done
last=$(tail -n 1 "$TMP/json")
is 'the last record is the summary' "$(jq -r '.type, .lost' <<<"$last" | paste -sd ' ')" 'summary 0'
is 'which counts the events' "$(jq .events <<<"$last")" "$(events "$TMP/json")"

as_told 'writes, to what is no file' -a -- writes any
as_told 'opens, syncs, lengths, names, closes' -- files
calls='openat openat2 open_by_handle_at fsync fdatasync sync_file_range syncfs sync ftruncate truncate fallocate'
calls+=' renameat renameat2 unlinkat close' ways='dup3 close_range exec exit'
# Younger architectures have only those that end in "at".
[ "$(uname -m)" != x86_64 ] || calls+=' open creat rename unlink' ways+=' dup2'
for call in $calls; do
	ok "$call is among them" grep -q "^$call " "$TMP/seen"
done
as_told 'and with -a every close, not only the last of a file' -a -- files any
for how in $ways; do
	if [[ $how = exec && $err = *'closes by execs are not seen'* ]]; then
		lacks 'a close by exec is among them' 'no hook for closes by execs'
	else
		ok "a close by $how is among them" grep -q "^close .*($how)" "$TMP/seen"
	fi
done

# The same in rows, where a path has no spaces.
empty
run "$WRITESNOOP" --no-header -o "$COLUMNS_TOLD" --to "$TMP/rows" -- "$WORKLOAD/files" "$dir" "$TMP/told"
"$TOP/tests/oracle-write.py" rows "$TMP/rows" >"$TMP/seen"
only_visible
same 'the same in rows' "$TMP/seen" "$TMP/told"
done_testing
