#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A storm of executions: in order, none lost where none need be, and what is lost counted, exactly.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
export PIPE=$TMP/pipe
mkfifo "$PIPE" "$TMP/go"
# What costs least to execute, by a name that is its own.
cp "$STATIC" "$TMP/storm-static"

# storm COUNT FILE [ARG]: prepare as many executions on each of two processors, to begin once let_storm is
# called; that leaves $made.
storm() {
	"$EXECS" storm "$@" <"$TMP/go" >"$TMP/said" &
	storm=$!
	exec {go}>"$TMP/go"
}
let_storm() {
	echo >&"$go"
	exec {go}>&-
	wait "$storm"
	made=$(<"$TMP/said")
}

if preempts; then
	storm "$(many 10000)" "$TMP/storm-static"
	start "$EXECSNOOP" -v -J -n storm-static
	let_storm
	finish TERM
	lost=$(tail -n 1 "$TMP/started.out" | jq .lost)
	ok 'no more is missing than is told' [ $(($(events "$TMP/started.out") + lost)) -ge "$made" ]
	ok 'which is little' [ "$lost" -lt $((made / 5)) ]
	lacks 'a storm: nothing is lost' 'programs at tracepoints are preempted, and may be left out meanwhile'
	done_testing
fi

# --- 20,000 executions across two CPUs ---
for where in file pipe; do
	storm "$(many 10000)" "$TMP/storm-static"
	if [ $where = file ]; then
		start "$EXECSNOOP" -v -J -T --exit -n storm-static
		let_storm
		finish TERM
		mv "$TMP/started.out" "$TMP/got"
	else
		cat "$PIPE" >"$TMP/got" &
		cat=$!
		start sh -c 'exec "$0" "$@" >"$PIPE"' "$EXECSNOOP" -v -J -T --exit -n storm-static
		let_storm
		finish TERM
		wait "$cat"
	fi
	# One pass: what is told of each, that nothing is told twice, and that the end comes after the beginning.
	jq -r 'select(has("type") | not) | [.time, .pid, .args[2], .status] | @tsv' "$TMP/got" >"$TMP/seen"
	is "20,000 executions into a $where: all of them" "$status $(awk -F '\t' '$4 == ""' "$TMP/seen" | wc -l)" "0 $made"
	is "20,000 executions into a $where: and their ends" "$(awk -F '\t' '$4 == "0"' "$TMP/seen" | wc -l)" "$made"
	is "20,000 executions into a $where: each once" \
		"$(awk -F '\t' '$4 == "" { print $3 }' "$TMP/seen" | sort -u | wc -l)" "$made"
	is "20,000 executions into a $where: TIME never goes back" \
		"$(awk -F '\t' '$1 < last { print last, $0 } { last = $1 }' "$TMP/seen" | head -n 3)" ''
	is "20,000 executions into a $where: each end is that of its own execution" \
		"$(awk -F '\t' '$4 == "" { begun[$2] = $3; next } begun[$2] != $3' "$TMP/seen" | head -n 3)" ''
	[ "$(nproc)" -lt 2 ] ||
		is "20,000 executions into a $where: both processors were at it" "$(cut -f 3 "$TMP/seen" | cut -d - -f 1 | sort -u | paste -sd ' ')" '0 1'
	is "20,000 executions into a $where: nothing lost" "$(tail -n 1 "$TMP/got" | jq .lost)" 0
	nok 'and not a word about losses' grep -q lost "$TMP/started.err"
	diag "$(awk -F '\t' '{ c = substr($3, 1, 1); n += c != last; last = c } END { print n }' "$TMP/seen") changes from one processor to the other"
done

storm "$(many 10000)" "$TMP/storm-missing"
start "$EXECSNOOP" -v -J -x -l storm-missing
let_storm
finish TERM
is '20,000 failures: each once' \
	"$(of 'select(.ret == -2) | .args[2]' "$TMP/started.out" | sort -u | wc -l) $(events "$TMP/started.out")" "$made $made"
is '20,000 failures: nothing lost' "$(tail -n 1 "$TMP/started.out" | jq .lost)" 0

# --- a reader that does not read ---
# Held open for reading, as {reader}, and not read.
open_pipe() {
	local both

	exec {both}<>"$PIPE"
	exec {reader}<"$PIPE" {both}<&-
}

# Is one printed that began after the storm? Each counts as one more that was made.
caught_up() {
	tail -n 1 "$TMP/got" | grep -q probe && return
	"$TMP/storm-static" silent probe
	made=$((made + 1))
	return 1
}

# Without so much more there would be room for all of it.
big=$(head -c $((30000000 / $(many 10000))) /dev/zero | tr '\0' b)
for format in JSON rows ends; do
	options=(-v -n storm-static)
	[ $format = rows ] || options+=(-J)
	[ $format != ends ] || options+=(--exit)
	storm "$(many 10000)" "$TMP/storm-static" "$big"
	open_pipe
	start sh -c 'exec "$0" "$@" >"$PIPE"' "$EXECSNOOP" "${options[@]}"
	let_storm
	cat <&"$reader" >"$TMP/got" &
	cat=$!
	exec {reader}<&-
	wait_until caught_up
	wait_for "$TMP/started.err" 'events lost so far'
	finish TERM
	wait "$cat"
	seen=$(grep -c storm-static "$TMP/got")
	# Each has a line more.
	[ $format != ends ] || made=$((2 * made))
	if [ $format != rows ]; then
		last=$(tail -n 1 "$TMP/got")
		lost=$(jq .lost <<<"$last")
		is "a stalled reader, $format: the reasons add up" \
			"$(jq '[to_entries[] | select(.key | startswith("lost_")).value] | add' <<<"$last")" "$lost"
		is "a stalled reader, $format: the summary counts what was printed" "$(jq .events <<<"$last")" "$seen"
	else
		lost=$(sed -n 's/^execsnoop: \([0-9]*\) events lost in all.*/\1/p' "$TMP/started.err")
	fi
	is "a stalled reader, $format: seen + lost = done" "$((seen + lost))" "$made"
	ok "a stalled reader, $format: there was something to lose" [ "$lost" -gt 0 ]
	diag "seen $seen, lost $lost"
done
done_testing
