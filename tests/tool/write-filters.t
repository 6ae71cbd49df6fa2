#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every filter lets through what it should and nothing else; a bad value is told in one line and ends it.

. "$(dirname "$0")/write-lib.sh"
need_bpf
[ "$(id -u)" = 0 ] || skip_all 'needs root, to mount things'

# --- what came of it, and which calls ---
filtered '-x' '$5 != 0' -x -- writes
filtered '-x, of opens and the like' '$5 != 0' -x -- files
filtered '--writes-only' '/^[^ ]*(write|sendfile|splice|copy)/' --writes-only -- writes
filtered '--writes-only, of opens and the like' '$1 == "write"' --writes-only -- files
filtered '--min-bytes' '$3 != "-" && $3 >= 1000' --min-bytes 1000 -- writes
filtered '--min-bytes 1: no write of nothing' '$3 != "-" && $3 >= 1' --min-bytes 1 -- writes
filtered '--fd' '$2 == 4' --fd 4 -- files
filtered '--fd and -x' '$2 == 3 && $5 != 0' --fd 3 -x -- writes
# Without -a there is nothing of what is no regular file.
filtered 'regular files' '$7 ~ /\/dir\//' -- writes any

# --- the path ---
filtered '-P: the end' '$7 ~ "/vectors$"' -P '*/vectors' -- writes
filtered '-P: contained, in either path' '/sub\//' -P '*/sub/*' -- files
filtered '-P: several' '$7 ~ "/(copy|full)$"' -P '*/copy' -P '*/full' -- writes
filtered '-P: where the bytes came from' '/source /' -P '*/source' -- writes
filtered '-P: the new name of a rename' '/\/new /' -P '*/new' -- files
filtered '-P: with -x' '/\/missing / && $5 != 0' -x -P '*/missing' -- files
filtered '-P: nothing' 0 -P '/nowhere*' -- files
trace -P 'pipe:*' -a -- writes any
ok '-P of a pipe, with -a' grep -q '^write .*pipe:' "$TMP/seen"
is 'and nothing else' "$(grep -vc pipe: "$TMP/seen")" 0

# What was asked for, from wherever, is the path without its dots.
empty
mkdir "$dir/app"
run "$WRITESNOOP" -J -o CALL,PATH -P "$dir/app/state" --to "$TMP/json" -- sh -c 'cd "$0" && : >app/state &&
	mv app//state app/../new && mv app/../new app/./state && truncate -s 1 app/state && rm ./app/state' "$dir"
is '-P: however it was asked for' "$(jq -r '"\(.call // empty) \(.path)"' "$TMP/json" | sed -n 's/^\(open\|rename\|unlink\)[at2]*/\1/p')" \
	"open $dir/app/state
rename $dir/app//state
rename $dir/app/../new
open $dir/app/state
unlink $dir/./app/state"
run "$WRITESNOOP" -P '/a/*/b' -- true
like "-P: a '*' inside is told of" "$status $err" "^0 writesnoop: -P: a '\*' .* stands for itself: '/a/\*/b'\$"

# --- who ---
# hold OPTION...: build/workload/writer, by way of the command "${as[@]}", which writes once let_go is called.
# Leaves $held, and with -t its other thread in $thread.
as=()
hold() {
	rm -f "$TMP/go" "$TMP/written"
	mkfifo "$TMP/go"
	"${as[@]}" "$WORKLOAD/writer" -w "$@" "$TMP/written" <"$TMP/go" >"$TMP/told" &
	held=$!
	exec {go}>"$TMP/go"
	wait_until is_writer "$held"
}
is_writer() {
	[ "$(readlink "/proc/$1/exe")" = "$(realpath "$WORKLOAD/writer")" ]
}
let_go() {
	echo >&"$go"
	exec {go}>&-
	wait "$held"
}
# held NAME COUNT OPTION...: what is seen of the writes of a process with "${own[@]}". HELD is its number.
own=()
held() {
	local name=$1 count=$2

	shift 2
	hold "${own[@]}"
	start "$WRITESNOOP" -v -J --writes-only -P '*/written' -o PID,TID,PATH,CGROUP "${@/#HELD/$held}"
	let_go
	finish
	is "$name" "$(events "$TMP/started.out")" "$count" || diag "$err"
}
chmod 1777 "$TMP"
own=(-c 3)
held '-p' 3 -p HELD
is '... its number' "$(jq -r 'select(.path) | "\(.pid) \(.tid)"' "$TMP/started.out" | uniq)" "$held $held"
held '-p of somebody else' 0 -p $$
held '--ppid' 3 --ppid $$
held '--ppid: not the process itself' 0 --ppid HELD
held '-t: the main thread' 3 -t HELD
own=(-t)
held '-t: not the other threads' 0 -t HELD
held '-p: the other threads' 1 -p HELD
like '... by their own number' "$(jq -r 'select(.path) | .pid - .tid' "$TMP/started.out")" '^-?[1-9]'
own=(-n 'tame zebra')
held '-n' 1 -n 'e zeb'
held '-n: not contained' 0 -n 'zebra '
own=()
as=(setpriv --reuid 12345 --clear-groups)
held '-u' 1 -u 12345
held '-u of somebody else' 0 -u 12346
as=()
cgroups=$(sed -n 's|^[^ ]* \([^ ]*\) cgroup2 .*|\1|p' /proc/mounts | head -n 1)
if [ -n "$cgroups" ] && mkdir "$cgroups/writesnoop-test" 2>/dev/null; then
	group=$cgroups/writesnoop-test
	as=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group")
	held '-c' 1 -c "$group"
	is '... and its name' "$(jq -r 'select(.path) | .cgroup' "$TMP/started.out" | sort -u)" /writesnoop-test
	as=()
	held '-c: not those outside' 0 -c "$group"
	rmdir "$group"
else
	skip '-c' 'no cgroup v2 to write to'
fi

# A process and those that it starts.
empty
mkfifo "$TMP/follow"
sh -c 'read -r go; sh -c "echo child >$0/child"; echo parent >$0/parent' "$dir" <"$TMP/follow" &
parent=$!
exec 6>"$TMP/follow"
start "$WRITESNOOP" -v -J --writes-only -p "$parent" --follow
echo >&6
exec 6>&-
finish 0
is '--follow' "$(jq -r 'select(.path) | .path' "$TMP/started.out" | paste -sd ' ')" "$dir/child $dir/parent"
run "$WRITESNOOP" -J --writes-only --to "$TMP/json" -- sh -c 'echo one >"$0/one"; (echo two >"$0/two"); exit 5' "$dir"
is 'COMMAND and its descendants, and its status' \
	"$status $(jq -r 'select(.path) | .path' "$TMP/json" | paste -sd ' ')" "5 $dir/one $dir/two"
start "$WRITESNOOP" -v -J --max-events 3 -P "$dir/*"
echo 1 >"$dir/1"
echo 2 >"$dir/2"
finish 0
is '--max-events' "$status $(events "$TMP/started.out")" '0 3'

# --- bad values: one line that names the value, status 2, and nothing is run ---
bad() {
	local value=$1

	shift
	rm -f "$TMP/ran"
	run timeout 10 "$WRITESNOOP" "$@"
	is "bad: ${*:0:60}" "$status $(wc -l <"$TMP/err") $(wc -c <"$TMP/out")" '2 1 0' || diag "$err"
	case $err in
	writesnoop:*"$value"*) pass 'and it is named' ;;
	*) fail "and it is named: $value" && diag "$err" ;;
	esac
}
bad 1e3 --min-bytes 1e3
bad -1 --min-bytes -1
bad 0 --min-bytes 0
bad '--min-bytes:' --min-bytes ''
bad x --fd x
bad -1 --fd -1
bad 4294967296 --fd 4294967296
bad '--fd:' --fd ''
bad -1 -s -1
bad 65537 -s 65537
bad 1k -s 1k
bad '-s:' -s ''
bad '-P:' -P ''
for pattern in state app/state ./x 'state*' pip 'pip:*' /srv/app/ '*/app/' /tmp//x '/tmp/./x*' '*/../*' /x/..; do
	bad "'$pattern'" -P "$pattern"
done
bad NOSUCH -o NOSUCH
bad "'FD' (-S -o list shows them)" -S -o FD
bad "'1,,2'" -p 1,,2
bad "-p: an empty value: ''" -p ''
bad 'too large' -d 99999999999999999999
for option in '-o PID' -T -U -e -J; do
	# shellcheck disable=SC2086 # -o has a value
	bad "--strace, which has no columns: ${option% *}" --strace $option
done
for option in '--fd 1' '--min-bytes 1' '-s 1' --stack --kernel-stack --strace --writes-only -x; do
	# shellcheck disable=SC2086
	bad "${option% *}" -S $option
done
bad --hexx --hexx
bad stray stray
bad 12abc -p 12abc -- touch "$TMP/ran"
bad -x -x --min-bytes 5
nok 'the command of a bad line is not run' [ -e "$TMP/ran" ]
for option in --help --usage --version; do
	run "$WRITESNOOP" "$option"
	is "$option: status, stderr" "$status $err" '0 '
	like "$option: says something" "$out" writesnoop
done
done_testing
