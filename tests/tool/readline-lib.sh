# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the live tests of readline-snoop share, besides tests/lib.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

READLINE_SNOOP=$BUILD/readline-snoop
# shellcheck disable=SC2034 # for the tests
BASH_PROGRAM=$(type -P bash)
# Nobody's own settings.
export HISTFILE=/dev/null INPUTRC=/dev/null LC_ALL=C.UTF-8 TERM=dumb ZDOTDIR=$TMP
unset PROMPT_COMMAND

# sit COMMAND...: start it on a terminal of its own. Leaves its process in $at, its terminal in $tty.
sit() {
	rm -f "$TMP/keys"
	mkfifo "$TMP/keys"
	: >"$TMP/screen"
	"$TOP/tests/typist.py" "$TMP/screen" "$@" <"$TMP/keys" &
	typist=$!
	exec {keys}>"$TMP/keys"
	wait_for "$TMP/screen" '^# pid '
	# shellcheck disable=SC2034 # for the tests
	at=$(sed -n 's/^# pid //p' "$TMP/screen") tty=$(sed -n 's/^# tty //p' "$TMP/screen")
}

# keys LINE...: what typist.py is to do; returns at once.
keys() {
	printf '%s\n' "$@" >&"$keys"
}

# got REGEX: wait until it has come past "?REGEX".
got() {
	wait_until grep -aqxF "# got $1" "$TMP/screen" && return
	diag "$(tail -n 20 "$TMP/screen" | cat -v | cut -c 1-300)"
	return 1
}

# prompt [PROMPT]: wait until it is there. Only the first one that is waited for in a session.
prompt() {
	keys "?${1:-ask> }"
	got "${1:-ask> }"
}

# leave: hang up, and wait until all is over.
leave() {
	keys .
	exec {keys}>&-
	wait "$typist"
}

# snoop OPTION...: start readline-snoop -J with them; the records go to $TMP/started.out.
snoop() {
	start "$READLINE_SNOOP" -v -J "$@"
	grep -q ': ready$' "$TMP/started.err" || diag "$(cat "$TMP/started.err")"
}

# of FILTER: jq's, of the records of events so far.
of() {
	jq -r "select(has(\"type\") | not) | $1" "$TMP/started.out"
}

# commands: those of the process that sits there, each as a JSON string on a line.
commands() {
	of "select(.pid == $at and .command) | .command | @json"
}

# sees COMMAND-AS-JSON: wait until the process that sits there has been seen to read that.
sees() {
	wait_until saw "$1" && return
	diag "$(grep -v ': program ' "$TMP/started.err")"
	diag "$(cut -c 1-300 "$TMP/started.out")"
	diag "$(tail -n 20 "$TMP/screen" | cat -v | cut -c 1-300)"
	return 1
}
saw() {
	commands | grep -qxF -e "$1"
}

# saw_note COMMAND-AND-NOTE-AS-JSON, saw_hex BYTES: by the process that sits there.
saw_note() {
	of "select(.pid == $at and .note)"' | "\(.command | @json) \(.note | @json)"' | grep -qxF -e "$1"
}
saw_hex() {
	of "select(.pid == $at) | .command_hex" | grep -qx "$1"
}
