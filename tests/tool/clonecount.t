#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# clonecount: every task is counted once, under the right name and in the right interval.

. "$(dirname "$0")/clone-lib.sh"
need_bpf
cd "$TMP" || exit

counts='"\(.proc) \(.thread) \(.vfork) \(.kthread) \(.iowrk) \(.fail) \(.total)"'

# --- exact, on two processors at once ---
run "$CLONECOUNT" -J --to json 0.2 -- "$CLONES" -c "$(many 200000)" -p 2
made=$(<out) lost=$(typed summary .lost_recursion json)
is 'a storm: the intervals together are all of it' "$(of .total json | awk '{ n += $1 } END { print n }')" "$(typed total .total json)"
is 'a storm: so are their sums' "$(typed sum .total json | awk '{ n += $1 } END { print n }')" "$(typed total_sum .total json)"
ok 'a storm: there were several' [ "$(of .total json | wc -l)" -gt 3 ]
is 'a storm: what is lost is told' "$(typed summary .lost json)" "$lost"
if preempts && [ "$lost" -gt 0 ]; then
	lacks 'a storm: nothing is lost' 'programs at system calls are preempted, and may be left out meanwhile; that is told'
	missing=$((made - $(typed total_sum .total json)))
	ok 'a storm: no more is missing than what is lost' [ "$missing" -le "$lost" ]
	ok 'a storm: which is little' [ "$missing" -lt $((made / 20)) ]
	diag "$missing missing, lost $lost"
else
	is 'a storm: the total' "$(typed total_sum "$counts" json)" "2 0 $((made - 2)) 0 0 0 $made"
	is 'a storm: which is what the workload tells' "$(typed total_sum .total json)" "$made"
	run "$CLONECOUNT" -J --by pid --to json -- "$CLONES" -c "$(many 20000)" -p 2
	is 'each of the two by itself' "$(typed total .total json | paste -sd ' ')" "$(($(many 20000) / 2)) $(($(many 20000) / 2)) 2"
fi

# --- kinds ---
run "$CLONECOUNT" -J --to json -- "$CLONES"
cp out told
# * is what system(3) and popen(3) do.
of_kind() {
	grep -c "^$1 .* 0 [^ ]*$" told
}
either=$(of_kind '\*') fail=$(grep -cv ' 0 [^ ]*$' told)
is 'threads and failures' "$(typed total_sum '"\(.thread) \(.fail)"' json)" "$(of_kind thread) $fail"
is 'processes, waited for or not' "$(typed total_sum '.proc + .vfork' json)" "$(($(of_kind process) + $(of_kind vfork) + either))"
is 'the total is of what was made' "$(typed total_sum .total json)" "$(grep -c ' 0 [^ ]*$' told)"
run "$CLONECOUNT" -J -e --to json -- "$CLONES"
is '-e: failures by their errors' "$(typed total 'select(.errname) | "\(.errname) \(.fail) \(.total)"' json | sort | paste -sd ,)" \
	"$(awk '$4 { print $4 }' told | sort -n | uniq -c |
		awk '{ print ($2 == 11 ? "EAGAIN" : $2 == 14 ? "EFAULT" : $2 == 22 ? "EINVAL" : $2), $1, 0 }' | sort | paste -sd ,)"
mkdir ring
if "$WORKLOAD/iouring" "$TMP/ring" async >/dev/null 2>&1; [ $? -ne 77 ]; then
	rm -rf ring && mkdir ring
	run "$CLONECOUNT" -J --to json -- "$WORKLOAD/iouring" "$TMP/ring" async
	ok 'workers of io_uring' [ "$(typed total_sum .iowrk json)" -gt 0 ]
else
	skip 'workers of io_uring' 'this kernel gives us no io_uring'
fi
start "$CLONECOUNT" -v -J -n kthreadd 0.1
if [ "$(id -u)" = 0 ] && kernel_thread; then
	ok 'a thread of the kernel' wait_for started.out '"kthread":[1-9]'
else
	skip 'a thread of the kernel' 'nothing here that starts one'
fi
finish

# --- whom by ---
# by WHAT FILTER SCRIPT: the rows of all of it; the script makes one process in each of two ways.
by() {
	run "$CLONECOUNT" -J --by "$1" --to json -- sh -c "$3" "$CLONES"
	typed total "$2" json | sort | paste -sd ,
}
one='"$0" -c 1 >/dev/null'
is '--by comm' "$(by comm '"\(.comm) \(.total)"' ": & wait; $one; :")" 'clones 2,sh 2'
is '--by exe' "$(by exe '"\(.exe) \(.total)"' "$one; :")" \
	"$(printf '%s\n' "$(realpath "$CLONES") 2" "$(realpath "$(type -P sh)") 1" | sort | paste -sd ,)"
is '--by pid' "$(by pid '.pid' 'echo $$; : & wait')" "$(cat out)"
is '--by ppid' "$(by ppid .ppid 'echo $PPID; : & wait')" "$(cat out)"
is '--by session' "$(by session '"\(.total)"' 'setsid sh -c ": & wait"; :')" '1,1'
is 'a session has the number of who made it' "$(by session .session 'exec setsid sh -c "echo \$\$; : & wait"')" "$(cat out)"
is '--by cgroup' "$(by cgroup .cgroup ': & wait')" "$(sed -n 's/^0:://p' /proc/self/cgroup)"
is '--by comm,pid' "$(by comm,pid '"\(.comm) \(.pid)"' 'echo sh $$; : & wait')" "$(cat out)"
if [ "$(id -u)" = 0 ]; then
	is '--by uid' "$(by uid '"\(.uid) \(.user) \(.total)"' 'setpriv --reuid 65534 --clear-groups sh -c ": & wait"; :')" \
		"0 root 1,65534 $(id -un 65534) 1"
fi
is 'a row of nobody but all' "$(by uid .uid ': & wait' >/dev/null; typed total_sum '"\(.uid) \(.user)"' json)" 'null null'
# A program that has gone, and whose inode another one has perhaps by now.
cat >gone.sh <<'END'
for name in one two three; do
	cp "$1" "$2/$name"
	"$2/$name" -c 1 >"$2/null"
	rm "$2/$name"
done
END
run "$CLONECOUNT" -J --by exe --to json 60 -- sh gone.sh "$CLONES" "$TMP"
is 'programs that are gone have their names' "$(typed total 'select(.exe | test("/(one|two|three)$")) | "\(.exe) \(.total)"' json | sort | paste -sd ,)" \
	"$TMP/one 2,$TMP/three 2,$TMP/two 2"
run "$CLONECOUNT" --by exe -o TOTAL,COMM --to rows -- true
is '-o says what is counted by, too' "$(head -n 1 rows)" '  TOTAL COMM'
run "$CLONECOUNT" -o PID,TOTAL --by comm --to rows -- true
is 'and --by takes its place' "$(tr -s ' ' <rows | head -n 1)" 'COMM TOTAL'

# --- a map that is full ---
run "$CLONECOUNT" -J --by pid --max-keys 2 --to json -- sh -c 'for i in 1 2 3 4 5; do "$0" -c 10; done' "$CLONES"
is 'full: the rows there is room for' "$(typed total .pid json | wc -l)" 2
made=$(($(paste -sd + out) + 5)) seen=$(typed total_sum .total json)
is 'full: the others are counted as lost' "$((seen + $(typed summary .lost_map_full json)))" "$made"
is 'full: and it is told' "$(tail -n 1 err)" "clonecount: $((made - seen)) events lost in all (map full $((made - seen)))"

host_only
# --- rows ---
run "$CLONECOUNT" --to rows -- sh -c ': & : & wait'
cat >want <<END
  UID USER       PROC THREAD  VFORK KTHREAD IOWRK   FAIL   TOTAL
$(printf '%5d %-8s      2      0      0       0     0      0       2' "$(id -u)" "$(id -un)")
    - -             2      0      0       0     0      0       2

Total of T s:
  UID USER       PROC THREAD  VFORK KTHREAD IOWRK   FAIL   TOTAL
$(printf '%5d %-8s      2      0      0       0     0      0       2' "$(id -u)" "$(id -un)")
    - -             2      0      0       0     0      0       2
END
sed -E 's/^(Total of )[0-9.]+ s:$/\1T s:/' rows >seen
same 'a table, and one of it all' seen want
run "$CLONECOUNT" -J --by comm --to json -- sh -c '"$0" -c 100 >/dev/null; : & wait' "$CLONES"
is 'the busiest first' "$(typed total .comm json | paste -sd ' ')" 'clones sh'
run "$CLONECOUNT" -J --by comm --top 1 --to json -- sh -c '"$0" -c 100 >/dev/null; : & wait' "$CLONES"
is '--top: these alone' "$(typed total .comm json) $(of .comm json)" 'clones clones'
is '--top: but the sum is of all' "$(typed total_sum .total json)" 103
run "$CLONECOUNT" -J --rate --to json 10 -- sh -c ': & wait; exec sleep 0.5'
ok '--rate: per second' [ "$(typed total_sum '.total > 0 and .total < 2.1' json)" = true ]
run "$CLONECOUNT" --no-header 0.05 2
unlike '--no-header' "$out" USER

# --- intervals ---
begin=$(now)
run "$CLONECOUNT" -J -n nobody 0.2 3
took=$(since "$begin")
is '0.2 3: three of them, and no more' "$status $(typed sum .interval json | wc -l) $(typed sum .interval out | paste -sd ' ')" "0 $(typed sum .interval json | wc -l) 1 2 3"
ok '0.2 3: takes 0.6 s' [ "$took" -ge 600000 ]
is '0.2 3: an interval in which nothing happens is a sum of 0' "$(typed sum .total out | paste -sd ' ') $(of .total out)" '0 0 0 '
run "$CLONECOUNT" -J -n nobody 0.1 20
typed sum .time out >ends
while read -r time; do date -d "$time" +%s%6N; done <ends >stamps
late=$(($(tail -n 1 stamps) - $(head -n 1 stamps) - 1900000))
ok '0.1 20: the last one is no later than the first' [ "${late#-}" -lt 90000 ]
diag "$late us"
run "$CLONECOUNT" -J -n nobody -d 1.5 1
is '-d in the middle of an interval' "$(typed sum .interval out | paste -sd ' ') $(typed total_sum .total out)" '1 0'
run "$CLONECOUNT" -J -n nobody 200ms 1
is 'an interval with a unit' "$status $(typed sum .interval out)" '0 1'
start "$CLONECOUNT" -v -J 1000
"$CLONES" -c 1000 >/dev/null
finish INT
ok 'Ctrl-C: what was not told yet is' [ "$(of .total started.out | awk '{ n += $1 } END { print n }')" -ge 1001 ]
ok 'Ctrl-C: and the total' [ "$(typed total_sum .total started.out)" -ge 1001 ]
is 'Ctrl-C: status' "$status" 0
run "$CLONECOUNT" --to rows -- sh -c 'exit 7'
is 'the status is that of COMMAND' "$status" 7
run "$CLONECOUNT" --to rows 0.1 2 -- sleep 30
is 'COMMAND ends when the count does' "$status" 143

# --- a terminal ---
cat >terminal.py <<'END'
import os
import pty
import sys
out = open(sys.argv[1], 'wb')
def read(fd):
    data = os.read(fd, 65536)
    out.write(data)
    out.flush()
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
END
on_terminal() {
	python3 terminal.py typescript "$CLONECOUNT" "$@" </dev/null >/dev/null
	status=$?
	tr -d '\r' <typescript >out
}
on_terminal --by comm -- sh -c '"$0" -c 98 >null; : & wait' "$CLONES"
like 'on a terminal: a bar' "$(grep -m 1 clones out)" ' 99 #{7}$'
like 'on a terminal: and a short one' "$(grep -m 1 '^sh ' out)" ' 2 # *$'
on_terminal --no-bar -- sh -c ': & wait'
unlike '--no-bar' "$(<out)" '#|BAR'
run "$CLONECOUNT" -- sh -c ': & wait'
unlike 'no bar into a file' "$out" '#|BAR'
on_terminal --redraw -n nobody 0.05 3
is '--redraw: each in the place of the one before' "$(grep -c $'\033\[H\033\[J' out)" 3
run "$CLONECOUNT" --redraw -n nobody 0.05 2
unlike '--redraw: not into a file' "$out" $'\033'

# --- and the rest ---
run "$CLONECOUNT" --by comm --no-header --to rows -- sh -c 'printf "a\nb\033[31m" >/proc/$$/comm; : & wait'
is 'a name that would forge a row' "$(head -n 1 rows | cut -c 1-16)" 'a\nb\033[31m    '
run "$CLONECOUNT" -J --by comm --to json -- sh -c 'printf "\344" >/proc/$$/comm; : & wait'
is 'a name that is not UTF-8' "$(of .comm_hex json)" e4
ok 'JSON is JSON' jq . json
"$CLONECOUNT" 0.05 2>err | head -n 2 >/dev/null
is 'a closed pipe ends it quietly' "${PIPESTATUS[0]} $(<err)" '0 '
run "$CLONECOUNT" --to /dev/full 0.05 1
is 'a full disk does not' "$status" 1
if [ "$(id -u)" = 0 ]; then
	cp "$CLONECOUNT" "$CLONES" .
	run setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all,+bpf,+perfmon --ambient-caps -all,+bpf,+perfmon \
		./clonecount -J --by exe -- ./clones -c 10
	if [ "$status" = 0 ]; then
		# The workload prints there, too.
		is 'CAP_BPF and CAP_PERFMON are enough' "$(grep '^{' out | jq 'select(.type == "total_sum") | .total')" 11
	else # the kernel counts memory for maps as locked
		is 'CAP_BPF and CAP_PERFMON: one line says why not' "$status $(wc -l <err)" '125 1'
	fi
	start "$CLONECOUNT" -v 1000
	like 'and it keeps none but perhaps CAP_BPF' "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status")" '^000000[08]000000000$'
	finish
fi
while IFS='|' read -r pattern arguments; do
	# shellcheck disable=SC2086 # they are several words
	refuses clonecount "$pattern" $arguments
done <<'END'
interval: must be more than 0: '0'|0
interval: not a number of seconds, nor one with us, ms, s, m or h: '1x'|1x
count: out of range: '0'|1 0
count: not a number: 'two'|1 two
unexpected argument: '3'|1 2 3
--by: 'tid' is not|--by tid
--by: an empty value|--by uid,
--top: out of range|--top 0
--max-keys: not a number|--max-keys many
unrecognized option '--stack'|--stack
END
done_testing
