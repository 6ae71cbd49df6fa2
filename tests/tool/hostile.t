#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Names that were chosen to do harm: nothing of them reaches a terminal, and nothing of them is lost.

. "$(dirname "$0")/lib.sh"
need_bpf
host_only

# What a terminal must never get: control characters but newline and TAB, DEL, and in UTF-8 C1,
# bidirectional controls, zero width, line and paragraph separators, and what is invalid.
cat >"$TMP/unsafe.py" <<'END'
import sys
import unicodedata
mode, data = sys.argv[1], open(sys.argv[2], 'rb').read()
try:
    text = data.decode('ascii' if mode == 'C' else 'utf-8')
except UnicodeDecodeError as error:
    sys.exit('%s: bytes that are not of its charset: %s' % (sys.argv[2], error))
for i, c in enumerate(text):
    if c in '\n\t':
        continue
    if unicodedata.category(c) in ('Cc', 'Cf', 'Zl', 'Zp', 'Cs'):
        sys.exit('%s: U+%04X in %r' % (sys.argv[2], ord(c), text[max(0, i - 40):i + 20]))
END

utf8=$(locale -a 2>/dev/null | grep -iE '^C\.utf-?8$' | head -n 1)
for locale in C $utf8; do
	rm -rf "$TMP/names"
	mkdir "$TMP/names"
	run env LC_ALL="$locale" "$OPENSNOOP" -o COMM,CALL,FD,ERR,PATH,NOTE --to "$TMP/rows" -- "$WORKLOAD/hostile" "$TMP/names"
	is "$locale: rows: status" "$status" 0
	ok "$locale: rows: nothing that a terminal would take for more than text" \
		python3 "$TMP/unsafe.py" "$locale" "$TMP/rows"
	# COMM is never empty and stands first; CALL tells where it ends.
	sed -E 's/^.*(openat +-?[0-9]+ +[0-9]+ )/\1/; s/^COMM +CALL/CALL/' "$TMP/rows" >"$TMP/rows.short"
	normal rows "$TMP/rows.short" >"$TMP/seen"
	same "$locale: rows: the bytes can be told from what is shown" "$TMP/seen" "$TMP/out"
	like "$locale: rows: an ESC is \\033, a newline \\n" "$(grep -a 'esc.*red' "$TMP/rows") $(grep -a 'new.nline' "$TMP/rows")" \
		'esc\\033\[31mred\\033\[0m\\033\]0;title(\\a|\\007) .* new\\nline$'
	ok "$locale: rows: the hostile comm" grep -q '^\\033\[2J\\n"\\\\\\377\\302\\233 ' "$TMP/rows"
done
if [ -n "$utf8" ]; then
	ok 'umlauts, emoji and ideographs are readable in UTF-8' grep -q $'äöü € 😀 e\xcc\x81 漢字$' "$TMP/rows"
fi

rm -rf "$TMP/names"
mkdir "$TMP/names"
as_told 'JSON: the bytes are there' -- "$WORKLOAD/hostile" "$TMP/names"
ok 'JSON: jq reads every line' jq . "$TMP/json"
ok 'JSON: and a strict reader, for which every byte is UTF-8' python3 -c '
import json, sys
for line in open(sys.argv[1], "rb"):
    json.loads(line.decode("utf-8", "strict"))' "$TMP/json"
ok 'JSON: nothing that a terminal would take for more than text' python3 "$TMP/unsafe.py" UTF-8 "$TMP/json"
is 'JSON: one line for each event' "$(events "$TMP/json")" "$(jq .events <<<"$(tail -n 1 "$TMP/json")")"
is 'JSON: hex only where the text is not valid' \
	"$(jq -r 'select(.path_hex) | select(.path | contains("\ufffd") | not) | .path' "$TMP/json")" ''
is 'JSON: the hostile comm' "$(jq -r 'select(.comm_hex) | .comm_hex' "$TMP/json" | sort -u)" 1b5b324a0a225cffc29b
is 'JSON: an escaped C1 control' "$(grep -c '"c1-utf8\\u009b31m\\u0085"' "$TMP/json")" 1

# The same through -F, where the kernel half reads the names from elsewhere.
rm -rf "$TMP/names"
mkdir "$TMP/names"
run "$OPENSNOOP" -J -F -o +CALL --to "$TMP/json" -- "$WORKLOAD/hostile" "$TMP/names"
# What was opened: every name but "", below the directory.
sed -n "s|^\(openat [0-9]* 0 \)\([^/]\)|\1$(realpath "$TMP/names")/\2|p" "$TMP/out" | grep -v ' \.$' >"$TMP/told"
normal json "$TMP/json" | grep '^openat [0-9]* 0 ' | grep -F 'names/' >"$TMP/seen"
same 'JSON: full paths' "$TMP/seen" "$TMP/told"
done_testing
