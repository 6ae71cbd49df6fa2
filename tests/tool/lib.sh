# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the live tests of opensnoop share, besides tests/lib.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

OPENSNOOP=$BUILD/opensnoop
WORKLOAD=$BUILD/workload

# normal WHAT [-k KEY] FILE: tests/oracle.py's form of it, on stdout.
normal() {
	"$TOP/tests/oracle.py" "$@"
}

# as_told NAME [OPTION...] -- WORKLOAD...: run the workload as COMMAND of opensnoop -J OPTION...; the
# records must be what it tells, in that order, but for lines like $except. Leaves the records in $TMP/json, what was told in $TMP/told.
except=
as_told() {
	local name=$1 options=()

	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	run "$OPENSNOOP" -J -o +CALL --to "$TMP/json" "${options[@]}" "$@"
	if [ "$status" -ne 0 ]; then
		fail "$name"
		diag "status $status" "$err"
		return 1
	fi
	mv "$TMP/out" "$TMP/told"
	normal json "$TMP/json" >"$TMP/seen" || diag 'tests/oracle.py failed'
	[ -z "$except" ] || sed -i "/$except/d" "$TMP/seen" "$TMP/told"
	same "$name" "$TMP/seen" "$TMP/told"
}

# events FILE: the number of records of events in JSON.
events() {
	grep -vc '"type":' "$1"
}

# hold OPTION... PATH...: start build/workload/opener, by way of the command "${as[@]}", to open PATH...
# once let_go is called. Leaves $held.
as=()
hold() {
	rm -f "$TMP/go"
	mkfifo "$TMP/go"
	"${as[@]}" "$WORKLOAD/opener" -w "$@" <"$TMP/go" >"$TMP/told" &
	held=$!
	exec {go}>"$TMP/go"
	wait_until is_opener "$held"
}

# is_opener PID: has it come so far as to be that program?
is_opener() {
	[ "$(readlink "/proc/$1/exe")" = "$(realpath "$WORKLOAD/opener")" ]
}

# let_go: and wait until it has done so.
let_go() {
	echo >&"$go"
	exec {go}>&-
	wait "$held"
}
