#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# --exit: how it ended, whatever its threads do, and how long it was there.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
cd "$TMP" || exit
ENDS=$WORKLOAD/ends

# ends NAME STATUS KEYS COMMAND...: the end of COMMAND, the last line there is: in a row and in JSON.
ends() {
	local name=$1 want=$2 keys=$3

	shift 3
	run "$EXECSNOOP" --exit -o STATUS,RET,ARGS --no-header --to rows -- "$@"
	is "$name" "$(tail -n 1 rows | awk '{ print $1, $2, $4 }')" "$want 0 $1"
	run "$EXECSNOOP" -J --exit --to json -- "$@"
	is "$name: JSON" "$(end '{ status, signal, core_dumped, command: .args[0] } |
		del(.[] | select(. == null)) | @json' json | tail -n 1)" "{$keys,\"command\":\"$1\"}"
}
signal() {
	printf '"signal":"%s","core_dumped":%s' "$1" "${2:-false}"
}
ulimit -S -c 0
ends 'exit code 0' 0 '"status":0' true
ends 'exit code 7' 7 '"status":7' sh -c 'exit 7'
ends 'exit code 255' 255 '"status":255' sh -c 'exit 255'
ends 'killed by SIGKILL' SIGKILL "$(signal SIGKILL)" sh -c 'kill -KILL $$'
ends 'killed by SIGTERM' SIGTERM "$(signal SIGTERM)" sh -c 'kill -TERM $$'
ends 'killed by a real-time signal' "SIG$(kill -l 35)" "$(signal "SIG$(kill -l 35)")" sh -c 'kill -35 $$'
ends 'SIGSEGV without a core' SIGSEGV "$(signal SIGSEGV)" sh -c 'kill -SEGV $$'
ends 'a main thread that calls pthread_exit before a worker exits 7 ends with 7' 7 '"status":7' "$ENDS" leader 7
ends 'the same when the worker is killed' SIGKILL "$(signal SIGKILL)" "$ENDS" leader -9
"$ENDS" alone 9
alone=$?
ends 'each thread ends alone: what the parent is told' $alone "\"status\":$alone" "$ENDS" alone 9
ends 'a thread ends all of them with 7' 7 '"status":7' "$ENDS" thread 7
ends 'a thread kills all of them' SIGTERM "$(signal SIGTERM)" "$ENDS" thread -15

# perl tells whether there was a core: where it goes is nobody's business here.
run "$EXECSNOOP" -J --exit --to json -- sh -c 'ulimit -c unlimited && exec "$@"' sh \
	perl -e 'system "sh", "-c", q(kill -SEGV $$); print $? & 128 ? "core" : "none";'
if [ "$out" = core ]; then
	is 'core dumped' "$(end 'select(.signal) | "\(.signal) \(.core_dumped) \(.args[0])"' json)" 'SIGSEGV true sh'
	run "$EXECSNOOP" --exit --to rows -- sh -c 'ulimit -c unlimited; kill -SEGV $$'
	like 'core dumped: in a row' "$(tail -n 1 rows)" ' 0 SIGSEGV\(core\) +[0-9.]+ +sh -c '
else
	skip 'core dumped' 'no core is made here'
fi

# --- whose end, and what is told of it ---
run "$EXECSNOOP" --exit --to rows -- sh -c 'exit 7'
is 'two lines and a heading' "$(wc -l <rows)" 3
read -r -a heading <rows
is 'the heading' "${heading[*]}" 'COMM PID PPID RET STATUS DUR ARGS'
like 'the line of the exec' "$(sed -n 2p rows)" "^sh +[0-9]+ +[0-9]+ +0 - +- +sh -c 'exit 7'\$"
like 'the line of the end' "$(sed -n 3p rows)" "^sh +[0-9]+ +[0-9]+ +0 7 +[0-9]+\\.[0-9]{3} +sh -c 'exit 7'\$"
is 'both of the same process' "$(awk 'NR > 1 { print $2, $3 }' rows | sort -u | wc -l)" 1

run "$EXECSNOOP" -J --exit --to json -- sh -c 'exec sh -c "exec sh -c \"exit 5\""'
is 'after several executions the end shows the last' "$(end '"\(.status) \(.args | join(" "))"' json)" '5 sh -c exit 5'
run "$EXECSNOOP" -J --exit -l needle --to json -- sh -c 'exec "$0" other' "$STATIC" needle
is 'or nothing, if that is not wanted' "$(of '"\(.status) \(.args[1])"' json)" 'null -c'
run "$EXECSNOOP" -J --exit -x --to json -- sh -c 'exec 2>&-; /no/such/program; exec /no/such/program'
is 'and not one that failed' "$(end 'select(.args[1] == "-c") | "\(.status) \(.args[0])"' json | tail -n 1)" '127 sh'
run "$EXECSNOOP" -J --exit --to json -- sh -c 'sh -c "exit 3"; sh -c "exit 4"; exit 5'
is 'each has its own' "$(end .status json | paste -sd ' ')" '3 4 5'
is 'with the arguments of its own' "$(end '.args[2]' json | paste -sd ,)" 'exit 3,exit 4,sh -c "exit 3"; sh -c "exit 4"; exit 5'
is 'numbers are numbers' "$(end '[.status, .dur] | map(type) | @json' json | sort -u)" '["number","number"]'
is 'of an execution there is neither' \
	"$(of 'select(.status == null) | [.status, .dur, .signal] | @json' json | sort -u)" '[null,null,null]'
run "$EXECSNOOP" -J --exit --follow --to json -- sh -c 'sh -c "sleep 0.3; exit 9" >/dev/null & exit 1'
is 'a descendant that ends later' "$(end .status json | paste -sd ' ')" '1 0 9'

run "$EXECSNOOP" -J --exit --to json -- "$EXECS" many 100000 8 "$TOLD"
is 'of very many arguments the end shows a part, and says so' \
	"$(end 'select(.args_cut) | (.args | length) + .args_cut' json)" 100001

# What has only been forked has executed what its parent has.
run "$EXECSNOOP" -J --exit --to json -- sh -c '(exit 3); "$0" a b; exit 4' "$TOLD"
is 'a child that executes nothing is not shown with what somebody else executed' \
	"$(end 'select(.status == 3) | .args[0]' json | grep -vcx sh)" 0

# --- a pid reused ---
# Five processes with one number: the second, the third and the fourth execute nothing.
reused() {
	run "$EXECSNOOP" -J --exit --to json -- "$EXECS" reuse "$TOLD"
	[ "$status" != 75 ]
}
wait_until reused
if [ "$status" = 77 ]; then
	skip 'a pid reused' 'no process may be given its number here'
else
	one=$(head -n 1 out | cut -d ' ' -f 2)
	is 'a pid reused: what the workload says' "$(cut -d ' ' -f 2 out | sort -u) $(wc -l <out)" "$one 3"
	is 'a pid reused' "$(of "select(.pid == $one) | [.args[1], .ret, .status] | @json" json | paste -sd ' ')" \
		'["life-1",0,null] ["life-1",0,0] ["life-5",0,null] ["life-5",0,0]'
	is 'a pid reused: no status of one that executed nothing' "$(end .status json | sort -u)" 0
fi

# --- how long ---
# lasts OPTION...: of something that is told when to end; leaves the two durations, in microseconds.
hold "$ENDS" wait 3
start "$EXECSNOOP" -v -J --exit -p "$held"
let_go
wait_for "$TMP/started.out" '"wait"'
sleep 1.2
echo end >&"$go"
gone
finish 0
told=$(<"$TMP/said")
dur=$(end '.dur * 1000000 | round' "$TMP/started.out")
is 'DUR: and its status' "$ended $(end .status "$TMP/started.out")" '3 3'
ok 'DUR is not shorter than what it says itself' [ "$dur" -ge "$told" ]
ok 'and not much longer' [ "$dur" -le "$((told + 1000000))" ]
diag "$dur us, and $told by its own clock"

host_only
# --- what failed ---
run "$EXECSNOOP" -J -x --exit --to json -- /bin/sh -c '/bin/true; /bin/false; /bin/sh -c "exit 2"; /no/such/program
	/bin/sh -c "kill -9 \$\$"; exit 0'
is '-x --exit: what failed, and nothing else' \
	"$(of '[.args[0], .ret, .status, .signal] | @json' json | paste -sd ' ')" \
	'["/bin/false",0,1,null] ["/bin/sh",0,2,null] ["/no/such/program",-2,null,null] ["/bin/sh",0,null,"SIGKILL"]'

# --- at least so long ---
# long OPTION VALUE: a program that sleeps long, and one that does not.
long() {
	run "$EXECSNOOP" -J --min-dur "$1" --to json -- sh -c 'sleep 0.6; true'
	of '[.args[0], .status] | @json' json | paste -sd ' '
}
for value in 0.5 .5 0.5s 500ms; do
	is "--min-dur $value" "$(long $value)" '["sleep",0] ["sh",0]'
done
is '--min-dur 1m' "$(long 1m)" ''
run "$EXECSNOOP" --min-dur 0.000001 --to rows -- sh -c '/bin/true; /bin/false'
is '--min-dur of next to nothing: all ends and no executions' "$(awk '{ print $5 }' rows | paste -sd ' ')" 'STATUS 0 1 1'
run "$EXECSNOOP" -J --min-dur 0.5 -x --to json -- /bin/sh -c 'sleep 0.6; false; sh -c "sleep 0.6; exit 9"; true'
is '--min-dur -x' "$(of .status json | paste -sd ' ')" 9
run "$EXECSNOOP" -J --min-dur 0.5 --exit --to json -- sh -c 'sleep 0.6'
is '--min-dur --exit: the same' "$(of .status json | paste -sd ' ')" '0 0'
done_testing
