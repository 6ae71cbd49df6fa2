#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# -F: what was really opened, through dirfd, cwd, symlinks, mounts and jails.

. "$(dirname "$0")/lib.sh"
need_bpf
[ "$(id -u)" = 0 ] || skip_all 'needs root, to mount things'
# Its path must be a true one.
dir=$(realpath "$TMP")/paths

mkdir "$dir"
if ! has_loops; then
	lacks 'a path of 100 parts' 'no bpf_loop, and so 32 parts of a path'
	except=level-39
fi
as_told 'every path is the true one' -F -- "$WORKLOAD/paths" "$dir"
[ ! -s "$TMP/err" ] || diag "$err"
is 'and nothing was cut' "$(grep '"note":' "$TMP/json" | grep -vc "${except:-^$}")" 0

rm -rf "$dir"
mkdir "$dir"
run "$OPENSNOOP" -J -o +CALL,FULLPATH --to "$TMP/json" -- "$WORKLOAD/paths" "$dir"
normal json -k fullpath "$TMP/json" >"$TMP/seen"
[ -z "$except" ] || sed -i "/$except/d" "$TMP/seen" "$TMP/out"
same 'the same in the column FULLPATH' "$TMP/seen" "$TMP/out"
is 'with PATH as it was asked for' \
	"$(jq -r 'select(.fullpath == $dir + "/dir/inner") | .path' --arg dir "$dir" "$TMP/json" | sort -u | paste -sd ' ')" \
	'./sub/..//inner chain/../inner dir/inner dirlink/inner inner'

# Things that have no path, or no longer.
rm -rf "$dir"
mkdir "$dir"
as_told 'what has no path is called what the kernel calls it' -F -- "$WORKLOAD/paths" "$dir" special
note() {
	jq -r --arg like "$1" 'select(.path | tostring | test($like)) | "\(.note)"' "$TMP/json" | tail -n 1
}
is 'O_TMPFILE' "$(note '/#[0-9]+$')" '(tmpfile)'
is 'memfd' "$(note '^/?memfd:')" '(anonymous)'
is 'a deleted file' "$(note '/gone$')" '(deleted)'
is 'a removed directory' "$(note '/removed$')" '(deleted)'
is 'a name that only says so' "$(note '/kept')" null

# A path longer than PATH_MAX: what is shown is its end or its beginning, and is said to be cut.
cat >"$TMP/deep.py" <<'END'
import os, sys
os.chdir(sys.argv[1])
for i in range(40):
    name = '%03d-' % i + 'n' * 196
    os.mkdir(name)
    os.chdir(name)
os.open('very-deep-leaf', os.O_RDWR | os.O_CREAT)
END
rm -rf "$dir"
mkdir "$dir"
run "$OPENSNOOP" -F -J --to "$TMP/json" -- python3 "$TMP/deep.py" "$dir"
is 'a full path of 8000 bytes is marked as cut' \
	"$(jq -r 'select(.note != null) | select(.path | test("nnn")) | .note' "$TMP/json" | tail -n 1)" '(cut)'

# Another process's open, in another mount namespace, with a relative path.
hold -f 0 hostname
start "$OPENSNOOP" -v -J -F -o +CALL -p "$held"
let_go
finish 0
is 'a relative path of a process that was there before' "$(jq -r 'select(.path) | .path' "$TMP/started.out")" "$PWD/hostname"
done_testing
