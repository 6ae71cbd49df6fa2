#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# When it begins, when it ends, and what it costs while nothing happens.

. "$(dirname "$0")/lib.sh"
need_bpf
host_only

# asleep PID: it has not woken for a while.
asleep() {
	local before

	before=$(switches "$1")
	sleep 0.2
	[ "$(switches "$1")" = "$before" ]
}

switches() {
	sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$1/status"
}

# --- the heading means tracing ---
mkfifo "$TMP/rows"
exec {rows}<>"$TMP/rows"
for try in 1 2 3 4 5; do
	"$OPENSNOOP" -P "/after/heading/$try" >"$TMP/rows" {rows}<&- &
	pid=$!
	read -r heading <&"$rows"
	# No process is made in between: the very next thing is an open.
	: <"/after/heading/$try"
	read -r -t 10 row <&"$rows"
	kill "$pid"
	wait "$pid"
	like "what comes right after the heading is seen, $try" "$heading / $row" "PATH / .*/after/heading/$try\$"
done 2>/dev/null
exec {rows}<&-

# --- one event alone ---
worst=0
for try in 1 2 3; do
	hold "/lone/$try"
	start "$OPENSNOOP" -v -P "/lone/$try" -p "$held,$$"
	# Long enough for it to have gone to sleep.
	wait_until asleep "$pid"
	begin=$(now)
	let_go
	wait_for "$TMP/started.out" "/lone/$try"
	took=$(since "$begin")
	[ "$took" -le "$worst" ] || worst=$took
	finish TERM
done
ok 'a lone event appears within a second' [ "$worst" -lt 1000000 ]
diag "the slowest of three took $((worst / 1000)) ms"

# --- idle ---
start "$OPENSNOOP" -v -P /nobody/opens/this
before=$(switches "$pid")
sleep 3
idle=$(($(switches "$pid") - before))
finish TERM
ok 'idle: at most two wake-ups a second' [ "$idle" -le 7 ]
diag "$idle in 3 seconds"

# The same after a burst: it must calm down again.
start "$OPENSNOOP" -v -P /burst
"$WORKLOAD/opener" -k -c 100000 /burst
wait_until grep -c /burst "$TMP/started.out"
wait_until asleep "$pid"
before=$(switches "$pid")
sleep 2
idle=$(($(switches "$pid") - before))
finish TERM
ok 'idle after a burst: the same' [ "$idle" -le 5 ]
diag "$idle in 2 seconds"

# --- -d ---
for seconds in 1 0.3 1.5 .5 0.999999; do
	begin=$(now)
	run "$OPENSNOOP" -d "$seconds" -P /nobody/opens/this
	took=$(since "$begin")
	is "-d $seconds: status" "$status $err" '0 '
	want=$(awk "BEGIN { print int($seconds * 1000000) }")
	ok "-d $seconds: as long as that" [ "$took" -ge "$want" ]
	ok "-d $seconds: and not much longer" [ "$took" -lt $((want + 2000000)) ]
done

# --- --max-events ---
for n in 1 7 5000; do
	run timeout 20 "$OPENSNOOP" -J --max-events "$n" --to "$TMP/json" -P /storm/max -- "$WORKLOAD/storm" -n 100000 /storm/max
	is "--max-events $n: so many" "$(events "$TMP/json") $(tail -n 1 "$TMP/json" | jq -r '"\(.type) \(.events)"')" "$n summary $n"
done
hold -c 100 /max/rows
start "$OPENSNOOP" -v --max-events 10 -P /max/rows
let_go
finish 0
is '--max-events without a command ends by itself' "$status $(grep -c /max/rows "$TMP/started.out")" '0 10'

# --- the end of what is traced ---
hold /end/of/p
start "$OPENSNOOP" -v -p "$held"
let_go
begin=$(now)
finish 0
took=$(since "$begin")
is '-p: status when the process has ended' "$status" 0
like '-p: and it is told' "$err" 'opensnoop: .*-p.*ended'
ok '-p: at once' [ "$took" -lt 2000000 ]
ok '-p: with all that it did' grep -q ' /end/of/p$' "$TMP/started.out"
hold /killed
start "$OPENSNOOP" -v -p "$held"
kill -KILL "$held"
finish 0
exec {go}>&-
is '-p: the same when it is killed' "$status" 0
hold -t /end/of/t
wait_until grep -q '^Threads:[[:space:]]2$' "/proc/$held/status"
thread=$(printf '%s\n' "/proc/$held/task"/* | sed 's|.*/||' | grep -vx "$held")
start "$OPENSNOOP" -v -t "$thread"
let_go
finish 0
is '-t: ends with the thread' "$status $(grep -c ' /end/of/t$' "$TMP/started.out")" '0 1'

# --- -v ---
run "$OPENSNOOP" -v -d 0.1 -P /nobody/opens/this
like '-v: says what is attached' "$err" 'opensnoop: attached: '
is '-v: ready, once' "$(grep -cx 'opensnoop: ready' "$TMP/err")" 1
is '-v: every line is from opensnoop' "$(grep -vc '^opensnoop: ' "$TMP/err")" 0

# --- nothing is left behind ---
if bpftool=$("$TOP/common/deps.sh" bpftool 2>/dev/null); then
	ids() { "$bpftool" prog show | sed -nE 's/^([0-9]+): .*/\1/p' | sort; }
	gone() { [ -z "$(comm -12 "$TMP/new" <(ids))" ]; }
	ids >"$TMP/before"
	start "$OPENSNOOP" -v -P /nobody/opens/this
	comm -13 "$TMP/before" <(ids) >"$TMP/new"
	ok 'programs are loaded while it runs' [ -s "$TMP/new" ]
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	ok 'and none is left when it has been killed' wait_until gone
fi
done_testing
