#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every filter of execsnoop lets through what it should and nothing else; a bad value is told in one line.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
cd "$TMP" || exit

# filtered NAME WANT OPTION...: what is shown of one, two and three, executed below a shell that is held;
# the option HELD becomes its pid.
cp "$TOLD" one
cp "$TOLD" two
cp "$TOLD" three
filtered() {
	local name=$1 want=$2

	shift 2
	hold sh -c './one ape; ./two "b  ee" --cat; ./three; ./three dog'
	start "$EXECSNOOP" -v -J "${@/#HELD/$held}"
	grep -q ': ready$' "$TMP/started.err" || diag "$(cat "$TMP/started.err")"
	let_go
	gone
	# With that it ends by itself.
	if [[ "$*" = *HELD* ]]; then finish 0; else finish; fi
	is "$name" "$(of 'select(.comm | IN("one", "two", "three")) | .args | join(" ")' started.out | paste -sd ,)" "$want"
}
all='./one ape,./two b  ee --cat,./three,./three dog'

# --- who ---
filtered '-p without --follow: not its children' '' -p HELD
like '-p ends with it' "$status $err" '^0 .*-p.*ended'
filtered '-p --follow' "$all" -p HELD --follow
like '-p --follow ends with them' "$status $err" '^0 .*ended'
filtered '--ppid' "$all" --ppid HELD
like '--ppid ends with it, and says so' "$status $err" '^0 .*the parent of --ppid has ended'
filtered '--ppid of somebody else' '' --ppid $$
hold sh -c 'sh -c "./one; ./two; :"; ./three'
start "$EXECSNOOP" -v -J --ppid "$held"
let_go
gone
finish 0
is '--ppid: not the children of its children' "$(of '.args[0]' started.out | paste -sd ' ')" 'sh ./three'
is '--ppid: PPID' "$(of .ppid started.out | sort -u)" "$held"

filtered '-n: the name after the execution' './two b  ee --cat' -p HELD --follow -n two
filtered '-n: a part of it' './three,./three dog' -p HELD --follow -n hre
filtered '-n: nobody' '' -p HELD --follow -n four
if [ "$(id -u)" = 0 ]; then
	chmod 777 .
	as=(setpriv --reuid 12345 --clear-groups)
	filtered '-u NUMBER' "$all" -u 12345
	filtered '-u of somebody else' '' -u 12346
	as=(setpriv --reuid nobody --clear-groups)
	filtered '-u NAME' "$all" -u nobody
	as=()
	run "$EXECSNOOP" -J -u nobody --to json -- sh -c './one; setpriv --reuid nobody --clear-groups ./two'
	is '-u and a command' "$(of '.args[0]' json | paste -sd ' ')" ./two
	run "$EXECSNOOP" -J --user nobody -o +UID,USER --to json -- sh -c ./one
	is '--user' "$(of '[.uid, .user] | @tsv' json | sort -u)" "$(id -u nobody)	nobody"
else
	skip '-u' 'needs root'
fi

cgroups=$(sed -n 's|^[^ ]* \([^ ]*\) cgroup2 .*|\1|p' /proc/mounts | head -n 1)
if [ -n "$cgroups" ] && mkdir "$cgroups/execsnoop-test" 2>/dev/null; then
	group=$cgroups/execsnoop-test
	mkdir "$group/below"
	as=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group/below")
	filtered '-c' "$all" -c "$group"
	filtered '-c of the group itself' "$all" -c /execsnoop-test/below
	as=()
	filtered '-c: not those outside' '' -c "$group"
	rmdir "$group/below" "$group"
else
	skip '-c' 'no cgroup v2 to write to'
fi

hold sh -c './one; ./two'
start "$EXECSNOOP" -v -J -o +TID --tid "$held"
let_go
gone
finish 0
is '--tid: that thread alone' "$status $(of '[.args[0], .tid] | @tsv' started.out)" "0 sh	$held"

# --- what ---
mine=(-p HELD --follow)
filtered '-l: an argument' './one ape' "${mine[@]}" -l ape
filtered '-l: across arguments' './two b  ee --cat' "${mine[@]}" -l 'ee --c'
host_only
filtered '-l: the program itself' './three,./three dog' "${mine[@]}" -l thre
filtered '-l: with blanks' './two b  ee --cat' "${mine[@]}" -l 'b  e'
filtered '-l: not the name of the process' '' "${mine[@]}" -l nothing
run "$EXECSNOOP" -J -x -l needle --to json -- sh -c '/no/such/program a needle; /no/such/program b; "$0" "$1"needle' \
	"$TOLD" "$(printf 'x%.0s' {1..100000})"
is '-l: of failures, and behind 100,000 bytes' "$(of '[.ret, (.args[1:] | join(" ") | .[-8:])] | @json' json | tail -n 2 | paste -sd ' ')" \
	'[-2,"a needle"] [0,"xxneedle"]'
run "$EXECSNOOP" -J --exit -l needle --to json -- sh -c './one needle; ./two; exit 3'
is '-l --exit: the ends of these' \
	"$(of '[.args[0], .status] | @json' json | tail -n +2 | paste -sd ' ')" '["./one",null] ["./one",0] ["sh",3]'
run "$EXECSNOOP" -J -x --to json -- /bin/sh -c '/no/such/program; ./one; exec ./missing'
is '-x: those that fail as well' "$(of '[.args[0], .ret] | @json' json | paste -sd ' ')" \
	'["/bin/sh",0] ["/no/such/program",-2] ["./one",0] ["./missing",-2]'
run timeout 20 "$EXECSNOOP" -J --max-events 3 --to json -- sh -c 'for i in 1 2 3 4 5; do ./one $i; done'
is '--max-events' "$(events json) $(tail -n 1 json | jq .events)" '3 3'

# --- bad values: one line that names the value, status 2, and nothing is run ---
bad() {
	local value=$1

	shift
	rm -f ran
	run timeout 10 "$EXECSNOOP" "$@" -- touch ran
	is "bad: ${*:0:60}" "$status $(wc -l <err) $(wc -c <out) $(ls ran 2>&1)" \
		"2 1 0 $(LC_ALL=C ls ran 2>&1)" || diag "$err"
	case $err in
	execsnoop:*"$value"*) pass 'and it is named' ;;
	*) fail "and it is named: $value" && diag "$err" ;;
	esac
}
gone=$(sh -c 'echo $$')
bad '-l' -l ''
bad 0 --max-args 0
bad abc --max-args abc
bad -1 --max-args -1
bad 1.5 --max-args 1.5
bad '--max-args' --max-args ''
bad 0 --max-bytes 0
bad 1k --max-bytes 1k
bad -1 --max-bytes -1
bad 99999999999999999999 --max-bytes 99999999999999999999
bad -1 --min-dur -1
bad x --min-dur x
bad 1x --min-dur 1x
bad 1e3 --min-dur 1e3
bad nan --min-dur nan
bad '--min-dur' --min-dur ''
bad 's' --min-dur s
bad '--env' --env ''
bad A=B --env A=B
bad '--env' --env A,,B
bad '--env' --env A,
bad "$gone" --ppid "$gone"
bad 12abc --ppid 12abc
bad 0 --ppid 0
bad '--ppid' --ppid ''
bad "$gone" --tid "$gone"
bad NOSUCH -o NOSUCH
bad -p -p $$
bad 1x -d 1x
bad nosuchuser -u nosuchuser
run "$EXECSNOOP" stray
is 'bad: a stray argument' "$status $(wc -l <err)" '2 1'
like 'bad: and it is named' "$err" '^execsnoop: .*stray'
for option in --help --usage -V; do
	run "$EXECSNOOP" "$option"
	is "$option: status, stderr" "$status $err" '0 '
	like "$option: says something" "$out" execsnoop
done
run "$EXECSNOOP" -o list
is '-o list' "$status $err $(awk '{ print $1 }' out | paste -sd ' ')" \
	'0  TIME SINCE UID USER LOGINUID COMM PCOMM PID TID PPID SESSION TTY RET ERRNAME STATUS DUR CGROUP MNTNS PIDNS EXE CWD FILE SCRIPT INTERP ANCESTORS ENV ARGS NOTE'
done_testing
