# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What every bash test shares: TAP on stdout, a directory that goes away, waiting for events.
#
#     #!/bin/bash
#     # SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#     . "$(dirname "$0")/../lib.sh"
#     need_bpf
#     run "$BUILD/opensnoop" -- true
#     is 'the status is that of COMMAND' "$status" 0
#     done_testing
#
# Gives: $TOP the source tree, $BUILD where the binaries are, $TMP an empty directory of this test.
# Call ok and its like from the main shell, not from a pipe or ( ): the count would be lost there.

set -u
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$(realpath -m "${BUILD:-$TOP/build}")
TMP=$(mktemp -d "${TMPDIR:-/tmp}/snoop-test.XXXXXX") || exit 1
# Some tests give up root and must still reach what they wrote here.
chmod 755 "$TMP"
tests=0 failures=0
readonly TOP BUILD TMP
export TOP BUILD TMP

cleanup() {
	local pids
	pids=$(jobs -p)
	# One that was stopped dies when it goes on.
	# shellcheck disable=SC2086 # one word for each pid
	[ -z "$pids" ] || { kill $pids; kill -CONT $pids; wait $pids; } 2>/dev/null
	rm -rf "$TMP"
}
trap cleanup EXIT
# Without these a signal would end the shell before the trap on EXIT.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# diag TEXT...: a remark below the result before it.
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# result STATUS NAME: one line of TAP; returns STATUS.
result() {
	local word=ok name=${2//[$'\n#']/ }

	tests=$((tests + 1))
	if [ "$1" -ne 0 ]; then
		word='not ok'
		failures=$((failures + 1))
	fi
	printf '%s %d - %s\n' "$word" "$tests" "$name"
	return "$1"
}

# ok NAME COMMAND...: COMMAND must succeed; its output is shown only if it does not.
ok() {
	local name=$1 status
	shift
	"$@" >"$TMP/.ok" 2>&1
	status=$?
	result "$((status != 0))" "$name" && return
	diag "status $status of: $*"
	tail -n 30 "$TMP/.ok" | sed 's/^/# /'
	return 1
}

# nok NAME COMMAND...: COMMAND must fail.
nok() {
	local name=$1
	shift
	! "$@" >"$TMP/.ok" 2>&1
	result $? "$name" && return
	diag "succeeded, and should have failed: $*"
	return 1
}

# is NAME GOT WANT
is() {
	[ "$2" = "$3" ]
	result $? "$1" && return
	diag "$(printf 'got:  %q\nwant: %q' "${2:0:4000}" "${3:0:4000}")"
	return 1
}

# same NAME FILE WANTED-FILE: the same bytes.
same() {
	cmp -s "$2" "$3"
	result $? "$1" && return
	diag "$(diff -a -U1 --label got --label want "$2" "$3" | cat -v | head -n 40)"
	return 1
}

# like NAME GOT REGEX (bash's own, that is POSIX extended)
like() {
	[[ $2 =~ $3 ]]
	result $? "$1" && return
	diag "$(printf 'got:       %q\nnot like:  %s' "${2:0:4000}" "$3")"
	return 1
}

# unlike NAME GOT REGEX
unlike() {
	! [[ $2 =~ $3 ]]
	result $? "$1" && return
	diag "$(printf 'got:   %q\nlike:  %s' "${2:0:4000}" "$3")"
	return 1
}

# pass NAME / fail NAME: for results that were worked out by hand.
pass() { result 0 "$1"; }
fail() { result 1 "$1"; }

# skip NAME REASON: this one test cannot be had here.
skip() {
	tests=$((tests + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tests" "${1//[$'\n#']/ }" "$2"
}

# skip_all REASON: nothing in this file can be had here.
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# lacks NAME WHAT: the same, because this kernel has not what it takes; the skip names the kernel.
lacks() {
	skip "$1" "$(kernel): $2"
}
kernel() {
	uname -r | cut -d . -f 1,2
}

# has_loops: has the kernel bpf_loop()? opensnoop says what it does without.
has_loops() {
	! "$BUILD/opensnoop" -d 0.01 2>&1 >/dev/null | grep -q 'not seen: this kernel is too old'
}

# preempts: can a program at a system call be preempted (Linux 7), and is then left out for others meanwhile?
preempts() {
	grep -q ' trace_call_bpf_faultable$' /proc/kallsyms
}

# host_only: what follows asks nothing of the kernel, or of a whole system. In a guest (tests/vm), where each step
# takes twenty times as long, it is left out.
host_only() {
	[ -n "${SNOOP_GUEST:-}" ] || return
	[ "$tests" -gt 0 ] || skip_all 'in a guest: it asks nothing of the kernel'
	done_testing
}

# many NUMBER: so many, or in a guest a tenth of it.
many() {
	if [ -n "${SNOOP_GUEST:-}" ]; then
		echo $(($1 / 10))
	else
		echo "$1"
	fi
}

# done_testing: the last line of every test; a file that does not reach it fails.
done_testing() {
	printf '1..%d\n' "$tests"
	exit "$((failures != 0))"
}

# run COMMAND...: leaves $status, and the output in $out, $err and the files $TMP/out, $TMP/err.
# shellcheck disable=SC2034 # for the caller
run() {
	"$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	status=$?
	# $() drops NUL bytes with a warning; the files have them.
	{ out=$(<"$TMP/out") err=$(<"$TMP/err"); } 2>/dev/null
}

# wait_until COMMAND...: until COMMAND succeeds, 20 seconds at most; then says so and fails.
wait_until() {
	local deadline=$((SECONDS + 20))

	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			diag "waited 20 s in vain for: $*"
			return 1
		fi
		sleep 0.02
	done
}

# wait_for FILE REGEX (POSIX extended): until a line of FILE matches.
wait_for() {
	wait_until grep -aqE -e "$2" "$1" && return
	[ ! -e "$1" ] || diag "$1 holds:" "$(tail -n 20 "$1" | cat -v)"
	return 1
}

# need_bpf: skip the file where bpf(2) is refused. With SNOOP_REQUIRE_BPF=1 that is a failure.
need_bpf() {
	local why

	why=$("$("$TOP/common/deps.sh" bpftool)" prog show 2>&1 >/dev/null) && return
	why="BPF is refused here: ${why//$'\n'/ }"
	[ "${SNOOP_REQUIRE_BPF:-}" = 1 ] || skip_all "$why"
	fail 'BPF can be used'
	diag "$why"
	done_testing
}

# start COMMAND...: run it in the background until it says "ready" on stderr, as a tool with -v does, or
# has ended. Leaves its $pid; what it prints is in $TMP/started.out and $TMP/started.err.
start() {
	: >"$TMP/started.err"
	# A job of its own: otherwise it would be started with SIGINT ignored.
	set -m
	"$@" >"$TMP/started.out" 2>"$TMP/started.err" &
	pid=$!
	set +m
	wait_until started
}

started() {
	grep -q ': ready$' "$TMP/started.err" || ! kill -0 "$pid"
}

# finish [SIGNAL]: end what start began, by SIGNAL (TERM), or if it is 0 wait until it ends by itself.
# Leaves $status, $out and $err as run does.
finish() {
	[ "${1:-TERM}" = 0 ] || kill -s "${1:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	status=$?
	# shellcheck disable=SC2034 # for the caller
	{ out=$(<"$TMP/started.out") err=$(<"$TMP/started.err"); } 2>/dev/null
}

# now: microseconds; since TIME: how many have passed since "now" printed that.
now() {
	echo "${EPOCHREALTIME/[.,]/}"
}

since() {
	echo $((${EPOCHREALTIME/[.,]/} - $1))
}
