#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What is typed, byte for byte: long, pasted, hostile, in several lines, thrown away.

. "$(dirname "$0")/readline-lib.sh"
need_bpf
cd "$TMP" || exit

sit bash --norc -i
prompt
snoop

# --- long ---
long=$(printf 'echo %05990d; :' 7)
keys "+$long\\n" '?ask> '
ok '6,000 characters' sees "\"$long\""
# More than a terminal takes in a second: put in by the shell itself.
keys "+bind -x '\"\\\\x18a\": READLINE_LINE=\": \$(printf %065530d 7)\"; READLINE_POINT=9'\\n" '?ask> ' '+\x18a' '+\n' '?ask> '
saw_long() {
	of 'select(.command | length > 60000) | "\(.command | length) \(.note)"' | grep -qx "$1"
}
ok '64 KB' wait_until saw_long '65532 null'
keys "+bind -x '\"\\\\x18b\": READLINE_LINE=\": \$(printf %070000d 7)\"; READLINE_POINT=9'\\n" '?ask> ' '+\x18b' '+\n' '?ask> '
ok 'more than 64 KB is cut, and marked' wait_until saw_long '65536 (cut)'

# --- hostile ---
keys '+echo \x16\x1b[31m\x16\x07\n' '?ask> '
ok 'ESC and BEL' sees '"echo \u001b[31m\u0007"'
keys '+echo \xc3\xa4 \xe2\x82\xac\n' '?ask> '
ok 'UTF-8' sees '"echo ä €"'
# readline throws away what is no character when it is typed.
keys "+bind -x '\"\\\\x18c\": READLINE_LINE=\$(printf \"echo x \\\\344 y\")'\\n" '?ask> ' '+\x18c' '+\n' '?ask> '
ok 'invalid UTF-8' wait_until saw_hex 6563686f207820e42079
keys '+"; \\\\ $(id) `id` {"\n' '?ask> '
ok 'quotes and backslashes' sees '"\"; \\\\ $(id) `id` {\""'

host_only
# --- several lines ---
keys '+for i in 1 2\n' '?more> ' '+do\n' '?more> ' '+\n' '?more> ' '+:; done\n' '?ask> '
ok 'the lines of a command are one, with empty ones' sees '"for i in 1 2\ndo\n\n:; done"'
keys '+cat <<END\n' '?more> ' '+one $HOME\n' '?more> ' '+END\n' '?one [^\n]*\r\nask> '
ok 'heredoc' sees '"cat <<END\none $HOME\nEND"'
keys '+echo "a\n' '?more> ' '+b"\n' '?ask> '
ok 'a string over two lines' sees '"echo \"a\nb\""'
# Bracketed paste, as a terminal sends it, is on even where the terminal is dumb if bash is told so.
keys "+bind 'set enable-bracketed-paste on'\\n" '?ask> ' '+\x1b[200~: pasted 1\n: pasted 2\x1b[201~' '+\n' '?ask> '
ok 'a paste with a newline is one record' sees '": pasted 1\n: pasted 2"'
keys "+bind 'set enable-bracketed-paste off'\\n" '?ask> '

# --- changed on the way ---
keys '+: history one\n' '?ask> ' '+!!\n' '?: history one\r\nask> '
ok 'history expansion: as it was typed' sees '"!!"'
keys '+: wrogn\x7f\x7fng\n' '?ask> '
ok 'what was corrected is as it was in the end' sees '": wrong"'
keys '+thrown away\x03' '?ask> ' '+: kept\n' '?ask> '
ok 'Ctrl-C: the next line is seen' sees '": kept"'
nok 'and what was thrown away is not' saw '"thrown away"'
keys '+if true\n' '?more> ' '+\x03' '?ask> '
ok 'Ctrl-C in the middle of a command' wait_until saw_note '"if true" "(unfinished)"'
keys '+\n' '?ask> ' '+\n' '?ask> ' '+: after\n' '?ask> '
sees '": after"'
nok 'empty lines are hidden' saw '""'
keys '+read -e -p "Say: " x\n' '?Say: ' '+said\n' '?ask> '
ok 'read -e is captured, and says so' wait_until saw_note '"said" "(read)"'
keys '+read -e -p "Say: " x\n' '?Say: ' '+\n' '?ask> ' '+: said nothing\n' '?ask> '
sees '": said nothing"'
is 'read -e: an empty line is hidden' "$(of 'select(.command == "")')" ''
keys "+bind -x '\"\\\\x18d\": read -e -p \"Key: \" k'\\n" '?ask> ' '+: outer\x18d' '?Key: ' '+inner key\n' '?ask> ' '+: next\n' '?ask> '
ok 'what a key is bound to reads is not a command' wait_until saw_note '"inner key" "(read)"'
ok 'and the line that it was typed in is one' sees '": outer"'
nok 'without a note' saw_note '": outer" "(read)"'
keys '+(read -e -p "Say: " x; exec bash --norc -i)\n' '?Say: ' '+inner\n' '?ask> ' '+: in a subshell\n' '?ask> '
ok 'a shell within a shell' wait_until grep -qF '": in a subshell"' started.out
keys '+exec sh -c "echo there; exec cat"\n' '?there\r\n' '+not for readline\n' '?not for readline\r\nnot for readline\r\n'
ok 'exec: the line itself' wait_until grep -qF 'exec sh -c' started.out
nok 'and nothing of what follows' grep -qF 'not for readline' started.out
keys '+\x04' '?ask> ' '+\x04'
ok 'Ctrl-D' wait_until saw_note 'null "(eof)"'
leave
finish
is 'nothing was lost' "$(tail -n 1 started.out | jq .lost)" 0

# --- the same as rows ---
sit bash --norc -i
prompt
start "$READLINE_SNOOP" -v --no-header -o COMMAND -p "$at"
keys '+: \x16\x1b[2J\x16\t\\\n' '?more> ' '+\xc3\xa4\n' '?ask> ' '+: end\n'
wait_for started.out '^: end$'
leave
finish
is 'rows: one line for each, escaped' "$(head -n 1 "$TMP/started.out")" ': \033[2J\t\\\nä'

# --- each line for itself ---
sit bash --norc -i
prompt
snoop --raw
keys '+for i in 1 2\n' '?more> ' '+do :; done\n' '?ask> ' '+\n' '?ask> ' '+: last\n' '?ask> '
sees '": last"'
is '--raw: each line, empty ones too' "$(commands | paste -sd ' ')" '"for i in 1 2" "do :; done" "" ": last"'
leave
finish
done_testing
