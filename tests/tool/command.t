#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# -- COMMAND: it and all its descendants from the first instruction, nobody else, and its own status.

. "$(dirname "$0")/lib.sh"
need_bpf
host_only

# --- what is seen ---
run "$OPENSNOOP" -J --to "$TMP/json" -- cat /etc/hostname
is 'cat: status' "$status" 0
is 'cat: its output is its own' "$out" "$(cat /etc/hostname)"
is 'cat: stderr is empty' "$err" ''
strace -f -qq -xx -s 65536 -e signal=none -e trace=open,openat,openat2,creat -o "$TMP/strace" cat /etc/hostname >/dev/null
normal strace "$TMP/strace" | cut -d ' ' -f 2- >"$TMP/want"
# From here on in the order of rows: no CALL was asked for.
jq -r 'select(.path) | "\(.fd) \(.err) \(.path)"' "$TMP/json" >"$TMP/seen"
same 'cat: all its opens, the first included, and nothing else' "$TMP/seen" "$TMP/want"
is 'cat: one process' "$(jq -r 'select(.path) | .comm' "$TMP/json" | sort -u)" cat

run "$OPENSNOOP" -- cat /etc/hostname
is 'rows and output of the command on the same stdout' "$status $(grep -c ' /etc/hostname$' "$TMP/out") $(grep -cx "$(cat /etc/hostname)" "$TMP/out")" '0 1 1'

run "$OPENSNOOP" -J -P '/family/*' -o +CALL --to "$TMP/json" -- "$WORKLOAD/family"
sort "$TMP/out" >"$TMP/want"
normal json "$TMP/json" | sort >"$TMP/seen"
same 'descendants of every kind' "$TMP/seen" "$TMP/want"
is 'descendants: 17 of them' "$(wc -l <"$TMP/want")" 17

run "$OPENSNOOP" -J -P '/family/*' -o +CALL --follow --to "$TMP/json" -- "$WORKLOAD/family" late
is '--follow: status' "$status" 0
normal json "$TMP/json" | sort >"$TMP/seen"
sort "$TMP/out" >"$TMP/want"
same '--follow: goes on until the last descendant has ended' "$TMP/seen" "$TMP/want"
ok '--follow: the late one is among them' grep -q /family/late "$TMP/seen"

start_time=$(now)
run "$OPENSNOOP" -J --to "$TMP/json" -- sh -c 'sleep 30 >/dev/null 2>&1 & echo $!'
kill "$out"
ok 'without --follow it ends with the command' [ "$(since "$start_time")" -lt 10000000 ]

TIMEFORMAT='%U %S'
{ time "$OPENSNOOP" --follow --to /dev/null -- sh -c 'sleep 1 >/dev/null & exit 3'; } 2>"$TMP/time"
is '--follow: the status is still that of the command' "$?" 3
ok '--follow: it rests while it waits' awk '{ exit !($1 + $2 < 0.5) }' "$TMP/time"
diag "user and system seconds: $(cat "$TMP/time")"

# Others are at work at the same time.
"$WORKLOAD/storm" -w -n 1000000000 /somebody/else <<<go &
storm=$!
run "$OPENSNOOP" -J --to "$TMP/json" -- cat /etc/hostname
kill "$storm"
wait "$storm" 2>/dev/null
jq -r 'select(.path) | "\(.fd) \(.err) \(.path)"' "$TMP/json" >"$TMP/seen"
normal strace "$TMP/strace" | cut -d ' ' -f 2- >"$TMP/want"
same 'nothing of a process that is no descendant' "$TMP/seen" "$TMP/want"

# -p --follow: descendants that are born after the start.
mkfifo "$TMP/shell"
sh <"$TMP/shell" >/dev/null &
shell=$!
exec 5>"$TMP/shell"
start "$OPENSNOOP" -v -J -o +CALL --follow -p "$shell"
echo "'$WORKLOAD/opener' /child/one; ('$WORKLOAD/opener' /child/two); setsid '$WORKLOAD/opener' /child/three; exit" >&5
exec 5>&-
finish 0
is '-p --follow: its descendants' "$(jq -r 'select(.path) | .path' "$TMP/started.out" | grep -c '^/child/')" 3
like '-p --follow: ends with them and says so' "$status $err" '^0 .*ended'

# --- status ---
ends() {
	local want=$1
	shift
	run "$OPENSNOOP" --to /dev/null -- "$@"
	is "status $want: $*" "$status" "$want"
}
ends 0 true
ends 1 false
ends 42 sh -c 'exit 42'
ends 255 sh -c 'exit 255'
ends 143 sh -c 'kill -TERM $$'
ends 137 sh -c 'kill -KILL $$'
ends 134 sh -c 'ulimit -c 0; kill -ABRT $$'
ends 127 no-such-command-anywhere
is '127: told in one line' "$(wc -l <"$TMP/err")" 1
ends 127 /no/such/command
ends 126 /etc
touch "$TMP/not-executable"
ends 126 "$TMP/not-executable"
is '126: told in one line' "$(wc -l <"$TMP/err")" 1
run "$OPENSNOOP" --to /no/such/dir/file -- touch "$TMP/ran"
is 'the tool fails: 125, one line' "$status $(wc -l <"$TMP/err")" '125 1'
nok 'and the command is not run' [ -e "$TMP/ran" ]
if [ "$(id -u)" = 0 ]; then
	cp "$OPENSNOOP" "$TMP/opensnoop"
	run setpriv --reuid 65534 --clear-groups --bounding-set=-all "$TMP/opensnoop" -- touch /dev/null
	is 'no privileges: 125' "$status" 125
fi
run "$OPENSNOOP" -x -- sh -c 'exit 3' -x -J --nosuch
is 'options after COMMAND are its own' "$status" 3

# --- how it is run ---
run "$OPENSNOOP" --to /dev/null -- sh -c 'ls /proc/self/fd | wc -l'
is 'no descriptor leaks into the command' "$out" "$(sh -c 'ls /proc/self/fd | wc -l' </dev/null)"
run "$OPENSNOOP" --to /dev/null -- grep -E '^(Sig(Ign|Blk|Pnd)|Cap|NoNewPrivs|Seccomp:)' /proc/self/status
is 'nor signals, nor what the tool gave up' "$out" "$(grep -E '^(Sig(Ign|Blk|Pnd)|Cap|NoNewPrivs|Seccomp:)' /proc/self/status)"
run env NEW=1 "$OPENSNOOP" --to /dev/null -- env
is 'its environment' "$(grep -v ^_= <<<"$out" | sort)" "$(env NEW=1 env | grep -v ^_= | sort)"
"$OPENSNOOP" --to /dev/null -- cat <"$0" >"$TMP/copy" 2>"$TMP/err"
same 'its standard input' "$TMP/copy" "$0"
run "$OPENSNOOP" --to /dev/null -- pwd
is 'its directory' "$out" "$PWD"
run "$OPENSNOOP" --to /dev/null -- printf '<%s>' '' 'a b' '*' -- -x
is 'its arguments' "$out" '<><a b><*><--><-x>'

if [ "$(id -u)" = 0 ]; then
	run "$OPENSNOOP" -J -o +UID --to "$TMP/json" --user nobody -- sh -c 'id -un; id -Gn; echo $HOME'
	is '--user: user, groups and home' "$out" "$(id -un nobody)
$(id -Gn nobody)
$(getent passwd nobody | cut -d : -f 6)"
	is '--user: its opens are his' "$(jq -r 'select(.path) | .uid' "$TMP/json" | sort -u)" "$(id -u nobody)"
	run "$OPENSNOOP" --user nobody -u root --to /dev/null -- id -un
	is '--user: whatever -u says' "$out" nobody
	run "$OPENSNOOP" --user nobody --to /dev/null -- cat /etc/shadow
	is '--user: his rights' "$status" 1
else
	skip '--user' 'needs root'
fi

# --- when the tool ends before the command ---
gets_term() {
	local name=$1 signal=$2
	shift 2
	rm -f "$TMP/flag"
	start "$OPENSNOOP" -v "$@" -- sh -c 'trap "echo >\"$0\"; exit 7" TERM
		while :; do sleep 0.1; : <"$0.there"; done' "$TMP/flag"
	wait_until grep -q flag.there "$TMP/started.out"
	finish "$signal"
	ok "$name: the command gets SIGTERM" [ -e "$TMP/flag" ]
	is "$name: its status is passed on" "$status" 7
}
touch "$TMP/flag.there"
gets_term SIGTERM TERM
gets_term -d 0 -d 1
gets_term --max-events 0 --max-events 100

# A second signal ends the tracing, a third one the waiting, even for a command that ignores all of them.
start "$OPENSNOOP" -v -- sh -c 'trap "" TERM; echo $$ >"$0.pid"; while [ -e "$0.there" ]; do sleep 0.1; : <"$0.there"; done' "$TMP/flag"
wait_until grep -q flag.there "$TMP/started.out"
kill -TERM "$pid"
opens=$(wc -l <"$TMP/started.out")
wait_until sh -c '[ "$(wc -l <"$0")" -gt "$1" ]' "$TMP/started.out" "$opens"
pass 'after the first signal it traces on'
until grep -q 'not waiting for the command: process [0-9]* goes on' "$TMP/started.err"; do
	kill -TERM "$pid" 2>/dev/null || break
	sleep 0.1
done
wait "$pid"
status=$?
is 'more signals end it alone' "$status" 125
like 'and it says so' "$(cat "$TMP/started.err")" "process $(cat "$TMP/flag.pid") goes on"
rm "$TMP/flag.there"

# Ctrl-C at a terminal reaches both, and the command decides what becomes of it.
cat >"$TMP/terminal.py" <<'END'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
printed = b''
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:  # EIO: the last process on it has ended
        break
    if sys.argv[1].encode() in printed + data and sys.argv[1].encode() not in printed:
        os.write(terminal, b'\x03')
    printed += data
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
cat >"$TMP/cleans-up.py" <<'END'
import sys, time
try:
    print('begun', flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    open('/cleaned/up/after/ctrl-c', 'a') if sys.argv[1:] else sys.exit(5)
END
run timeout 20 python3 "$TMP/terminal.py" begun "$OPENSNOOP" --to "$TMP/rows" -- python3 "$TMP/cleans-up.py"
is 'Ctrl-C: the status is what the command makes of it' "$status" 5
run timeout 20 python3 "$TMP/terminal.py" begun "$OPENSNOOP" --to "$TMP/rows" -- python3 "$TMP/cleans-up.py" open
ok 'Ctrl-C: what it opens then is still seen' grep -q ' /cleaned/up/after/ctrl-c$' "$TMP/rows"
run timeout 20 python3 "$TMP/terminal.py" PATH "$OPENSNOOP" -P /nobody
is 'Ctrl-C without a command' "$status" 0

# With -d the command may be one that does not listen.
start_time=$(now)
run timeout 20 "$OPENSNOOP" -d 0.5 -- sleep 60
is '-d ends the command' "$status $(($(since "$start_time") < 10000000))" '143 1'
done_testing
