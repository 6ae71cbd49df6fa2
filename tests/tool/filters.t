#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every filter lets through what it should and nothing else; a bad value is told in one line and ends it.

. "$(dirname "$0")/lib.sh"
need_bpf

# filtered NAME REGEX OPTION... : of the opens in $opens, by the held opener, those that match.
# $opens are options of opener(1), and paths; the option HELD becomes its pid.
opens=()
filtered() {
	local name=$1 regex=$2

	shift 2
	hold "${opens[@]}"
	start "$OPENSNOOP" -v -J -o +CALL "${@/#HELD/$held}"
	grep -q ': ready$' "$TMP/started.err" || diag "$(cat "$TMP/started.err")"
	let_go
	finish_after
	grep -E -e "$regex" "$TMP/told" >"$TMP/want"
	same "$name" "$TMP/seen" "$TMP/want"
}

# A signal drains what has happened before.
finish_after() {
	if kill -0 "$pid" 2>/dev/null; then
		finish
	else
		finish 0
	fi
	normal json "$TMP/started.out" >"$TMP/seen"
}

touch "$TMP/there"
chmod 644 "$TMP/there"
opens=("$TMP/there" "$TMP/missing" "$TMP/there/below" "$TMP")

# --- who ---
hold "$TMP/other"
other=$held other_go=$go
mv "$TMP/told" "$TMP/other.told"
hold "$TMP/there" "$TMP/missing"
start "$OPENSNOOP" -v -J -o +CALL -p "$held,$other"
let_go
wait_until grep -q "$TMP/missing" "$TMP/started.out"
ok '-p with two processes goes on when one has ended' kill -0 "$pid"
echo >&"$other_go"
exec {other_go}>&-
wait "$other"
finish 0
normal json "$TMP/started.out" >"$TMP/seen"
cat "$TMP/told" "$TMP/other.told" >"$TMP/want"
same '-p with two processes sees both and nobody else' "$TMP/seen" "$TMP/want"
like '-p ends when both have' "$status $err" '^0 .*ended'

hold -t "$TMP/in-thread"
wait_until grep -q '^Threads:[[:space:]]2$' "/proc/$held/status"
thread=$(printf '%s\n' "/proc/$held/task"/* | sed 's|.*/||' | grep -vx "$held")
for follow in '' --follow; do
	run "$OPENSNOOP" -p "$thread" $follow
	is "-p with a thread is told $follow" "$status $err" \
		"2 opensnoop: -p: not a process but a thread of one (see --tid): $thread"
done
start "$OPENSNOOP" -v -J -o +CALL,TID -t "$thread"
let_go
finish_after
same '-t: a thread' "$TMP/seen" "$TMP/told"
is '-t: its process and its own number' "$(jq -r 'select(.fd) | "\(.pid) \(.tid)"' "$TMP/started.out")" "$held $thread"

hold -t "$TMP/in-thread"
start "$OPENSNOOP" -v -J -o +CALL -t "$held" -d 1000ms
let_go
finish_after
is '-t: not the other threads' "$(wc -l <"$TMP/seen")" 0

opens=("$TMP/there" "$TMP/missing")
filtered '--ppid' . --ppid $$ -n opener
filtered '--ppid: not the process itself' NOTHING --ppid HELD -P "$TMP*"
sleep 1000 &
parent=$!
start "$OPENSNOOP" -v --ppid "$parent"
kill "$parent"
finish 0
like '--ppid ends when the parent has' "$status $err" '^0 .*the parent of --ppid has ended'

opens=("$TMP/there" "$TMP/missing" "$TMP/there/below" "$TMP")
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid 12345 --clear-groups)
	filtered '-u NUMBER' . -u 12345
	filtered '-u of somebody else' NOTHING -u 12346 -P "$TMP*"
	as=(setpriv --reuid nobody --clear-groups)
	filtered '-u NAME' . -u nobody
	filtered '-u root is not everybody' NOTHING -u root -P "$TMP/there"
	as=()
else
	skip '-u' 'needs root'
fi

opens=(-n 'tame zebra' "$TMP/there" "$TMP/missing")
filtered '-n: contained' . -n 'e zeb'
filtered '-n: the whole' . -n 'tame zebra'
filtered '-n: the end' . -n zebra
filtered '-n: not contained' NOTHING -n 'zebra ' -P "$TMP*"
opens=(-n 'exactly-15-long' "$TMP/there")
filtered '-n: 15 bytes' . -n 'exactly-15-long'

cgroups=$(sed -n 's|^[^ ]* \([^ ]*\) cgroup2 .*|\1|p' /proc/mounts | head -n 1)
if [ -n "$cgroups" ] && mkdir "$cgroups/opensnoop-test" 2>/dev/null; then
	group=$cgroups/opensnoop-test
	mkdir "$group/below"
	as=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group/below")
	opens=("$TMP/there" "$TMP/missing")
	filtered '-c: a cgroup' . -c "$group/below"
	filtered '-c: one above it' . -c "$group" -o +CALL,CGROUP
	is '... and its name' "$(jq -r 'select(.path) | .cgroup' "$TMP/started.out" | sort -u)" /opensnoop-test/below
	as=()
	filtered '-c: not those outside' NOTHING -c "$group" -P "$TMP*"
	filtered '-c: as the column CGROUP has it' NOTHING -c /opensnoop-test -P "$TMP*"
	filtered '-c: relative to the root of cgroups' NOTHING -c opensnoop-test -P "$TMP*"
	rmdir "$group/below" "$group"
else
	skip '-c: a cgroup' 'no cgroup v2 to write to'
fi

# --- what came of it ---
opens=("$TMP/there" "$TMP/missing" "$TMP/there/below" "$TMP" "" /nowhere/at/all)
mine=(-p HELD)
filtered '-x' '^openat -1' "${mine[@]}" -x
filtered '-E NAME' '^openat -1 2 ' "${mine[@]}" -E ENOENT
filtered '-E NUMBER' '^openat -1 20 ' "${mine[@]}" -E 20
filtered '-E NAME,NAME' '^openat -1 (2|20) ' "${mine[@]}" -E ENOTDIR,ENOENT
filtered '-E of what did not happen' NOTHING "${mine[@]}" -E EPERM
filtered '-x and -E together' '^openat -1 20' "${mine[@]}" -x -E ENOTDIR

# --- how ---
flags() {
	opens=(-f "$1" "$TMP/there" "$TMP/missing-too")
	filtered "$2: $3" "$3" "${mine[@]}" -f "$2"
	rm -f "$TMP/missing-too"
}
flags 0 O_RDONLY .
flags 1 O_RDONLY NOTHING
flags 0101 O_CREAT .

# --- the path ---
opens=(/p/usr/lib/a.so /p/usr/lib/b.so.1 /p/usr/a.so /p/etc '/p/a*b' rel /p/usr/lib '')
filtered '-P: the exact path' ' /p/usr/lib$' "${mine[@]}" -P /p/usr/lib
filtered '-P: a prefix' ' /p/usr/lib' "${mine[@]}" -P '/p/usr/lib*'
filtered '-P: a suffix' '\.so$' "${mine[@]}" -P '*.so'

mkdir "$TMP/dir"
touch "$TMP/dir/target"
ln -s dir/target "$TMP/link"
opens=("$TMP/link" "$TMP/there")
hold "${opens[@]}"
start "$OPENSNOOP" -v -J -F -o +CALL -p "$held" -P '*/dir/target'
let_go
finish_after
is '-P with -F is about the full path' "$(cut -d ' ' -f 4 "$TMP/seen")" "$(realpath "$TMP")/dir/target"

# --- together, with a command ---
run "$OPENSNOOP" -J --to "$TMP/json" -x -E ENOENT -f O_RDONLY -P '/wanted*' -- \
	"$WORKLOAD/opener" /wanted/one /unwanted /etc/hostname /wanted/two
is 'filters with a command' "$(jq -r 'select(.path).path' "$TMP/json" | paste -sd ' ')" '/wanted/one /wanted/two'

host_only
# --- more paths ---
opens=(/p/usr/lib/a.so /p/usr/lib/b.so.1 /p/usr/a.so /p/etc '/p/a*b' rel /p/usr/lib '')
filtered '-P: contained' '/lib' "${mine[@]}" -P '*/lib*'
filtered '-P: a whole path as what is contained' ' /p/etc$' "${mine[@]}" -P '*/p/etc*'
filtered '-P: several' '\.so$| /p/etc$|rel' "${mine[@]}" -P '*.so' -P /p/etc -P 'r*'
filtered '-P: not there' NOTHING "${mine[@]}" -P /p -P '*.so.' -P '/q*'
filtered '-P: longer than the path' NOTHING "${mine[@]}" -P '*/p/usr/lib/a.so/and/more*'
long=/p/$(printf 'long-%.0s' {1..700})
opens=("$long" "$long-end" "/p/${long}x")
filtered '-P: the end of a path of 3500 bytes' '-end$' "${mine[@]}" -P '*-long--end'
filtered '-P: its middle' '/p//p/' "${mine[@]}" -P '*/p//p/long-long*'
filtered '-P: its beginning' '^openat -1 [0-9]* /p/long' "${mine[@]}" -P '/p/long-*'

# --- more of how ---
flags 2 O_RDONLY NOTHING
flags 1 O_WRONLY .
flags 2 O_WRONLY NOTHING
flags 2 O_WRONLY,O_RDWR .
flags 1 O_WRONLY,O_RDWR .
flags 0 O_WRONLY,O_RDWR NOTHING
flags 02000000 O_CLOEXEC .
flags 02000000 O_CREAT NOTHING
flags 0101 O_RDONLY NOTHING
flags 02001 O_APPEND,O_CREAT .
flags 010000 O_SYNC NOTHING # O_DSYNC, which O_SYNC holds
flags 04010000 O_SYNC .
flags 0200000 O_TMPFILE NOTHING # O_DIRECTORY, which O_TMPFILE holds
flags 0200000 O_DIRECTORY .

# --- bad values: one line that names the value, status 2, and nothing is run ---
bad() {
	local value=$1
	shift
	rm -f "$TMP/ran"
	run timeout 10 "$OPENSNOOP" "$@"
	is "bad: ${*:0:60}" "$status $(wc -l <"$TMP/err") $(wc -c <"$TMP/out")" '2 1 0' || diag "$err"
	case $err in
	opensnoop:*"$value"*) pass 'and it is named' ;;
	*) fail "and it is named: $value" && diag "$err" ;;
	esac
}
gone=$(sh -c 'echo $$')
bad 12abc -p 12abc
bad -1 -p -1
bad '-p:' -p ''
bad 0 --ppid 0
bad 12abc --ppid 12abc
bad 0 -p 0
bad 99999999999 -p 99999999999
bad '-p:' -p "1,"
bad x -p 1,x
bad "$gone" -p "$gone"
bad 1x -t 1x
bad "$gone" -t "$gone"
bad nosuchuser -u nosuchuser
bad -2 -u -2
bad 4294967296 -u 4294967296
bad '-u:' -u ''
bad '-n:' -n ''
bad a-name-longer-than-any-comm -n a-name-longer-than-any-comm
bad /no/such/cgroup -c /no/such/cgroup
bad /tmp -c /tmp
bad '-c:' -c ''
bad ENOSUCH -E ENOSUCH
bad '-E:' -E ''
bad -5 -E -5
bad '-E:' -E ENOENT,
bad 99999 -E 99999
bad O_NOSUCH -f O_NOSUCH
bad '-f:' -f ''
bad '-f:' -f O_RDONLY,,O_RDWR
bad '-P:' -P ''
bad 'longer than' -P "$(printf 'x%.0s' {1..300})"
# shellcheck disable=SC2046 # words
bad "'x17'" $(printf -- '-P x%d ' {1..17})
bad 1e3 -d 1e3
bad -1 -d -1
bad '-d:' -d ''
bad 0 -d 0
bad nan -d nan
bad inf -d inf
bad 0x10 -d 0x10
bad 1d -d 1d
bad 0 --max-events 0
bad x --max-events x
bad 1.5 --max-events 1.5
bad NOSUCH -o NOSUCH
bad '-o:' -o ''
bad '-o:' -o PID,
bad PID -o PID,PID
bad '--to:' --to ''
bad stray stray
bad stray -x stray
bad --nosuch --nosuch
bad "'Z'" -Z
bad nosuchuser --user nosuchuser -- touch "$TMP/ran"
bad -p -p $$ -- touch "$TMP/ran"
bad -- --
bad follow --follow
bad user --user root
bad "'p'" -p
nok 'the command of a bad line is not run' [ -e "$TMP/ran" ]

for option in --help --usage -V --version; do
	run "$OPENSNOOP" "$option"
	is "$option: status, stderr" "$status $err" '0 '
	like "$option: says something" "$out" opensnoop
done
for word in list help; do
	run "$OPENSNOOP" -o "$word"
	is "-o $word" "$status $err $(awk '{ print $1 }' "$TMP/out" | paste -sd ' ')" \
		'0  TIME UID USER PID TID PPID COMM FD ERR ERRNAME FLAGS MODE CALL CGROUP MNTNS PIDNS EXE CWD FULLPATH PATH NOTE'
done
done_testing
