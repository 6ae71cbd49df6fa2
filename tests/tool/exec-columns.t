#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Each column of execsnoop says what ps(1), /proc and the program itself say.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
cd "$TMP" || exit
all=TIME,SINCE,UID,USER,LOGINUID,COMM,PCOMM,PID,TID,PPID,SESSION,TTY,RET,ERRNAME,STATUS,DUR,CGROUP,MNTNS,PIDNS,EXE,CWD,FILE,SCRIPT,INTERP,ANCESTORS,ENV,ARGS

# says NAME FILTER VALUE: of $record
says() {
	is "$1" "$(jq -r "$2" <<<"$record")" "$3"
}
from_ps() {
	ps -o "$1=" -p "$held" | tr -d ' '
}

# ancestors PID: NAME(PID) of its parents, up to the first process, as /proc has them.
ancestors() {
	local parent

	parent=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status")
	[ "$parent" != 0 ] || return
	printf '%s(%s)\n' "$(<"/proc/$parent/comm")" "$parent"
	ancestors "$parent"
}

# --- one that lives on, to be looked at: on a terminal, as somebody else, with a login ---
mkfifo go
before=$(date +%s)
cat >inside <<'END'
exec 3<go
echo 4242 >/proc/self/loginuid
cd /usr || exit
echo $$ >"$TMP/pid.new"
mv "$TMP/pid.new" "$TMP/pid"
read -r go <&3
exec /usr/bin/head -n 1 - <&3
END
chmod 755 inside
user=(env)
[ "$(id -u)" != 0 ] || user=(setpriv --reuid nobody --clear-groups)
chmod 777 .
script -qec "exec ${user[*]} sh inside" /dev/null </dev/null >script.out 2>&1 &
script=$!
exec {go}>go
wait_until test -e pid
held=$(<pid)
start "$EXECSNOOP" -v -J --env LANG,TERM -o $all -p "$held"
begun=$(now)
echo go >&"$go"
wait_for started.out '"comm":"head"'
after=$(since "$begun")
record=$(head -n 1 started.out)
says TIME '.time | type' string
time=$(date -d "$(jq -r .time <<<"$record")" +%s)
ok 'TIME is that of the wall clock, with its zone' [ "$time" -ge "$before" ] && [ "$time" -le "$(date +%s)" ]
says SINCE ".since | . >= 0 and . <= $after / 1000000 + 1" true
says UID .uid "$(from_ps ruid)"
says USER .user "$(from_ps ruser)"
login=$(<"/proc/$held/loginuid")
[ "$login" != 4294967295 ] || login=null
says LOGINUID .loginuid "$login"
says COMM .comm "$(from_ps comm)"
parent=$(from_ps ppid)
says PCOMM .pcomm "$(<"/proc/$parent/comm")"
says PID .pid "$held"
says TID .tid "$held"
says PPID .ppid "$parent"
says SESSION .session "$(from_ps sess)"
like 'there is a terminal' "$(from_ps tty)" '^pts/'
says TTY .tty "$(from_ps tty)"
says RET .ret 0
says ERRNAME .errname null
says STATUS .status null
says DUR .dur null
says CGROUP .cgroup "$(sed -n 's/^0:://p' "/proc/$held/cgroup")"
says MNTNS .mntns "$(stat -L -c %i "/proc/$held/ns/mnt")"
says PIDNS .pidns "$(stat -L -c %i "/proc/$held/ns/pid")"
says EXE .exe "$(readlink "/proc/$held/exe")"
says CWD .cwd "$(readlink "/proc/$held/cwd")"
says 'CWD is where it went' .cwd "$(cd /usr && pwd -P)"
says FILE .file /usr/bin/head
says SCRIPT .script null
says INTERP .interp null
says ANCESTORS '.ancestors[] | "\(.comm)(\(.pid))"' "$(ancestors "$held")"
tr '\0' '\n' <"/proc/$held/environ" | grep -E '^(LANG|TERM)=' | sort >want
jq -r '.env | to_entries[] | "\(.key)=\(.value)"' <<<"$record" | sort >seen
same ENV seen want
says ARGS '.args | join(" ")' "$(tr '\0' ' ' <"/proc/$held/cmdline" | sed 's/ $//')"
is 'numbers are numbers' \
	"$(jq -c '[.since, .uid, .pid, .tid, .ppid, .session, .ret, .mntns, .pidns] | map(type) | unique' <<<"$record")" '["number"]'
echo end >&"$go"
exec {go}>&-
wait "$script"
finish 0

# --- the numbers are the reader's ---
boot=$(stat -L -c %i /proc/self/ns/pid)
if unshare -pf --mount-proc true 2>/dev/null; then
	run unshare -pf --mount-proc "$EXECSNOOP" -J -x -o +TID,EXE,FILE --to json -- "$EXECS" run "$TOLD" zero one
	normal json json | sed 1d >seen
	same 'in a PID namespace: those that the program has there' seen out
	run "$EXECSNOOP" -J --exit -o +PIDNS --to json -- unshare -pf --mount-proc "$TOLD"
	record=$(of 'select(.comm == "told" and .status == null)' json)
	is 'from outside: those of the outside' "$(cut -d ' ' -f 2 out) $(jq .pid <<<"$record")" \
		"1 $(of 'select(.comm == "told") | .pid' json | tail -n 1)"
	ok 'from outside: it is no 1' [ "$(jq .pid <<<"$record")" -gt 1 ]
	ok 'from outside: another namespace' [ "$(jq .pidns <<<"$record")" != "$boot" ]
else
	skip 'in a PID namespace' 'there is none to be had'
fi

# --- of a failure ---
run "$EXECSNOOP" -J -x -o $all --to json -- /bin/sh -c 'cd /usr; exec bin/missing a b'
record=$(of 'select(.ret != 0)' json)
says 'of a failure: RET' .ret -2
says 'of a failure: ERRNAME' .errname ENOENT
says 'of a failure: COMM of the caller' .comm sh
says 'of a failure: FILE' .file bin/missing
says 'of a failure: EXE' .exe /usr/bin/missing
says 'of a failure: CWD' .cwd /usr
says 'of a failure: ARGS' '.args | join(" ")' 'bin/missing a b'
says 'of a failure: NOTE' .note '(ENOENT bin/missing)'
says 'of a failure: SCRIPT' .script null

host_only
# --- the same in a row, each column alone and all together ---
# row OPTION...: of a program that told executes; leaves $heading and $row.
row() {
	run "$EXECSNOOP" "$@" --to rows -- env -i LANG=x "$TOLD" a 'b c'
	heading=$(sed -n 1p rows | tr -s ' ' | sed 's/^ //')
	row=$(tail -n 1 rows | tr -s ' ' | sed 's/^ //; s/\t.*//')
}
row
read -r _ id ppid _ <out
is 'default heading' "$heading" 'COMM PID PPID RET ARGS'
is 'default row' "$row" "told $id $ppid 0 $TOLD a 'b c'"
# column NAME REGEX [OPTION...]
column() {
	row -o "$1" "${@:3}"
	is "-o $1: heading" "$heading" "$1"
	read -r _ id ppid _ <out
	like "-o $1" "$row" "^$2\$"
}
column TIME '[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]+'
column SINCE '[0-9]+\.[0-9]{3}'
column UID "$(id -u)"
column USER "$(id -un)"
login=$(</proc/self/loginuid)
[ "$login" != 4294967295 ] || login=-
column LOGINUID "$login"
column COMM told
column PCOMM execsnoop
column PID '[0-9]+'
is '-o PID: the one that the program has' "$row" "$id"
column TID '[0-9]+'
is '-o TID: the same' "$row" "$id"
column PPID '[0-9]+'
is '-o PPID: the one that the program has' "$row" "$ppid"
column SESSION "$(ps -o sess= -p $$ | tr -d ' ')"
tty=$(ps -o tty= -p $$)
[ "$tty" != '?' ] || tty=-
column TTY "$tty"
column RET 0
column ERRNAME -
column STATUS -
column DUR -
column CGROUP "$(sed -n 's/^0:://p' /proc/self/cgroup)"
column MNTNS "$(stat -L -c %i /proc/self/ns/mnt)"
column PIDNS "$boot"
column EXE "$(realpath "$TOLD")"
column CWD "$(pwd -P)"
column FILE "$TOLD"
column SCRIPT -
column INTERP -
column ANCESTORS 'execsnoop\([0-9]+\)<.*\(1\)'
row -o ANCESTORS
is '-o ANCESTORS: all of them' "${row#*<}" "$(ancestors $$ | sed "1i$(<"/proc/$$/comm")($$)" | paste -sd '<')"
column ENV LANG=x --env LANG
column ENV LANG=x
column ARGS "$TOLD a 'b c'"
row -o $all --env LANG
is 'all columns at once: as many values as names' "$(wc -w <<<"$row")" "$(($(wc -w <<<"$heading") + 3))"
row -T
is '-T' "$heading" 'TIME COMM PID PPID RET ARGS'
row -t
is '-t' "$heading" 'SINCE COMM PID PPID RET ARGS'
row -U
is '-U' "$heading" 'UID COMM PID PPID RET ARGS'
row -e
is '-e' "$heading" "$(tr , ' ' <<<"${all/ENV,/}")"
row -e --env LANG
is '-e --env' "$heading" "$(tr , ' ' <<<"$all")"
row --env LANG
is '--env' "$heading" 'COMM PID PPID RET ENV ARGS'
row --exit
is '--exit' "$heading" 'COMM PID PPID RET STATUS DUR ARGS'
row -o +pcomm,Exe
is '-o +' "$heading" 'COMM PCOMM PID PPID RET EXE ARGS'
run "$EXECSNOOP" --no-header --to rows -- "$TOLD"
is '--no-header' "$(wc -l <rows)" 1

# --- rows and heading stand in line ---
# starts FILE WORD: at which column of the screen the word begins in each line.
# The texts are to the left, and the numbers to the right.
aligned() {
	awk 'NR == 1 { args = index($0, "ARGS"); comm = index($0, "COMM"); ends = index($0, "PPID") + 3; next }
		substr($0, 1, 1) == " " || substr($0, args - 1, 1) != " " || substr($0, args, 1) == " " ||
		substr($0, ends + 1, 1) != " " || substr($0, ends, 1) == " " { print "line " NR ": " $0; bad = 1 }
		END { exit bad || comm != 1 || NR < 4 }' "$1"
}
for option in -x --exit; do
	run "$EXECSNOOP" "$option" --to rows -- sh -c '/no/such/program x; "$0"; cat /dev/null; exit 3' "$TOLD"
	ok "rows and heading stand in line $option" aligned rows
	is "and do not grow $option" "$(awk 'NR > 1 { sub(/(sh -c|\/no\/such|cat|\/.*told).*/, ""); if (length > 56) print }' rows)" ''
done
cp "$TOLD" exactly-15-long
run "$EXECSNOOP" -o COMM,PID,RET,UID,ARGS --to rows -- env ./exactly-15-long x
like 'a name of 15 bytes does not run into the next column' "$(tail -n 1 rows)" "^exactly-15-long +[0-9]+ +0 +[0-9]+ ./exactly-15-long x\$"
if [ "$(id -u)" = 0 ]; then
	chmod 755 exactly-15-long
	run "$EXECSNOOP" -U --to rows -- setpriv --reuid 4294967294 --clear-groups "$TMP/exactly-15-long"
	like 'nor does a UID of 10 digits' "$(tail -n 1 rows)" '^4294967294 exactly-15-long +[0-9]+ +[0-9]+ +0 /'
fi
done_testing
