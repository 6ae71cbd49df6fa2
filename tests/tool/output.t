#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Output is live and whole, however the end comes and wherever it goes.

. "$(dirname "$0")/lib.sh"
need_bpf
host_only

# --- signals, into a file ---
for signal in TERM INT HUP; do
	hold "$TMP/a/path" -c 5000 "$TMP/another/path"
	start "$OPENSNOOP" -v -p "$held,$$" -P "$TMP/*"
	let_go
	finish "$signal"
	is "SIG$signal: status" "$status" 0
	is "SIG$signal: every event is in the file" "$(grep -c '/path$' "$TMP/started.out")" 10000
	is "SIG$signal: the last line is whole" "$(tail -c 1 "$TMP/started.out" | od -An -c | tr -d ' ')" '\n'

	hold -c 5000 "$TMP/a/path"
	start "$OPENSNOOP" -v -J -p "$held,$$" -P "$TMP/*"
	let_go
	finish "$signal"
	is "SIG$signal: JSON: every event and the summary" \
		"$(jq -s -r '[(map(select(.path)) | length), .[-1].type, .[-1].events, .[-1].lost] | join(" ")' "$TMP/started.out")" \
		'5000 summary 5000 0'
done

start "$OPENSNOOP" -v -p $$ -P /nobody/opens/this
finish INT
is 'SIGINT with nothing traced: only the heading' "$status $(wc -l <<<"$out")" '0 1'

trap '' HUP
start "$OPENSNOOP" -v -p $$
trap 'exit 129' HUP
kill -HUP "$pid"
: <"$0"
wait_for "$TMP/started.out" "$0"
ok 'nohup(1) is respected' kill -0 "$pid"
finish

# --- live ---
mkfifo "$TMP/pipe"
for what in pipe file; do
	hold "$TMP/live"
	if [ $what = pipe ]; then
		cat "$TMP/pipe" >"$TMP/got" &
		cat=$!
		"$OPENSNOOP" -p "$held" >"$TMP/pipe" 2>"$TMP/err" &
	else
		"$OPENSNOOP" -p "$held" >"$TMP/got" 2>"$TMP/err" &
	fi
	pid=$!
	wait_for "$TMP/got" 'PATH$'
	begin=$(now)
	let_go
	wait_for "$TMP/got" "$TMP/live"
	took=$(since "$begin")
	ok "into a $what: an event appears within a second" [ "$took" -lt 1000000 ]
	diag "$((took / 1000)) ms"
	wait "$pid"
	[ $what = file ] || wait "$cat"
done

# --- closed pipes ---
start_time=$(now)
"$WORKLOAD/opener" -w -k -c 100000000 "$TMP/x" <<<go &
noise=$!
"$OPENSNOOP" -p "$noise" 2>"$TMP/err" | head -n 5 >"$TMP/got"
status=${PIPESTATUS[0]}
is 'a closed pipe ends it quietly' "$status $(wc -l <"$TMP/got") $(cat "$TMP/err")" '0 5 '
ok 'and soon' [ "$(since "$start_time")" -lt 5000000 ]
"$OPENSNOOP" -J -p "$noise" 2>"$TMP/err" | head -n 1 >"$TMP/got"
is 'the same with JSON' "${PIPESTATUS[0]} $(cat "$TMP/err")" '0 '
kill "$noise"
wait "$noise" 2>/dev/null

# Nothing is printed: the end of the reader must be noticed by itself.
mkfifo "$TMP/idle"
exec 6<>"$TMP/idle"
"$OPENSNOOP" -p $$ -P /nobody/opens/this >"$TMP/idle" 2>"$TMP/err" 6<&- &
pid=$!
read -r heading <&6
exec 6<&-
begin=$(now)
wait "$pid"
status=$?
is 'a pipe that is closed while nothing happens' "$status $(cat "$TMP/err")" '0 '
ok 'ends it within two seconds' [ "$(since "$begin")" -lt 2000000 ]
like 'the heading had come' "$heading" 'PATH$'

# With a command, a closed pipe ends that too.
"$OPENSNOOP" -- "$WORKLOAD/opener" -k -c 1000000000 /x 2>"$TMP/err" | head -n 2 >/dev/null
is 'a closed pipe and a command' "${PIPESTATUS[0]} $(cat "$TMP/err")" '143 '

# --- disks and descriptors ---
run sh -c '"$0" -- cat /etc/hostname >/dev/full' "$OPENSNOOP"
is '/dev/full with a command: 125, and the reason once' "$status $(grep -c '^opensnoop: .*No space left' "$TMP/err")" '125 1'
hold "$TMP/x"
"$OPENSNOOP" -p "$held" >/dev/full 2>"$TMP/err" &
pid=$!
wait "$pid"
is '/dev/full: 1 and one line' "$? $(wc -l <"$TMP/err")" '1 1'
let_go
run "$OPENSNOOP" --to /dev/full -- cat /etc/hostname
is '--to /dev/full' "$status $(grep -c 'No space' "$TMP/err")" '125 1'
run "$OPENSNOOP" --to /dev/full -- sh -c 'cat /dev/null && : >"$0"' "$TMP/reached"
ok 'and the command goes on to its end' [ -e "$TMP/reached" ]
run "$OPENSNOOP" -J --to /dev/full -- cat /etc/hostname
is '--to /dev/full, JSON' "$status $(grep -c 'No space' "$TMP/err")" '125 1'
like '--to /dev/full, JSON: what was not written counts as lost' "$err" 'opensnoop: [1-9][0-9]* events lost'

run sh -c '"$0" -p $$ >&-' "$OPENSNOOP"
is 'closed stdout: 1 and one line' "$status $(wc -l <"$TMP/err")" '1 1'
run sh -c '"$0" --to "$1" -- cat /etc/hostname <&-' "$OPENSNOOP" "$TMP/rows"
is 'closed stdin' "$status $(grep -c ' /etc/hostname$' "$TMP/rows")" '0 1'
run sh -c '"$0" --to "$1" -- cat /etc/hostname 2>&-' "$OPENSNOOP" "$TMP/rows"
is 'closed stderr' "$status $(grep -c ' /etc/hostname$' "$TMP/rows")" '0 1'
run sh -c '"$0" --to "$1" -- cat /etc/hostname 0<&- 1>&- 2>&-' "$OPENSNOOP" "$TMP/rows"
is 'all of them closed: what cat says of its own does not get into the records' \
	"$(grep -c ' /etc/hostname$' "$TMP/rows") $(grep -cx "$(cat /etc/hostname)" "$TMP/rows")" '1 0'

# --- a pipe that does not block, with a reader that is slow ---
cat >"$TMP/nonblock.py" <<'END'
import fcntl, os, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)
pid = os.fork()
if pid == 0:
    os.dup2(w, 1)
    os.close(r)
    os.close(w)
    os.execv(sys.argv[2], sys.argv[2:])
os.close(w)
with open(sys.argv[1], 'wb') as out:
    while True:
        # Far slower than the storm: the pipe is full nearly all the time.
        time.sleep(0.002)
        data = os.read(r, 65536)
        if not data:
            break
        out.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
run python3 "$TMP/nonblock.py" "$TMP/got" "$OPENSNOOP" -J -P '/storm/*' -- \
	sh -c '"$0" -n 20000 >/dev/null' "$WORKLOAD/storm"
is 'non-blocking stdout: status' "$status" 0
is 'non-blocking stdout: nothing is missing' "$(events "$TMP/got")" 20000
is 'non-blocking stdout: and nothing is lost' "$(tail -n 1 "$TMP/got" | jq .lost)" 0
ok 'non-blocking stdout: every line is whole' jq -e . "$TMP/got"

# --- --to ---
run "$OPENSNOOP" --to "$TMP/to" -- echo out
is '--to: stdout is the command'"'s" "$status $out" '0 out'
is '--to: heading and rows are in the file' "$(head -n 1 "$TMP/to" | tr -s ' ')" ' PID COMM FD ERR PATH'
run "$OPENSNOOP" --to "$TMP/to" --no-header -- true
is '--no-header' "$(grep -c PATH "$TMP/to")" 0
run "$OPENSNOOP" --to "$TMP/no/such/file" -p $$
is '--to what cannot be opened' "$status $(wc -l <"$TMP/err")" '1 1'
like '--to: it is named' "$err" "^opensnoop: .*$TMP/no/such/file"
mkdir "$TMP/dir"
run "$OPENSNOOP" --to "$TMP/dir" -p $$
is '--to a directory' "$status $(wc -l <"$TMP/err")" '1 1'

# --- it does not see itself ---
hold "$TMP/x"
start "$OPENSNOOP" -v -o PID,PATH -n opensnoop
self=$pid
start_two=$TMP/two
"$OPENSNOOP" -p "$held" >"$start_two" 2>&1 &
other=$!
wait_for "$start_two" PATH
let_go
wait "$other"
pid=$self
finish
nok 'its own opens are not shown' grep -q "^ *$self " "$TMP/started.out"
ok 'those of another opensnoop are' grep -q "^ *$other " "$TMP/started.out"
done_testing
