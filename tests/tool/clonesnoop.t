#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# clonesnoop: a line for each way to make a task, and for each way to fail.

. "$(dirname "$0")/clone-lib.sh"
need_bpf
cd "$TMP" || exit

# --- every way ---
# fits NAME: what was seen is what was told, where * stands for anything.
fits() {
	is "$1: so many lines" "$(wc -l <seen)" "$(wc -l <told)"
	paste -d ' ' told seen | awk 'NF != 10 { print; next }
		{ for (i = 1; i <= 5; i++) if ($i != "*" && $i != $(i + 5)) { print; next } }' >different
	is "$1: and they say the same" "$(<different)" ''
}
run "$CLONESNOOP" -J -o KIND,PID,CHILD,ERR,FLAGS --to json -- "$CLONES"
if preempts; then
	lacks 'nothing is lost' 'programs at system calls are preempted, and may be left out meanwhile; that is told'
	is 'status' "$status" 0
else
	is 'status' "$status $err" '0 '
	is 'nothing is lost' "$(typed summary .lost json)" 0
fi
cp out told
of '"\(.kind) \(.pid) \(.child) \(.err) \(.flags)"' json >seen
fits 'every way'
for kind in process thread vfork; do
	ok "$kind is among them" grep -q "^$kind [0-9]* [0-9]* 0 " seen
done
is 'the summary counts them' "$(typed summary .events json)" "$(wc -l <told)"

"$CLONESNOOP" --to rows -o KIND,PID,CHILD,ERR,FLAGS -- "$CLONES" >told
sed -E '1d; s/\t.*//; s/ +/ /g; s/ (-|\?) / null /; s/^\? /null /; s/ \?$/ null/' rows >seen
fits 'the same in rows'
is 'failures say why' "$(grep -c $'\t(EINVAL)$' rows) $(grep -c $'\t(EFAULT)$' rows)" '6 1'
if [ "$(id -u)" = 0 ]; then
	is 'a limit of processes' "$(grep -c $'\t(EAGAIN)$' rows)" 4
fi

run "$CLONESNOOP" -J -x -o ERR --to json -- "$CLONES"
is '-x: failures only' "$(of 'select(.err == 0) | .err' json | wc -l) $(of .err json | wc -l)" \
	"0 $(grep -cv ' 0 [^ ]*$' told)"

# Workers of io_uring.
mkdir ring
if "$WORKLOAD/iouring" "$TMP/ring" async >/dev/null 2>&1; [ $? -ne 77 ]; then
	rm -rf ring && mkdir ring
	run "$CLONESNOOP" -J --to json -- "$WORKLOAD/iouring" "$TMP/ring" async
	ok 'workers of io_uring' [ "$(of 'select(.kind == "iowrk") | .child' json | wc -l)" -gt 0 ]
	is 'they are threads of the program' "$(of 'select(.kind == "iowrk") | .comm' json | sort -u)" iouring
	rm -rf ring && mkdir ring
	run "$CLONESNOOP" -J --to json -- "$WORKLOAD/iouring" "$TMP/ring" sqpoll
	ok 'and the one that polls' [ "$(of 'select(.kind == "iowrk") | .child' json | wc -l)" -gt 0 ]
else
	skip 'workers of io_uring' 'this kernel gives us no io_uring'
fi

# Threads of the kernel.
start "$CLONESNOOP" -v -J -n kthreadd
if [ "$(id -u)" = 0 ] && kernel_thread; then
	ok 'a thread of the kernel is made' wait_for started.out '"kind":"kthread"'
	is 'by kthreadd' "$(of '"\(.pid) \(.comm)"' started.out | sort -u)" '2 kthreadd'
else
	skip 'a thread of the kernel' 'nothing here that starts one'
fi
finish

# --- columns ---
run "$CLONESNOOP" --to rows -- sh -c ': & wait'
is 'the heading' "$(head -n 1 rows)" 'TIME            COMM                 PID   CHILD KIND    FLAGS'
like 'a row' "$(sed -n 2p rows)" \
	'^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6} sh +[0-9]+ +[0-9]+ process CLONE_[A-Z_|]+$'
run "$CLONESNOOP" -e --to rows -- true
is '-e' "$(tr -s ' ' <rows)" 'TIME UID COMM PID TID PPID CHILD NSCHILD KIND FLAGS'
run "$CLONESNOOP" -J -U -o +USER,TID,PPID,EXE,CWD,CGROUP,MNTNS,PIDNS,ERRNAME --to json -- sh -c 'echo $$ $PPID; : & wait'
is 'who' "$(of '"\(.uid) \(.user) \(.tid) \(.errname)"' json)" "$(id -u) $(id -un) $(cut -d ' ' -f 1 out) null"
is 'where' "$(of '"\(.exe) \(.cwd) \(.cgroup) \(.mntns) \(.pidns)"' json)" \
	"$(realpath "$(type -P sh)") $TMP $(sed -n 's/^0:://p' /proc/self/cgroup) $(stat -L -c %i /proc/self/ns/mnt) $(stat -L -c %i /proc/self/ns/pid)"
is 'whose child' "$(of '"\(.pid) \(.ppid)"' json)" "$(<out)"
if unshare -pf true 2>/dev/null; then
	run "$CLONESNOOP" -J -o CHILD,NSCHILD --to json -- unshare -pf sh -c ': & wait'
	is 'NSCHILD: the number inside' "$(of .nschild json | paste -sd ' ')" '1 2'
	is 'and not that of the reader' "$(of 'select(.child == .nschild) | .child' json)" ''
fi
run "$CLONESNOOP" -J --stack --kernel-stack --to json -- "$CLONES"
if [ "$status" = 0 ]; then
	# Whatever function of the C library it was, and whatever that does to the registers.
	is '--stack: the way there from main()' \
		"$(of 'select(.stack | map(startswith("main+")) | any | not) | .stack[0]' json)" ''
	ok '--kernel-stack: and in the kernel' [ "$(of 'select(.kernel_stack | length > 1) | .pid' json | wc -l)" -gt 10 ]
else
	like '--stack: says why not' "$err" '--stack: this kernel cannot'
fi

# --- filters ---
mkfifo go
start_held() {
	"$CLONES" -w <go >told &
	held=$!
	exec {go}>go
	wait_until [ "$(readlink "/proc/$held/exe")" = "$(realpath "$CLONES")" ]
}
let_go() {
	echo >&"$go"
	exec {go}>&-
	wait "$held"
}
for options in '-p HELD' '-t HELD' '--ppid HELD' '-p HELD --follow' '-p HELD --follow -n lone' '-n nobody' '-p HELD -u 12345'; do
	start_held
	# shellcheck disable=SC2086 # they are several words
	start "$CLONESNOOP" -v -J ${options//HELD/$held}
	let_go
	if [[ $options == -n* ]]; then finish; else finish 0; fi
	case $options in
	'-p HELD' | '-t HELD') want=$(grep -c " $held " told) ;;
	'-n nobody' | *12345) want=0 ;;
	--ppid*) want=$(grep -vc " $held " told) ;;
	*) want=$(wc -l <told) ;; # children have the same name
	esac
	is "$options" "$(of .pid started.out | wc -l)" "$want"
done
run "$CLONESNOOP" -J --max-events 3 --to json -- "$CLONES"
is '--max-events' "$(of .pid json | wc -l)" 3
run "$CLONESNOOP" --to json -- sh -c 'exit 7'
is 'the status is that of COMMAND' "$status" 7

# --- 32-bit callers ---
if "$WORKLOAD/clones32" 2>/dev/null && [ "$(uname -m)" = x86_64 ]; then
	run "$CLONESNOOP" -J -o KIND,ERR,FLAGS --to json -- "$WORKLOAD/clones32"
	is 'a 32-bit program: what it makes' "$(of 'select(.err == 0) | "\(.kind) \(.flags)"' json | paste -sd ,)" \
		'process 0,vfork CLONE_VM|CLONE_VFORK,process 0'
	run "$CLONESNOOP" -J --compat -x -o KIND,ERR,FLAGS --to json -- "$WORKLOAD/clones32"
	is '--compat: and what it fails to' "$(of '"\(.kind) \(.err) \(.flags)"' json)" 'thread 22 CLONE_THREAD'
	run "$CLONESNOOP" -J --compat -x -o ERR --to json -- "$CLONES"
	is '--compat: of 64-bit programs as without it' "$(of .err json | wc -l)" "$(grep -cv ' 0 [^ ]*$' out)"
fi

host_only
# --- hostile names ---
run "$CLONESNOOP" -o COMM,KIND --to rows -- sh -c 'printf "a\nb\033[31m" >/proc/$$/comm; : & wait'
is 'a name that would forge a row' "$(sed -n 2p rows)" 'a\nb\033[31m     process'
run "$CLONESNOOP" -J -o COMM --to json -- sh -c 'printf "\344" >/proc/$$/comm; : & wait'
is 'a name that is not UTF-8' "$(of .comm_hex json)" e4

refuses clonesnoop "unexpected argument: '1'" 1
refuses clonesnoop "-o: no column 'TOTAL'" -o TOTAL
refuses clonesnoop "-p: not a number: '12abc'" -p 12abc

# --- as strace(1) sees it ---
# by_strace: "KIND" of each success and "fail" of each failure; -z is not used, since it leaves out vfork.
by_strace() {
	awk '
	function kind(call) {
		return call ~ /CLONE_THREAD/ ? "thread" : call ~ /vfork|CLONE_VFORK/ ? "vfork" : "process"
	}
	$2 ~ /^(clone|clone3|fork|vfork)\(/ { of[$1] = kind($0) }
	$2 ~ /^(clone|clone3|fork|vfork)\(/ || $3 ~ /^(clone|clone3|fork|vfork)$/ {
		if (/<unfinished/)
			next
		if (match($0, /= (-1|[0-9]+)( E[A-Z]+ .*)?$/))
			print substr($0, RSTART + 2, 2) == "-1" ? "fail" : of[$1]
	}' | sort | uniq -c
}
agree() {
	local name=$1

	shift
	strace -f -qq -e signal=none -e trace=process -o strace "$@" >/dev/null 2>&1
	by_strace <strace >want
	"$CLONESNOOP" -J -o KIND,ERR --to json -- "$@" >/dev/null 2>&1
	of 'if .err > 0 then "fail" else .kind end' json | sort | uniq -c >seen
	same "as strace: $name" seen want
	ok "as strace: $name: there was something" [ -s want ]
	"$CLONECOUNT" -J --to json -- "$@" >/dev/null 2>&1
	typed total_sum '"process \(.proc)\nthread \(.thread)\nvfork \(.vfork)\nfail \(.fail)"' json |
		awk '$2 { print $2, $1 }' | sort -k 2 >seen
	sed 's/^ *//' want >wanted
	same "as strace: $name: clonecount" seen wanted
}
if strace -o /dev/null true 2>/dev/null; then
	agree 'every way' "$CLONES"
	agree sh sh -c 'for i in 1 2 3 4 5; do ls / | cat; (exit 3) & done; wait; echo $(date)'
	agree python3 "$(command -v /usr/bin/python3 || command -v python3)" -c '
import os, subprocess, threading
for i in range(5):
    subprocess.run(["true"])
    os.system(":")
all = [threading.Thread(target=int) for i in range(20)]
[t.start() for t in all]
[t.join() for t in all]'
	command -v make >/dev/null || done_testing
	printf 'all: a b c d\na b c d:\n\t@echo $@ | cat; true $@\n' >Makefile
	agree 'make -j4' make -j4
else
	skip 'as strace' 'strace may not trace here'
fi
done_testing
