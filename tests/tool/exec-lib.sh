# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the live tests of execsnoop share, besides tests/lib.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

EXECSNOOP=$BUILD/execsnoop
WORKLOAD=$BUILD/workload
# shellcheck disable=SC2034 # for the tests
EXECS=$WORKLOAD/execs TOLD=$WORKLOAD/told STATIC=$WORKLOAD/told_static

# normal FORM FILE: tests/oracle-exec.py's form of it, on stdout.
normal() {
	"$TOP/tests/oracle-exec.py" "$@"
}

# told NAME [OPTION...] -- COMMAND...: run it as COMMAND of execsnoop -J -x OPTION...; the records must be
# what it tells, in that order. The first one, of COMMAND itself, is left out. Leaves the records in $TMP/json,
# what was told in $TMP/want.
told() {
	local name=$1 options=()

	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	run "$EXECSNOOP" -J -x -o +TID,EXE,FILE,SCRIPT,INTERP --to "$TMP/json" "${options[@]}" "$@"
	mv "$TMP/out" "$TMP/want"
	normal json "$TMP/json" | sed 1d >"$TMP/seen"
	if [ "$status" -eq 0 ] && [ -s "$TMP/want" ] && cmp -s "$TMP/seen" "$TMP/want"; then
		pass "$name"
		return
	fi
	fail "$name"
	diag "status $status" "$err" "$(diff --label got --label want -U1 <(shorter "$TMP/seen") <(shorter "$TMP/want"))"
	return 1
}

# shorter FILE: its lines, of long ones the beginning, the length, and a sum to tell them apart.
shorter() {
	awk 'length <= 300 { print; next }
		{ printf "%s... of %d, ", substr($0, 1, 300), length; print | "cksum"; close("cksum") }' "$1"
}

# events FILE: the number of records of events in JSON.
events() {
	grep -vc '"type":' "$1"
}

# of FILTER FILE: jq's, of the records of events.
of() {
	jq -r "select(has(\"type\") | not) | $1" "$2"
}

# end FILTER FILE: jq's, of the records of ends.
end() {
	of "select(.status != null or .signal != null) | $1" "$2"
}

# hold PROGRAM ARG...: start a shell, by way of the command "${as[@]}", that becomes PROGRAM once let_go is
# called; its standard input is then what is written to {go}. Leaves $held.
as=()
hold() {
	rm -f "$TMP/go"
	mkfifo "$TMP/go"
	"${as[@]}" sh -c 'read -r go && exec "$0" "$@"' "$@" <"$TMP/go" >"$TMP/said" 2>&1 &
	held=$!
	exec {go}>"$TMP/go"
	wait_until is_shell "$held"
}

# is_shell PID: has it come so far as to be that shell?
is_shell() {
	[ "$(<"/proc/$1/comm")" = sh ]
}

# let_go
let_go() {
	echo go >&"$go"
}

# gone: close its standard input, and wait until it has ended; leaves its status in $ended.
gone() {
	exec {go}>&-
	wait "$held"
	# shellcheck disable=SC2034 # for the tests
	ended=$?
}
