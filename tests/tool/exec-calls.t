#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every way to execute something: what is shown is what the program that was executed has found on its stack.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
cd "$TMP" || exit
# A #! line has room for little more than a hundred bytes.
cp "$TOLD" "$TMP/told"
mkdir "$TMP/dir"

# about NAME KEY VALUE...: of the last execution that succeeded.
about() {
	local name=$1 values

	shift
	mapfile -t values < <(jq -rn '[inputs | select(.ret == 0)][-1] as $last |
		$ARGS.positional[range(0; $ARGS.positional | length; 2)] | $last[.]' json --args "$@")
	while [ $# -gt 0 ]; do
		is "$name: ${1^^}" "${values[0]}" "$2"
		values=("${values[@]:1}")
		shift 2
	done
}

# --- programs ---
told 'static' -- "$EXECS" run "$STATIC" zero one two
about 'static' exe "$(realpath "$STATIC")" file "$STATIC" script null interp null ret 0 errname null comm told_static
told 'dynamic' -- "$EXECS" run "$TOLD" zero one two
about 'dynamic' exe "$(realpath "$TOLD")" script null interp null
told 'dynamic, by a relative path' -- "$EXECS" run ./told zero
about 'a relative path' exe "$TMP/told" file ./told
ln -s told link
told 'by a symbolic link' -- "$EXECS" run "$TMP/link" zero
about 'a symbolic link' exe "$TMP/told" file "$TMP/link" comm link
told 'by a path in /proc' -- "$EXECS" path "$TOLD" zero one
told 'execveat below a directory' -- "$EXECS" at "$TMP" told zero one
about 'execveat below a directory' exe "$TMP/told"
told 'of a file that has no name any more' -- "$EXECS" gone "$TMP/told" zero one
like 'a deleted file: NOTE' "$(of 'select(.exe | endswith("gone")) | .note' json)" '\(deleted\)'

# --- scripts ---
printf '#!%s\n' "$TMP/told" >script
printf '#!%s/told an argument \n' "$TMP" >script-argument
printf '#!/usr/bin/env told_by_name\n' >script-env
printf '#!%s/script inner\n' "$TMP" >script-nested
printf '#!%s/script-nested outer\n' "$TMP" >script-twice
chmod +x script script-*
told 'script' -- "$EXECS" run "$TMP/script" zero one
about 'script' exe "$TMP/told" script "$TMP/script" interp "$TMP/told" comm script
like 'script: NOTE' "$(of 'select(.script != null) | .note' json)" '\(script\)'
told 'script with an argument' -- "$EXECS" run ./script-argument zero one
about 'script with an argument' script "$TMP/./script-argument" file ./script-argument
is 'script with an argument: what the interpreter gets' "$(of 'select(.script != null) | .args | @json' json)" \
	"[\"$TMP/told\",\"an argument\",\"./script-argument\",\"one\"]"
told 'nested script' -- "$EXECS" run "$TMP/script-nested" zero one
about 'nested script' exe "$TMP/told" script "$TMP/script-nested" interp "$TMP/told"
told 'a script of a script of a script' -- "$EXECS" run "$TMP/script-twice" zero one
about 'a script of a script of a script' script "$TMP/script-twice"
told 'a script below a directory' -- "$EXECS" at "$TMP" script zero one
like 'a script below a directory: SCRIPT is what the interpreter gets' "$(of 'select(.script != null) | .script' json)" \
	'^/dev/fd/[0-9]+/script$'

# env itself is executed first, for the script, and does not tell.
cp told told_by_name
PATH=$TMP:$PATH run "$EXECSNOOP" -J -o +TID,EXE,FILE,SCRIPT,INTERP --to json -- "$EXECS" run "$TMP/script-env" zero one
env=$(realpath /usr/bin/env)
is 'script with env' "$(of 'select(.script != null) | [.exe, .script, .interp, .comm, (.args | join(" "))] | @tsv' json)" \
	"$(printf '%s\t' "$env" "$TMP/script-env" /usr/bin/env script-env)/usr/bin/env told_by_name $TMP/script-env one"
normal json json | tail -n 1 >seen
same 'script with env: and what env executes' seen out
is 'script with env: three in all' "$(events json)" 3

# --- what has no path ---
told 'memfd' -- "$EXECS" memfd "$TOLD" zero one
about 'memfd' exe /memfd:memory
told 'fexecve' -- "$EXECS" fexecve "$TOLD" zero one
about 'fexecve' exe "$(realpath "$TOLD")"
told 'execveat AT_EMPTY_PATH' -- "$EXECS" empty "$TOLD" zero one
about 'execveat AT_EMPTY_PATH' exe /memfd:memory

# --- who ---
# The thread that called goes on, with the number of its process; TID is the one it had.
run "$EXECSNOOP" -J -o +TID,EXE,FILE --to json -- "$EXECS" thread "$TOLD" zero one @TID
normal json json | sed '1d; s/[^ ]*/TID/4' >seen
sed 's/[^ ]*/TID/4' out >want
same 'exec from a thread' seen want
is 'exec from a thread: TID' "$(of .tid json | tail -n 1)" "$(of '.args[2]' json | tail -n 1)"
told 'exec from a thread that fails' -- "$EXECS" thread /no/such/program zero one
is 'exec from a thread that fails: TID is not PID' "$(of 'select(.ret != 0) | .pid != .tid' json)" true
told 'vfork child' -- "$EXECS" vfork "$TOLD" zero one
told 'vfork child that fails' -- "$EXECS" vfork /no/such/program zero one
told 'posix_spawn' -- "$EXECS" spawn "$TOLD" zero one

# --- 32-bit ---
if [ "$(uname -m)" = x86_64 ] && "$WORKLOAD/told32" >/dev/null 2>&1; then
	told '32-bit' -- "$EXECS" run "$WORKLOAD/told32" zero one
	about '32-bit' exe "$(realpath "$WORKLOAD/told32")"
	told '32-bit, that executes as well' -- "$EXECS" run "$WORKLOAD/told32" zero exec "$WORKLOAD/told32" one \
		exec "$TOLD" two exec "$WORKLOAD/told32" three
	told '32-bit, that fails' --compat -- "$EXECS" run "$WORKLOAD/told32" zero exec /no/such/program one
	like '32-bit, that fails: NOTE' "$(of 'select(.ret != 0) | .note' json)" '\(32-bit\)'
	# Without it they may be seen, where that costs nobody anything.
	run "$EXECSNOOP" -v -J -x -o +TID,FILE,EXE --to json -- "$EXECS" run "$WORKLOAD/told32" zero exec /no/such/program one
	if [ "$(of 'select(.ret != 0) | .ret' json)" = '' ]; then
		like '32-bit, that fails, without --compat: -v says that it is not seen' "$err" 'execsnoop: .*32-bit'
	else
		normal json json | sed 1d >seen
		same '32-bit, that fails, without --compat: for free' seen out
	fi
else
	skip '32-bit' "$(uname -m): only on x86-64, where the kernel runs 32-bit programs"
fi

# --- arguments ---
# Of a file system that is in memory no page can be dropped; then the workload ends with 77.
"$EXECS" cold "$TMP/data" "$TOLD" zero one two >out 2>&1
if [ $? = 77 ]; then
	skip 'argument pages cold (after dropping caches)' "${SNOOP_GUEST:+in a guest: }$(<out)"
else
	told 'argument pages cold (after dropping caches)' -- "$EXECS" cold "$TMP/data" "$TOLD" zero one two three
	told 'argument pages cold, and a failure' -- "$EXECS" cold "$TMP/data" /no/such/program zero one two three
fi
if grep -q '\\?' want; then
	is 'argument pages cold, and a failure: null in JSON' \
		"$(of 'select(.ret != 0) | .args | @json' json)" '["zero",null,null,"three"]'
	run "$EXECSNOOP" -x -o RET,ARGS --to rows -- "$EXECS" cold "$TMP/data" /no/such/program zero one two three
	is 'argument pages cold, and a failure: a bare ? in rows' \
		"$(sed -n 's/^ *-2 \([^\t]*\)\t.*/\1/p' rows)" 'zero ? ? three'
fi
told '70 arguments' -- "$EXECS" many 70 20 "$TOLD"
is '70 arguments: so many' "$(of 'select(.ret == 0) | .args | length' json | tail -n 1)" 71
told '11 KB' -- "$EXECS" many 110 99 "$TOLD"
told 'one argument of 11 KB' -- "$EXECS" many 1 11263 "$TOLD"
long=("$(printf 'x%.0s' {1..3000})" {1..1000})
run "$EXECSNOOP" -J -x --to json -- "$EXECS" run /no/such/program "${long[@]}"
if [ "$(of 'select(.ret != 0) | .args_cut' json)" = null ]; then
	told 'a failure with 1000 arguments' -- "$EXECS" run /no/such/program "${long[@]}"
else
	lacks 'a failure with 1000 arguments' 'no bpf_loop, and so not all of many arguments of a failure'
fi
told 'arguments of which none, or not all, can be read; or there are none' -- "$EXECS" bad "$TOLD"

# --- failures ---
# fails NAME NUMBER FILE [NOTE]
fails() {
	told "$1" -- "$EXECS" run "$3" zero one
	is "$1: RET" "$(of 'select(.ret != 0) | .ret' json)" "-$2"
	is "$1: NOTE" "$(of 'select(.ret != 0) | .note' json)" "($1 $3)"
}
: >plain
printf 'neither a program nor a script\n' >text
chmod +x text
printf '#!/no/such/interpreter\n' >orphan
chmod +x orphan
fails ENOENT 2 /no/such/program
fails ENOENT 2 "$TMP/orphan"
fails EACCES 13 "$TMP/plain"
fails EACCES 13 "$TMP"
fails ENOTDIR 20 "$TMP/plain/below"
fails ENOEXEC 8 "$TMP/text"
told 'a failure by a relative path' -- "$EXECS" run missing zero
is 'a failure by a relative path: EXE' "$(of 'select(.ret != 0) | .exe' json)" "$TMP/missing"
# An argument that is longer than any program could get.
run "$EXECSNOOP" -J -x --to json -- "$EXECS" many 1 200000 "$TOLD"
like 'E2BIG' "$(of 'select(.ret == -7) | .note' json)" '\(E2BIG '
is 'E2BIG: of an argument that is too long all, or a word about the rest' \
	"$(of 'select(.ret == -7) | (.args[1] | length) == 200000 or (.note | contains("(cut"))' json)" true
run "$EXECSNOOP" -J --to json -- "$EXECS" run /no/such/program zero
is 'without -x no failure is shown' "$(of .ret json)" 0

# --- the columns that everybody knows ---
run "$EXECSNOOP" --to rows -- sh -c 'exec "$0" one "t w o"' "$TOLD"
read -r -a heading <rows
is 'the heading' "${heading[*]}" 'COMM PID PPID RET ARGS'
like 'a row' "$(tail -n 1 rows)" "^told +[0-9]+ +[0-9]+ +0 $TOLD one 't w o'\$"

host_only
# --- very many arguments ---
told 'the longest argument' -- "$EXECS" many 1 131071 "$TOLD"
told '2 MB' -- "$EXECS" many 16 131071 "$TOLD"
is '2 MB: so many bytes' "$(of 'select(.ret == 0) | .args | map(utf8bytelength + 1) | add' json | tail -n 1)" \
	$((16 * 131072 + ${#TOLD} + 1))
told '5.5 MB, where the stack may grow that far' -- "$EXECS" many 44 131071 "$TOLD"
told '100,000 arguments' -- "$EXECS" many 100000 8 "$TOLD"
is '100,000 arguments: so many' "$(of 'select(.ret == 0) | .args | length' json | tail -n 1)" 100001
done_testing
