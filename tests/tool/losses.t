#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Nothing is lost where nothing need be, and what is lost is counted: seen + lost is what was done, exactly.

. "$(dirname "$0")/lib.sh"
need_bpf
export PIPE=$TMP/pipe
mkfifo "$PIPE" "$TMP/go"

# storm OPTION...: prepare build/workload/storm, to begin once let_storm is called; that leaves $made.
storm() {
	"$WORKLOAD/storm" -w "$@" <"$TMP/go" >"$TMP/told" &
	storm=$!
	exec {go}>"$TMP/go"
}
let_storm() {
	echo >&"$go"
	exec {go}>&-
	wait "$storm"
	read -r made _ <"$TMP/told"
}

touch "$TMP/there"

# --- two processes, 400,000 opens ---
for where in file pipe; do
	for path in "$TMP/storm-missing" "$TMP/there"; do
		storm -p 2 -n "$(many 200000)" "$path"
		if [ $where = file ]; then
			start "$OPENSNOOP" -v -P "$path"
			let_storm
			finish TERM
			mv "$TMP/started.out" "$TMP/got"
		else
			cat "$TMP/pipe" >"$TMP/got" &
			cat=$!
			start sh -c 'exec "$0" "$@" >"$PIPE"' "$OPENSNOOP" -v -P "$path"
			let_storm
			finish TERM
			wait "$cat"
		fi
		is "400,000 opens into a $where: $path" "$status $(grep -c " $path\$" "$TMP/got") $made" "0 $made $((2 * $(many 200000)))"
		nok 'and not a word about losses' grep -q lost "$TMP/started.err"
	done
done

# More tasks than can be kept up with: what is lost is counted.
storm -p 2 -t 8 -n "$(many 20000)" "$TMP/storm-threads"
start "$OPENSNOOP" -v -J -P "$TMP/storm-threads"
let_storm
finish TERM
seen=$(events "$TMP/started.out") lost=$(tail -n 1 "$TMP/started.out" | jq .lost)
is '16 threads: seen + lost = done' "$((seen + lost))" "$made"
diag "seen $seen, lost $lost"

# --- a reader that does not read ---
# open_pipe: hold the pipe open for reading, as {reader}, and read nothing.
open_pipe() {
	local both

	exec {both}<>"$PIPE"
	exec {reader}<"$PIPE" {both}<&-
}

# Is a new open printed? It counts as one more that was made.
caught_up() {
	"$WORKLOAD/opener" -k "$TMP/storm-probe-$made"
	made=$((made + 1))
	tail -n 1 "$TMP/got" | grep -q "$TMP/storm-probe-$((made - 1))"
}

for format in JSON rows; do
	options=(-v -P "$TMP/storm-*")
	[ $format = rows ] || options+=(-J)
	storm -p 2 -n "$(many 500000)" "$TMP/storm-stalled"
	open_pipe
	start sh -c 'exec "$0" "$@" >"$PIPE"' "$OPENSNOOP" "${options[@]}"
	let_storm
	cat <&"$reader" >"$TMP/got" &
	cat=$!
	exec {reader}<&-
	wait_until caught_up
	wait_for "$TMP/started.err" 'events lost so far'
	finish TERM
	wait "$cat"
	seen=$(grep -c "$TMP/storm-" "$TMP/got")
	if [ $format = JSON ]; then
		last=$(tail -n 1 "$TMP/got")
		lost=$(jq .lost <<<"$last")
		is 'a stalled reader, JSON: the reasons add up' \
			"$(jq '.lost_ring_full + .lost_busy + .lost_recursion + .lost_output' <<<"$last")" "$lost"
		ok 'a stalled reader, JSON: losses were told while they grew' grep -q '"type":"lost"' "$TMP/got"
		is 'a stalled reader, JSON: the summary counts what was printed' "$(jq .events <<<"$last")" "$seen"
	else
		lost=$(sed -n 's/^opensnoop: \([0-9]*\) events lost in all.*/\1/p' "$TMP/started.err")
	fi
	if has_loops; then
		is "a stalled reader, $format: seen + lost = done" "$((seen + lost))" "$made"
	else
		# Where paths are not looked at in the kernel, others than these may be lost.
		ok "a stalled reader, $format: seen + lost are no less than done" [ "$((seen + lost))" -ge "$made" ]
	fi
	ok "a stalled reader, $format: there was something to lose" [ "$lost" -gt 0 ]
	like "a stalled reader, $format: it is told on stderr" "$err" "opensnoop: [0-9]+ events lost"
	lines=$(grep -c 'events lost so far' "$TMP/started.err")
	ok "a stalled reader, $format: at most once a second" [ "$lines" -le "$SECONDS" ]
	diag "seen $seen, lost $lost, told $lines times before the end"
done

# --- a reader that never reads again does not keep it from ending ---
storm -p 2 -n "$(many 200000)" "$TMP/storm-dead"
open_pipe
start sh -c 'exec "$0" "$@" >"$PIPE"' "$OPENSNOOP" -v -P "$TMP/storm-dead"
let_storm
begin=$(now)
kill "$pid"
(
	sleep 10
	kill -KILL "$pid"
) 2>/dev/null &
late=$!
finish 0
took=$(since "$begin")
kill "$late" 2>/dev/null
ok 'SIGTERM while nobody reads: it ends within five seconds' [ "$took" -lt 5000000 ]
diag "$((took / 1000)) ms, status $status"
cat <&"$reader" >"$TMP/got"
exec {reader}<&-
# The last line may be cut where the pipe was full.
seen=$(grep -c "$TMP/storm-dead\$" "$TMP/got")
lost=$(sed -n 's/^opensnoop: \([0-9]*\) events lost in all.*/\1/p' "$TMP/started.err")
is 'and what was not written is counted' "$((seen + ${lost:-0}))" "$made"

# Nor from ending with COMMAND, whose end comes while it waits for that reader.
open_pipe
begin=$(now)
# shellcheck disable=SC2016 # for the other shell
timeout -s KILL 20 "$OPENSNOOP" -P "$TMP/storm-dead" -- sh -c 'exec "$0" -n "$2" "$1" >/dev/null' \
	"$WORKLOAD/storm" "$TMP/storm-dead" "$(many 200000)" >"$PIPE" 2>"$TMP/err"
is 'COMMAND ends while nobody reads: status' "$?" 125
took=$(since "$begin")
exec {reader}<&-
ok 'COMMAND ends while nobody reads: it ends within ten seconds' [ "$took" -lt 10000000 ]

# --- nobody can blind it ---
"$OPENSNOOP" -J -o +CALL -P /park/probe -P "$TMP/fifo" --to "$TMP/json" -- \
	"$WORKLOAD/park" "$TMP/fifo" 2000 >"$TMP/told" 2>"$TMP/err"
is '2000 threads parked in open(2): status' "$?" 0
is 'an open while they are parked is seen' "$(jq -r 'select(.path == "/park/probe") | .err' "$TMP/json")" 2
opened=$(sed -n 's/^opened //p' "$TMP/told")
is 'and so are theirs, when they come back' \
	"$(jq -r --arg fifo "$TMP/fifo" 'select(.path == $fifo and .fd >= 0) | .fd' "$TMP/json" | wc -l)" "$((opened + 1))"
if preempts; then
	lacks 'and nothing is lost' 'what is left out, perhaps of others, is told'
else
	is 'and nothing is lost' "$(tail -n 1 "$TMP/json" | jq .lost)" 0
fi
done_testing
