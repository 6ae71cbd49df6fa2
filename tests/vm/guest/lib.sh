# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the tests that need a guest share, besides tests/lib.sh: every command is asked the same.

. "$(dirname "${BASH_SOURCE[0]}")/../../lib.sh"
[ -n "${SNOOP_GUEST:-}" ] || skip_all 'only in a guest: it changes what the whole system has'

commands() {
	find "$BUILD" -maxdepth 1 -type f -executable -printf '%f\n' | sort
}

# What each of them has something to tell of.
busy=(sh -c 'echo x >"$0"; (cat "$0"; :)' "$TMP/file")

# works NAME COMMAND WRAPPER...: the command sees something of $busy.
works() {
	run "${@:3}" "$BUILD/$2" -J --to "$TMP/json" -- "${busy[@]}"
	is "$1: $2: status" "$status" 0
	ok "$1: $2: it sees something" grep -qv '"type":' "$TMP/json"
}

# refuses NAME COMMAND PATTERN WRAPPER...: it says why not, in one line that is like that, and nothing else happens.
refuses() {
	run "${@:4}" "$BUILD/$2" -d 0.1
	is "$1: $2: status 1, one line, no output" "$status $(wc -l <"$TMP/err") $(wc -c <"$TMP/out")" '1 1 0' || diag "$err"
	like "$1: $2: which says what is missing" "$err" "^$2: .*$3"
}
