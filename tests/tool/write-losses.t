#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Nothing is lost where nothing need be, and what is lost is counted: seen + lost is what was done, exactly.

. "$(dirname "$0")/write-lib.sh"
need_bpf
export PIPE=$TMP/pipe
mkfifo "$PIPE" "$TMP/go" "$TMP/told"
# In memory: no disk is to be measured.
work=$(mktemp -d /dev/shm/snoop-test.XXXXXX) || skip_all 'no /dev/shm'
trap 'cleanup; rm -rf "$work"' EXIT

# writers OPTION...: prepare build/workload/writer, to begin once let_go is called; that leaves $made. It and
# its children are those of "${whom[@]}"; what it prints goes into a pipe, and is no event.
exec {told}<>"$TMP/told"
writers() {
	rm -f "$work/file"
	"$WORKLOAD/writer" -w "$@" "$work/file" <"$TMP/go" >"$TMP/told" &
	writers=$!
	whom=(-p "$writers" --follow)
	exec {go}>"$TMP/go"
}
let_go() {
	echo >&"$go"
	exec {go}>&-
	wait "$writers"
	read -r made _ <&"$told"
}
# lost: of $TMP/started.err, by the end.
lost() {
	sed -n 's/^writesnoop: \([0-9]*\) events lost in all.*/\1/p' "$TMP/started.err"
}

# --- two processes, two million writes ---
each=$(many 1000000)
for where in file pipe; do
	writers -p 2 -c "$each"
	if [ $where = file ]; then
		start "$WRITESNOOP" -v "${whom[@]}" --writes-only -P "$work/file" --to "$work/got"
		let_go
		finish 0
	else
		wc -l <"$PIPE" >"$TMP/got" &
		wc=$!
		start sh -c 'exec "$0" "$@" >"$PIPE"' "$WRITESNOOP" -v --no-header "${whom[@]}" --writes-only -P "$work/file"
		let_go
		finish 0
		wait "$wc"
	fi
	[ $where = pipe ] || grep -c "^ *[0-9]* writer  *write  *[0-9]*  *2 $work/file\$" "$work/got" >"$TMP/got"
	seen=$(<"$TMP/got") lost=$(lost)
	is "2,000,000 writes into a $where: seen + lost = done" "$status $((seen + ${lost:-0})) $made" "0 $((2 * each)) $((2 * each))"
	diag "seen $seen, lost ${lost:-0}"
	ok "into a $where: and most are seen" [ "$seen" -gt "$each" ]
	is "into a $where: the file has them all" "$(stat -c %s "$work/file")" $((4 * each))
	rm -f "$work/got"
done

# With their data, and of eight processes.
writers -p 8 -c "$(many 50000)"
start "$WRITESNOOP" -v -J "${whom[@]}" --writes-only -s 16 -P "$work/file"
let_go
finish 0
last=$(tail -n 1 "$TMP/started.out")
is '8 processes, with data: seen + lost = done' "$(($(events "$TMP/started.out") + $(jq .lost <<<"$last")))" "$made"
is 'and each has its own' "$(grep -v '"type"' "$TMP/started.out" | grep -vc '"data":"42"}$')" 0
diag "$last"

# --- a reader that does not read, until they have all been made ---
writers -p 2 -c "$(many 500000)"
exec {both}<>"$PIPE"
exec {reader}<"$PIPE" {both}<&-
start sh -c 'exec "$0" "$@" >"$PIPE"' "$WRITESNOOP" -v -J -o CALL "${whom[@]}" --writes-only -P "$work/file"
let_go
cat <&"$reader" >"$work/got" &
cat=$!
exec {reader}<&-
finish 0
wait "$cat"
last=$(tail -n 1 "$work/got")
seen=$(events "$work/got") lost=$(jq .lost <<<"$last")
is 'a stalled reader: seen + lost = done' "$status $((seen + lost))" "0 $made"
ok 'a stalled reader: there was something to lose' [ "$lost" -gt 0 ]
is 'a stalled reader: the reasons add up' \
	"$(jq '.lost_ring_full + .lost_busy + .lost_recursion + .lost_output + .lost_memory + .lost_map_full' <<<"$last")" "$lost"
is 'a stalled reader: the summary counts what was printed' "$(jq .events <<<"$last")" "$seen"
like 'a stalled reader: it is told on stderr' "$err" "writesnoop: $lost events lost in all"
diag "seen $seen: $last"
done_testing
