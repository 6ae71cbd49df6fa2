#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# In a PID namespace the numbers are the reader's, those that are taken as well as those that are shown.

. "$(dirname "$0")/lib.sh"
need_bpf
unshare -pf --mount-proc true 2>/dev/null || skip_all 'no PID namespace to be had'
export OPENSNOOP WORKLOAD

cat >"$TMP/inner" <<'END'
. "$TOP/tests/tool/lib.sh"
mkfifo "$OUT/go"
"$WORKLOAD/opener" -w /inner/one /inner/two <"$OUT/go" >/dev/null &
held=$!
exec {go}>"$OUT/go"
wait_until is_opener "$held"
start "$OPENSNOOP" -v -J -e -p "$held"
echo >&"$go"
exec {go}>&-
wait "$held"
finish 0
cp "$TMP/started.out" "$OUT/p.json"
cp "$TMP/started.err" "$OUT/p.err"
echo "$held $$ $status" >"$OUT/p"
"$OPENSNOOP" -J -e --to "$OUT/command.json" -- sh -c 'echo $$ >"$0"; "$WORKLOAD/family" >"$0.told"' "$OUT/command"
"$OPENSNOOP" -p 1 -d 0.1 >"$OUT/one" 2>&1
echo $? >>"$OUT/one"
"$OPENSNOOP" -p "$OUTER" >/dev/null 2>"$OUT/outer"
echo $? >>"$OUT/outer"
"$OPENSNOOP" -J -P /outer/noise -d 1 >"$OUT/noise"
END

# Noise from the outside, and a pid that is none inside.
"$WORKLOAD/opener" -w -k -c 1000000000 /outer/noise <<<go &
noise=$!
OUT=$TMP OUTER=$noise unshare -pf --mount-proc bash "$TMP/inner" >"$TMP/inner.out" 2>&1
kill "$noise"
wait "$noise" 2>/dev/null
[ ! -s "$TMP/inner.out" ] || diag "$(cat "$TMP/inner.out")"

read -r held shell status <"$TMP/p"
ok 'the numbers inside are small' [ "$held" -lt 300 ]
is '-p: status' "$status" 0
is '-p takes the pid of the namespace' "$(jq -r 'select(.path) | .path' "$TMP/p.json" | paste -sd ' ')" '/inner/one /inner/two'
is '-p: PID, TID and PPID are those of the namespace' \
	"$(jq -r 'select(.path) | "\(.pid) \(.tid) \(.ppid)"' "$TMP/p.json" | sort -u)" "$held $held $shell"
is 'COMMAND: its pid' "$(head -n 1 "$TMP/command.json" | jq .pid)" "$(cat "$TMP/command")"
is 'COMMAND: its descendants' "$(jq -r 'select(.path // "" | startswith("/family/")) | .path' "$TMP/command.json" | sort)" \
	"$(cut -d ' ' -f 4 "$TMP/command.told" | sort)"
is 'COMMAND: nobody from outside' "$(grep -c /outer "$TMP/command.json")" 0
is '-p 1 is the init of the namespace' "$(tail -n 1 "$TMP/one")" 0
is 'a pid of the outside is none here' "$(tail -n 1 "$TMP/outer") $(grep -c "^opensnoop: -p: .*$noise" "$TMP/outer")" '2 1'
is 'nobody from outside is shown' "$(events "$TMP/noise")" 0

# From outside, a process of an inner namespace has the outer number.
mkfifo "$TMP/inner-go"
unshare -pf --mount-proc "$WORKLOAD/opener" -w /from/outside <"$TMP/inner-go" >/dev/null &
unshare=$!
exec {go}>"$TMP/inner-go"
wait_until pgrep -P "$unshare"
held=$(pgrep -P "$unshare")
wait_until is_opener "$held"
inner=$(stat -L -c %i "/proc/$held/ns/pid")
start "$OPENSNOOP" -v -J -o +PIDNS,MNTNS -p "$held"
mntns=$(stat -L -c %i "/proc/$held/ns/mnt")
echo >&"$go"
exec {go}>&-
wait "$unshare"
finish 0
is 'from outside: its number there, and its namespaces' \
	"$(jq -r 'select(.path) | "\(.pid) \(.pidns) \(.mntns)"' "$TMP/started.out")" "$held $inner $mntns"
done_testing
