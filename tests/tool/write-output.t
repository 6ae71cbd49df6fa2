#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# It does not spin on its own output, whoever reads that and writes it somewhere.

. "$(dirname "$0")/write-lib.sh"
need_bpf
export TMP WRITESNOOP

# into COMMAND OPTION...: writesnoop OPTION... into a pipe that COMMAND (for bash) reads.
into() {
	local reader=$1

	shift
	start bash -c 'reader=$0 && exec "$WRITESNOOP" -v "$@" > >(eval "exec $reader")' "$reader" "$@"
}
# own FILE: writes there to $TMP/log. Its reader may open that when the tracing has just begun.
own() {
	grep -c " write .*$TMP/log\$" "$1"
}

# --- tee(1) ---
into 'tee "$TMP/log" >/dev/null' -P "$TMP/*"
echo one >"$TMP/other"
wait_for "$TMP/log" "write .* 4 $TMP/other\$"
echo two | tee "$TMP/other-log" >/dev/null
wait_for "$TMP/log" "tee .* write .* 4 $TMP/other-log\$"
finish
is 'tee: what it writes of the output is not shown' "$(own "$TMP/log")" 0
like 'tee: and that is said' "$err" "writesnoop: not shown: writes by tee \([0-9]+\), which reads this output"
is 'tee: once' "$(grep -c 'not shown' "$TMP/started.err")" 1

# --- through another process, and to two ---
into 'grep --line-buffered other | tee "$TMP/log" >/dev/null' -P "$TMP/*"
echo one >"$TMP/other"
wait_for "$TMP/log" "write .* 4 $TMP/other\$"
finish
is 'grep | tee: nor is it here' "$(own "$TMP/log")" 0
like 'grep | tee: and both are named' "$err" 'not shown: writes by (grep|tee|bash) .*(grep|tee) \([0-9]+\), which read this output'

# Who does not read it is no reader, whatever pipes there are.
mkfifo "$TMP/feed"
sh -c 'cat >"$TMP/fed"' <"$TMP/feed" &
exec 6>"$TMP/feed"
into 'cat >"$TMP/log"' -P "$TMP/*"
echo fed >&6
exec 6>&-
wait_for "$TMP/log" "cat .* write .* 4 $TMP/fed\$"
finish
is 'cat: what it writes of the output is not shown' "$(own "$TMP/log")" 0
is 'cat: it alone' "$(grep -c 'not shown: writes by cat ([0-9]*), which reads' "$TMP/started.err")" 1

# Nobody is named who could not be seen anyway.
into 'cat >"$TMP/log"' -p $$
echo one >"$TMP/other"
wait_for "$TMP/log" "$TMP/other"
finish
is '-p of another process: not a word' "$(grep -c 'not shown' "$TMP/started.err")" 0
"$WRITESNOOP" -- true 2>"$TMP/err" | cat >"$TMP/log"
is 'with COMMAND: not a word' "$(said)" ''

# --- terminals ---
if command -v script >/dev/null; then
	rm "$TMP/log"
	script -qefc 'echo $$ >"$TMP/pid"; exec "$WRITESNOOP" -P "$TMP/*"' "$TMP/log" </dev/null >"$TMP/screen" 2>&1 &
	pid=$!
	wait_for "$TMP/log" 'BYTES PATH'
	echo one >"$TMP/other"
	ok 'script(1): others are shown' wait_for "$TMP/log" "write .* 4 $TMP/other"
	kill "$(<"$TMP/pid")"
	wait "$pid"
	nok 'script(1): it is not, which keeps what it reads' grep -q "write .*$TMP/log" "$TMP/log"
	ok 'script(1): and that is said' grep -q 'not shown: writes by script ([0-9]*)' "$TMP/log"
	script -qefc '"$WRITESNOOP" -a -d 1' /dev/null </dev/null >"$TMP/screen" 2>&1
	nok 'with -a: whoever shows the terminal is not shown' grep -q ' script  *write' "$TMP/screen"
	ok 'with -a: and that is said' grep -q 'not shown: writes by .*script ([0-9]*)' "$TMP/screen"
else
	skip 'script(1)' 'it is not here'
fi

# --- a traced process writes to the same file ---
both='writes to what this prints to as well'
"$WRITESNOOP" --writes-only -- sh -c 'echo one; echo two; echo three' >"$TMP/log" 2>"$TMP/err"
is 'COMMAND has the same standard output: said once' "$(grep -c "$both" "$TMP/err") $(said | wc -l)" '1 1'
is 'and both are in it' "$(own "$TMP/log") $(grep -cxE 'one|two|three' "$TMP/log")" '3 3'
"$WRITESNOOP" --writes-only --to "$TMP/log" -- sh -c 'echo one; echo two' >"$TMP/other" 2>"$TMP/err"
is 'another file: not a word' "$(said)" ''
"$WRITESNOOP" --writes-only --to "$TMP/log" -- sh -c 'echo one >>"$TMP/log"' 2>"$TMP/err"
is 'by its name: said' "$(grep -c "$both" "$TMP/err")" 1
"$WRITESNOOP" -a --writes-only -- sh -c 'echo one; echo two' 2>"$TMP/err" | cat >/dev/null
is 'a pipe, with -a: said once' "$(grep -c "$both" "$TMP/err")" 1
"$WRITESNOOP" -a --writes-only -- sh -c 'echo one >/dev/null' >/dev/null 2>"$TMP/err"
is '/dev/null: not a word' "$(said)" ''

# What cannot be run is told by writesnoop, and not by the process that was to run it.
"$WRITESNOOP" -a --writes-only --mmap --to "$TMP/log" -- no-such-command >"$TMP/other" 2>"$TMP/err"
is 'a command that there is not: told, and not traced' \
	"$? $(said) $(grep -c . "$TMP/log")" '127 writesnoop: no-such-command: No such file or directory 1'

# --- it does not see itself, but others of its kind ---
start "$WRITESNOOP" -v -J --writes-only -n writesnoop
"$WRITESNOOP" --writes-only -- sh -c 'echo one >"$TMP/other"' >"$TMP/log" 2>/dev/null
wait_for "$TMP/started.out" "$TMP/log"
finish
is 'its own writes are not shown' "$(jq -r --argjson pid "$pid" 'select(.pid == $pid) | .path' "$TMP/started.out")" ''
done_testing
