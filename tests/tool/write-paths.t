#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# PATH is the file that was written to, wherever that is, and by whatever way it was opened.

. "$(dirname "$0")/write-lib.sh"
need_bpf
[ "$(id -u)" = 0 ] || skip_all 'needs root, to mount things'

as_told 'every path is the true one' -- places
if modprobe -qn overlay 2>/dev/null || grep -q overlay /proc/filesystems; then
	ok 'that of an overlay is among them' grep -q /merged/made "$TMP/seen"
else
	lacks 'that of an overlay is among them' 'no overlayfs'
fi
is '60 directories down' "$(grep -c '/level-59-[^ ]*/leaf' "$TMP/seen")" 3
is 'nothing was cut' "$(grep -c '(cut)' "$TMP/json")" 0
ok 'jq reads every line' jq . "$TMP/json"

# Of names that were chosen to do harm nothing reaches a terminal, and nothing is lost.
empty
run env LC_ALL=C "$WRITESNOOP" --no-header -o CALL,PATH,NOTE --to "$TMP/rows" -- \
	"$WORKLOAD/places" "$dir" "$TMP/told"
nok 'rows: no control character but TAB' env LC_ALL=C grep -q '[^[:print:][:blank:]]' "$TMP/rows"
ok 'rows: an ESC is \033' grep -qF 'esc\033[31mred\033[0m\033]0;title' "$TMP/rows"
ok 'rows: a newline is \n' grep -qF '/new\nline' "$TMP/rows"

# --- files that were opened before the tracing began ---
empty
exec 7>"$dir/before" 8>>"$dir/deleted" 9<>"$dir/renamed"
rm "$dir/deleted"
mv "$dir/renamed" "$dir/now"
start "$WRITESNOOP" -v -J -o "$COLUMNS_TOLD" -p $$
echo one >&7
echo two >&8
printf three >&9
echo four >&7
exec 7>&- 8>&-
wait_for "$TMP/started.out" '"call":"close".*deleted'
finish
grep -F '"path":"'"$dir" "$TMP/started.out" >"$TMP/json"
"$TOP/tests/oracle-write.py" json "$TMP/json" >"$TMP/seen"
cat >"$TMP/told" <<END
write 7 4 4 0 0 $dir/before - -
write 8 4 4 0 0 $dir/deleted - (deleted)
write 9 5 5 0 0 $dir/now - -
write 7 5 5 0 4 $dir/before - -
close 7 - - 0 - $dir/before - -
close 8 - - 0 - $dir/deleted - (deleted)
END
# A shell keeps what it redirects in copies past 9, and writes by 1.
grep -v '^close [0-9][0-9]' "$TMP/seen" | sed 's/^write 1 /write ? /' >"$TMP/seen.some"
sed 's/^write [0-9] /write ? /' "$TMP/told" >"$TMP/told.some"
same 'files that were opened before' "$TMP/seen.some" "$TMP/told.some"
exec 9>&-

# --- a path longer than PATH_MAX ---
cat >"$TMP/deep.py" <<'END'
import os, sys
os.chdir(sys.argv[1])
for i in range(40):
    name = '%03d-' % i + 'n' * 196
    os.mkdir(name)
    os.chdir(name)
os.write(os.open('very-deep-leaf', os.O_RDWR | os.O_CREAT), b'deep')
END
empty
run "$WRITESNOOP" -J --to "$TMP/json" -- python3 -B "$TMP/deep.py" "$dir"
is 'a path of 8000 bytes is marked as cut' \
	"$(jq -r 'select(.call == "write") | "\(.note) \(.path[-9:])"' "$TMP/json")" '(cut) deep-leaf'

# --- another PID and mount namespace ---
empty
start "$WRITESNOOP" -v -J -o "$COLUMNS_TOLD,PID" -n sh -P "*/in-namespace"
unshare -mpf --mount-proc sh -c 'echo hello >"$0/in-namespace"' "$dir"
wait_for "$TMP/started.out" '"call":"close"'
finish
is 'a process in a PID namespace, by its number here' \
	"$(jq -r 'select(.call == "write") | "\(.pid > 10) \(.path) \(.bytes)"' "$TMP/started.out")" "true $dir/in-namespace 6"
done_testing
