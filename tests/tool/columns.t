#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Each column says what /proc says.

. "$(dirname "$0")/lib.sh"
need_bpf

cd "$TMP" || exit
hold "$TMP/missing"
start "$OPENSNOOP" -v -J -p "$held" \
	-o TIME,UID,USER,PID,TID,PPID,COMM,FD,ERR,ERRNAME,FLAGS,MODE,CALL,CGROUP,MNTNS,PIDNS,EXE,CWD,FULLPATH,PATH,NOTE
cgroup=$(sed -n 's/^0:://p' "/proc/$held/cgroup")
mntns=$(stat -L -c %i "/proc/$held/ns/mnt")
pidns=$(stat -L -c %i "/proc/$held/ns/pid")
before=$(date +%s)
let_go
finish 0
after=$(date +%s)
record=$(head -n 1 "$TMP/started.out")
says() {
	is "$1" "$(jq -r "$2" <<<"$record")" "$3"
}
says uid .uid "$(id -u)"
says user .user "$(id -un)"
says pid .pid "$held"
says tid .tid "$held"
says ppid .ppid $$
says comm .comm opener
says fd .fd -1
says err .err 2
says errname .errname ENOENT
says flags .flags O_RDONLY
says mode .mode null
says call .call openat
says cgroup .cgroup "$cgroup"
says mntns .mntns "$mntns"
says pidns .pidns "$pidns"
says exe .exe "$(realpath "$WORKLOAD/opener")"
says cwd .cwd "$(pwd -P)"
says path .path "$TMP/missing"
says fullpath .fullpath "$TMP/missing"
says note .note null
is 'numbers are numbers' "$(jq -c '[.uid, .pid, .tid, .ppid, .fd, .err, .mntns, .pidns] | map(type) | unique' <<<"$record")" '["number"]'
time=$(date -d "$(jq -r .time <<<"$record")" +%s)
ok 'time is that of the wall clock, with its zone' [ "$time" -ge "$before" ] && [ "$time" -le "$after" ]

host_only
# In rows and through the short options.
row() {
	run "$OPENSNOOP" --to "$TMP/rows" -P "$TMP/new" "$@" -- "$WORKLOAD/opener" -f 0101 "$TMP/new"
	rm -f "$TMP/new"
	heading=$(sed -n 1p "$TMP/rows" | tr -s ' ' | sed 's/^ //')
	row=$(sed -n 2p "$TMP/rows" | tr -s ' ' | sed 's/^ //')
}
row
is 'default heading' "$heading" 'PID COMM FD ERR PATH'
like 'default row' "$row" "^[0-9]+ opener 3 0 $TMP/new\$"
row -T
is '-T: heading' "$heading" 'TIME PID COMM FD ERR PATH'
like '-T: row' "$row" '^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]+ [0-9]+ opener '
row -U
is '-U: heading' "$heading" 'UID PID COMM FD ERR PATH'
like '-U: row' "$row" "^$(id -u) [0-9]+ opener "
row -e
is '-e: heading' "$heading" 'PID TID PPID COMM FD ERR FLAGS MODE PATH'
like '-e: row' "$row" '^([0-9]+) [0-9]+ [0-9]+ opener 3 0 O_WRONLY\|O_CREAT 0?600 '
row -T -U -e
is '-T -U -e: heading' "$heading" 'TIME UID PID TID PPID COMM FD ERR FLAGS MODE PATH'
row -o PATH,PID
is '-o: the columns in that order' "$heading" 'PATH PID'
like '-o: row' "$row" "^$TMP/new [0-9]+\$"
row -o +errname,User
is '-o +: as well, in their places; names in any case' "$heading" 'USER PID COMM FD ERR ERRNAME PATH'
like '-o +: row' "$row" "^$(id -un) [0-9]+ opener 3 0 [^ ]+ $TMP/new\$"
row -o +COMM
is '-o +: one that is shown already' "$heading" 'PID COMM FD ERR PATH'
row -e -o PID,CALL
like '-e -o: both' "$heading" '^PID .*CALL'
row --no-header
like '--no-header' "$heading" '^[0-9]+ opener'

# Every column at once, and no two values run together.
row -o TIME,UID,USER,PID,TID,PPID,COMM,FD,ERR,ERRNAME,FLAGS,MODE,CALL,CGROUP,MNTNS,PIDNS,EXE,CWD,FULLPATH,PATH
is 'all columns: as many values as names' "$(wc -w <<<"$row")" "$(wc -w <<<"$heading")"
run env TZ=UTC "$OPENSNOOP" -J -T --to "$TMP/json" -- true
like 'TZ is honoured' "$(jq -r 'select(.path) | .time' "$TMP/json" | head -n 1)" '(Z|\+00:00)$'
run env TZ=IST-05:30 "$OPENSNOOP" -J -T --to "$TMP/json" -- true
like 'TZ is honoured, 5:30 east' "$(jq -r 'select(.path) | .time' "$TMP/json" | head -n 1)" '\+05:30$'

# A comm of 15 bytes, a uid of 10 digits and a large fd stay in their columns.
if [ "$(id -u)" = 0 ]; then
	run "$OPENSNOOP" -U --to "$TMP/rows" -P "$TMP/missing" -- setpriv --reuid 4294967294 --clear-groups \
		"$WORKLOAD/opener" -n exactly-15-long "$TMP/missing"
	# setpriv itself may not be asked to look: only the row of opener has the name.
	row=$(grep exactly "$TMP/rows" | tr -s ' ' | sed 's/^ //')
	like 'wide values do not run together' "$row" "^4294967294 [0-9]+ exactly-15-long -1 [0-9]+ $TMP/missing\$"
fi
done_testing
