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

# Which close is the last of a file: of copies, one that a child has, one that a mapping holds, and of one alone.
cat >"$TMP/closes.py" <<'END'
import mmap, os
fd = os.open('f', os.O_RDWR | os.O_CREAT)
os.write(fd, b'42')
other = os.dup(fd)
os.close(fd)
child = os.fork()
if not child:
    os.close(other)
    os._exit(0)
os.waitpid(child, 0)
os.dup2(0, other)
fd = os.open('f', os.O_RDWR)
memory = mmap.mmap(fd, 2)
os.dup2(0, fd)
END
cd "$dir" || exit
run "$WRITESNOOP" --no-header -o CALL,FD --to "$TMP/rows" -P "$dir/f" -- python3 -B "$TMP/closes.py"
# Where there is no dup2(2) it is made of dup3(2).
is 'which close leaves it open' "$(tr -s ' ' <"$TMP/rows" | grep ^close | sed s/dup3/dup2/)" \
	$'close 3\t(still open)\nclose 4\t(still open)\nclose 4\t(dup2)\nclose 5\t(still open)'
done_testing
