#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Options and columns, how a command ended, and what is left behind.

. "$(dirname "$0")/readline-lib.sh"
need_bpf
host_only
cd "$TMP" || exit

# --- how it ended ---
sit bash --norc -i
prompt
snoop --exit
keys '+true\n' '?ask> ' '+(exit 7)\n' '?ask> ' '+sleep 0.3; false\n' '?ask> ' '+for i in 1\n' '?more> ' '+do (exit 9); done\n' '?ask> '
sees '"for i in 1\ndo (exit 9); done"'
is '--exit: each with its status' "$(of .exit | paste -sd ' ')" '0 7 1 9'
ok '--exit: how long it took' [ "$(of 'select(.exit == 1) | .dur * 10 | floor')" -ge 3 ]
keys '+read -e -p "Say: " x; (exit 5)\n' '?Say: '
nok '--exit: not before the next prompt of the shell' saw '"read -e -p \"Say: \" x; (exit 5)"'
keys '+said\n' '?ask> '
ok '--exit: not even when the command has one of its own' sees '"read -e -p \"Say: \" x; (exit 5)"'
is '--exit: and then with its status' "$(of 'select(.exit == 5) | .command' | cut -c -7)" 'read -e'
keys '+exit 3\n' '?exit 3\r\nexit'
got 'exit 3\r\nexit'
leave
ok '--exit: one that never returns' sees '"exit 3"'
is '--exit: has neither' "$(of 'select(.command == "exit 3") | [.exit, .dur] | @json')" '[null,null]'
finish

# At once without it.
sit bash --norc -i
prompt
start "$READLINE_SNOOP" -v
keys '+sleep 100\n'
ok 'without --exit a line is shown before the command ends' wait_for started.out ' sleep 100$'
nok 'which has not ended then' grep -q '^ask> .*ask> ' screen
is 'the columns' "$(head -n 1 started.out | tr -s ' ')" 'TIME PID COMMAND'
like 'a row' "$(tail -n 1 started.out)" "^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} +$at sleep 100\$"
keys '+\x03'
leave
finish

# --- columns ---
sit bash --norc -i
prompt
snoop -U -e -o +PROMPT,EXE
keys '+cd /\n' '?ask> ' '+: here\n' '?ask> '
sees '": here"'
is 'TTY' "$(of .tty | tail -n 1)" "${tty#/dev/}"
is 'PPID' "$(of .ppid | tail -n 1)" "$(awk '{ print $4 }' "/proc/$at/stat")"
is 'COMM' "$(of .comm | tail -n 1)" bash
is 'UID' "$(of .uid | tail -n 1)" "$(id -u)"
is 'CWD is that in which it was typed' "$(of .cwd | paste -sd ' ')" "$(pwd -P) /"
is 'PROMPT' "$(of .prompt | tail -n 1)" 'ask> '
is 'EXE' "$(of .exe | tail -n 1)" "$(realpath "$BASH_PROGRAM")"
login=$(<"/proc/$at/loginuid")
is 'LOGINUID' "$(of .loginuid | tail -n 1)" "$([ "$login" = 4294967295 ] && echo null || echo "$login")"
leave
finish

# The way to it; from Linux 5.17 on.
if "$READLINE_SNOOP" --stack -d 0.01 >/dev/null 2>err; then
	sit bash --norc -i
	prompt
	snoop --stack
	keys '+: x\n' '?ask> '
	sees '": x"'
	like '--stack: its beginning' "$(of '.stack[0]')" '^readline_internal_teardown\+0x0 '
	like '--stack: where it was called from' "$(of '.stack[1]')" '^(readline|readline_internal)\+0x'
	leave
	finish
else
	skip '--stack' "$(<err)"
fi

# --- filters ---
filters() {
	local name=$1 want=$2

	shift 2
	snoop "$@"
	keys '+: one\n' '?ask> ' '+: two\n' '?ask> ' '+: three\n' '?ask> '
	if [ "$want" = yes ]; then
		ok "$name" sees '": three"'
	else
		got_all=$(grep -ac '^# got' screen)
		wait_until [ "$got_all" -ge 3 ]
		sleep 0.2
		is "$name" "$(commands)" ''
	fi
	finish
}
sit bash --norc -i
prompt
filters '--tty: this one' yes --tty "$tty"
filters '--tty: without /dev/' yes --tty "${tty#/dev/}"
filters '--tty: another one' no --tty pts/4095
filters '-p: this process' yes -p "$at"
filters '-p: another one' no -p $$
filters '-u: another user' no -u 12345
filters '-n: its name' yes -n bas
filters '-n: another name' no -n zsh
snoop --max-events 1
keys '+: one\n' '?ask> '
finish 0
is '--max-events' "$(of .command)" ': one'
leave
"$READLINE_SNOOP" -J --to records -- "$TOP/tests/typist.py" screen "$BASH_PROGRAM" --norc -i < <(
	printf '%s\n' '?ask> ' '+: traced\n' '?ask> ')
ok 'a command and its descendants' grep -q '"command":": traced"' records

# --- what is wrong is said ---
bad() {
	local message=$1

	shift
	run "$READLINE_SNOOP" "$@"
	is "$*: status 2, one line" "$status $(wc -l <err) $(wc -c <out)" '2 1 0'
	is "$*: which" "$err" "readline-snoop: $message"
}
bad '--symbol needs -s' --symbol readline
bad '--raw and --exit exclude each other' --raw --exit
bad "--tty: not a terminal: ''" --tty ''
bad "--tty: not a terminal: '/dev/a-name-that-is-too-long'" --tty /dev/a-name-that-is-too-long
bad "--tty: not a terminal: 'nosuch'" --tty nosuch
bad "--tty: not a terminal: 'pts/x'" --tty pts/x
bad "--tty: not a terminal: 'null/'" --tty null/
bad "--tty: not a terminal: 'null'" --tty null
bad "--tty: not a terminal: '/dev/tty'" --tty /dev/tty
bad '-s: an empty value' -s ''
bad '--symbol: an empty value' -s /bin/sh --symbol ''

run sh -c '"$1" --list >/dev/full' sh "$READLINE_SNOOP"
is '--list into a full disk' "$status $err" '1 readline-snoop: cannot write: No space left on device'
run "$READLINE_SNOOP" --list -s /bin/true
is '--list -s: a file that reads no lines' "$status $err" \
	'1 readline-snoop: -s: /bin/true: nothing in it reads lines that could be seen'

# --- who may do what ---
cp "$READLINE_SNOOP" snoop
run setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/snoop"
is 'an ordinary user: one line' "$status $(wc -l <err)" '1 1'
like 'which says what is missing' "$err" '^readline-snoop: must be run as root'
run setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/snoop" --list
is 'an ordinary user: --list' "$status $err" '0 '
run setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all,+bpf,+perfmon \
	--ambient-caps -all,+bpf,+perfmon "$TMP/snoop"
is 'CAP_BPF and CAP_PERFMON alone: one line' "$status $(wc -l <err)" '1 1'
like 'and what is missing' "$err" 'with the capability CAP_SYS_ADMIN$'

# --- who makes many files keeps nobody else out ---
printf 'int pause(void);\nchar *readline(char *p) { return p; }\nvoid add_history(void) { }\nint main(void) { pause(); return *readline("x"); }\n' >many.c
if [ "$(id -u)" = 0 ] && ${CC:-cc} -O0 -o many many.c 2>err; then
	chmod 755 "$TMP"
	mkdir many.d
	for i in {1..70}; do
		cp many "many.d/$i"
	done
	chown -R 12345 many.d
	start "$READLINE_SNOOP" -v
	many=()
	for i in many.d/*; do
		setpriv --reuid 12345 --clear-groups "$i" &
		many+=($!)
	done
	# Half a minute, on a machine that has much else to do.
	ok 'a user other than root: no more than 64 files' eval \
		"wait_for started.err 'user 12345 has 64 files' || wait_for started.err 'user 12345 has 64 files'"
	cp "$BASH_PROGRAM" after
	sit "$TMP/after" --norc -i
	prompt
	attached() {
		grep -q "attached: $TMP/after:" started.err
	}
	ok 'and others are attached to as before' wait_until attached
	leave
	is 'of that user 64' "$(grep -c 'attached: .*/many.d/' started.err)" 64
	kill "${many[@]}"
	watcher=$(pgrep -P "$pid" -x readline-snoop)
	finish
	# So many probes take a while to go.
	wait_until [ ! -e "/proc/$watcher" ]
else
	skip 'a user other than root: no more than 64 files' 'needs root, and a compiler'
fi

# --- what is left ---
bpftool=$("$TOP/common/deps.sh" bpftool)
links() {
	"$bpftool" perf show 2>/dev/null | grep -c uprobe
}
before=$(links)
start "$READLINE_SNOOP" -v
is 'the reader: an ordinary user without capabilities, confined' \
	"$(awk '/^(Uid|CapEff|Seccomp):/ { print $2 }' "/proc/$pid/status" | paste -sd ' ')" '2000000000 0000000000000000 2'
watcher=$(pgrep -P "$pid" -x readline-snoop)
is 'and one process that attaches' "$(wc -w <<<"$watcher")" 1
ok 'there are probes' [ "$(links)" -gt "$before" ]
kill -KILL "$pid"
wait "$pid" 2>/dev/null
gone() {
	[ ! -e "/proc/$watcher" ] && [ "$(links)" -eq "$before" ]
}
ok 'kill -9: the other process has ended, and no probe is left' wait_until gone
# Not mounted: then nothing can be in there that somebody would see.
is 'nothing in uprobe_events' "$(cat /sys/kernel/tracing/uprobe_events 2>/dev/null)" ''
start "$READLINE_SNOOP" -v
kill -KILL "$(pgrep -P "$pid" -x readline-snoop)"
finish 0
is 'without the other process it ends, as a failure' "$status" 1
like 'and says so' "$err" 'readline-snoop: the process that attaches has ended'
start "$READLINE_SNOOP" -v
watcher=$(pgrep -P "$pid" -x readline-snoop)
finish INT
is 'SIGINT: status' "$status" 0
ok 'SIGINT: nothing is left' wait_until gone
done_testing
