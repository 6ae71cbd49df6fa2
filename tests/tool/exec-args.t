#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Arguments and environments: nothing of them reaches a terminal raw, nothing is lost, and what is cut says so.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
host_only
# Where nothing is that a pattern could match, and what is executed by mistake is found.
mkdir "$TMP/cage"
cd "$TMP/cage" || exit

# evaluated FILE: rows of ARGS alone, as bash understands them when they are pasted into it.
evaluated() {
	while IFS= read -r row; do
		eval "set -- ${row%%$'\t'*}"
		printf '%d\0' $#
		[ $# -eq 0 ] || printf '%s\0' "$@"
	done <"$1" | normal words
}

utf8=$(locale -a 2>/dev/null | grep -iE '^C\.utf-?8$' | head -n 1)
for locale in C $utf8; do
	for option in '' -q; do
		# shellcheck disable=SC2086 # none, or one
		run env LC_ALL="$locale" "$EXECSNOOP" --no-header $option -o ARGS --to "$TMP/rows" -- "$EXECS" hostile "$TOLD"
		cut -d ' ' -f 8- "$TMP/out" >"$TMP/want"
		ok "$locale $option: nothing that a terminal would take for more than text" \
			normal plain "$locale" "$TMP/rows"
		# COMMAND's own stands first.
		evaluated "$TMP/rows" | sed 1d >"$TMP/seen"
		same "$locale $option: pasted into bash, these are the very arguments" "$TMP/seen" "$TMP/want"
		is "$locale $option: and nothing else has happened" "$(ls -A)" ''
	done
	nok "$locale: -q quotes each of them" grep -vE "^(('[^']*'|\"[^\"]*\"|\\\$'([^'\\]|\\\\.)*')+ ?)+\$" "$TMP/rows"
done
if [ -n "$utf8" ]; then
	ok 'umlauts, emoji and ideographs are readable in UTF-8' grep -q $'äöü € 😀 e\xcc\x81 漢字' "$TMP/rows"
fi
run "$EXECSNOOP" --no-header -o ARGS --to "$TMP/rows" -- "$TOLD" plain 'a b' -x=/y:z,1.5@h%+_ "it's" '' '?' ...
is 'what is harmless is shown as it is, and what means something is quoted' "$(cat "$TMP/rows")" \
	"$TOLD plain 'a b' -x=/y:z,1.5@h%+_ \"it's\" '' '?' '...'"

told 'JSON: the bytes are there' -- "$EXECS" hostile "$TOLD"
ok 'JSON: nothing that a terminal would take for more than text' normal plain UTF-8 "$TMP/json"
ok 'JSON: jq reads every line' jq . "$TMP/json"
is 'JSON: hex where the text is not valid, and nowhere else' \
	"$(of '(.args | any(contains("\ufffd"))) == has("args_hex")' "$TMP/json" | sort -u)" true
is 'JSON: args and args_hex have the same number' "$(of 'select(.args_hex) | (.args | length) == (.args_hex | length)' "$TMP/json" | sort -u)" true
is 'JSON: of what is not valid U+FFFD, beside it the bytes' \
	"$(of 'select(.args_hex and (.args | length) == 2) | [.args[1], .args_hex[1]] | @tsv' "$TMP/json" | grep ^invalid)" \
	$'invalid\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\t696e76616c6964fffec0af'

# --- a name of a process, and files, that were chosen to do harm ---
evil=$'\033[2Jevil\n\377'
cp "$TOLD" "$evil"
printf '#!%s\n' "$TOLD" >script$'\n'
chmod +x script*
run "$EXECSNOOP" -x -o COMM,PCOMM,EXE,FILE,SCRIPT,INTERP,CWD,ANCESTORS,NOTE --to "$TMP/rows" -- "$EXECS" run "./$evil" zero
ok 'a hostile name in each column' normal plain C "$TMP/rows"
is 'a hostile name in each column: one line for each' "$(wc -l <"$TMP/rows")" 3
told 'a hostile name in JSON' -- "$EXECS" run "./$evil" zero
run "$EXECSNOOP" -x --to "$TMP/rows" -- "$EXECS" run "./missing$evil" zero
ok 'a hostile name in the note of a failure' normal plain C "$TMP/rows"
told 'a script with a hostile name' -- "$EXECS" run ./script$'\n' zero
rm -f ./*evil* ./script*

# --- what is cut on request ---
# cut ROW-OPTION...: the last row
cut_to() {
	run "$EXECSNOOP" -J "$@" --to "$TMP/json" -- "$TOLD" aa bb cc dd ee
	run "$EXECSNOOP" --no-header -o ARGS "$@" --to "$TMP/rows" -- "$TOLD" aa bb cc dd ee
}
cut_to --max-args 3
is '--max-args 3' "$(cat "$TMP/rows")" "$TOLD aa bb ...	(cut: 3 arguments, 9 bytes left out)"
is '--max-args 3: JSON' "$(of '[.args[1:], .args_cut, .args_cut_bytes] | @json' "$TMP/json")" '[["aa","bb"],3,9]'
cut_to --max-args 6
is '--max-args: as many as there are' "$(cat "$TMP/rows")" "$TOLD aa bb cc dd ee"
is '--max-args: as many as there are: JSON' "$(of '[(.args | length), .args_cut, .args_cut_bytes] | @json' "$TMP/json")" '[6,null,null]'
cut_to --max-bytes $((${#TOLD} + 7))
is '--max-bytes' "$(cat "$TMP/rows")" "$TOLD aa bb ...	(cut: 3 arguments, 9 bytes left out)"
is '--max-bytes: JSON' "$(of '[.args[1:], .args_cut_bytes] | @json' "$TMP/json")" '[["aa","bb"],9]'
cut_to --max-bytes $((${#TOLD} + 16))
is '--max-bytes: as many as there are' "$(cat "$TMP/rows")" "$TOLD aa bb cc dd ee"
run "$EXECSNOOP" -J --max-args 10 --to "$TMP/json" -- "$EXECS" many 100000 8 "$TOLD"
is '--max-args 10 of 100,001' "$(of '[(.args | length), .args_cut] | @json' "$TMP/json" | tail -n 1)" '[10,99991]'
run "$EXECSNOOP" -J --max-bytes 100000 --to "$TMP/json" -- "$EXECS" many 16 131071 "$TOLD"
is '--max-bytes 100000 of 2 MB' \
	"$(of 'select(.args_cut_bytes) | (.args | map(utf8bytelength) | add) as $n | $n >= 99900 and $n <= 100000' "$TMP/json")" true
run "$EXECSNOOP" -x --no-header -o ARGS --max-args 2 --to "$TMP/rows" -- "$EXECS" run /no/such/program a b c
like '--max-args of a failure' "$(tail -n 1 "$TMP/rows")" '^a b \.\.\.	.*\(cut: 1 arguments?'

# --- environments ---
run env -i A=1 'B=two words' C= "$EXECSNOOP" -J --env A,B,C,D --to "$TMP/json" -- /bin/sh -c 'exec "$0"' "$TOLD"
is '--env NAME,...' "$(of .env "$TMP/json" | jq -cS . | sort -u)" '{"A":"1","B":"two words","C":""}'
run env -i A=1 'B=two words' C= "$EXECSNOOP" --no-header --env A,B,C,D -o ENV,ARGS --to "$TMP/rows" -- "$TOLD" x
is '--env in a row' "$(cat "$TMP/rows")" "A=1 'B=two words' C= $TOLD x"
run env -i "PATH=$PATH" ONE=1 "BAD=$evil" $'LINE=a\nb' "$EXECSNOOP" -J --env all --to "$TMP/json" -- env -0
is '--env all' "$(of '.env | keys | @json' "$TMP/json")" '["BAD","LINE","ONE","PATH"]'
run env -i $'A=\377' A_hex=forged "$EXECSNOOP" -J --env A,A_hex --to "$TMP/env" -- "$STATIC" silent
is '--env: no variable can pass for the bytes of another one' "$(grep -o '"A_hex":' "$TMP/env" | wc -l)" 1
is '--env all: and their values' "$(of '.env | "\(.ONE) \(.PATH)"' "$TMP/json")" "1 $PATH"
ok '--env: nothing that a terminal would take for more than text' normal plain UTF-8 "$TMP/json"
run env -i "PATH=$PATH" "BAD=$evil" "$EXECSNOOP" --env all --to "$TMP/rows" -- true
ok '--env in a row: the same' normal plain C "$TMP/rows"
run "$EXECSNOOP" -J --to "$TMP/json" -- true
is 'without --env there is none' "$(of 'has("env")' "$TMP/json")" false
run env -i "PATH=$PATH" "BIG=$(printf 'x%.0s' {1..100000})" LAST=1 "$EXECSNOOP" -J --env LAST,BIG --to "$TMP/json" -- true
is '--env of 100,000 bytes' "$(of '.env | "\(.LAST) \(.BIG | length)"' "$TMP/json")" '1 100000'
run "$EXECSNOOP" -J -x --env PATH --to "$TMP/json" -- "$EXECS" run /no/such/program a
is '--env of a failure: none' "$(of 'select(.ret != 0) | .env' "$TMP/json")" null
done_testing
