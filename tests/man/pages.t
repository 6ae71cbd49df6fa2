#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The manual says what the commands say: options, columns, notes, JSON keys, messages, and source that it quotes.

. "$(dirname "$0")/lib.sh"

cd "$TOP/man" || exit
for page in *.[0-9]; do
	ok "$page: mandoc finds nothing wrong" mandoc -Tlint -Wwarning "$page"
	is "$page: lines of 80 columns at most" \
		"$(mandoc -Tascii -O width=78 "$page" | sed "s/.$(printf '\b')//g" | awk 'length > 80' | head -n 3)" ''
	is "$page: is ASCII" "$(LC_ALL=C grep -n '[^ -~	]' "$page" | head -n 3)" ''
done

for tool in "${TOOLS[@]}"; do
	ok "$tool: there is a page" [ -e "$tool.8" ]
	help_options "$tool" >"$TMP/help"
	page_options "$tool" >"$TMP/page"
	ok "$tool: --help lists options" [ "$(wc -l <"$TMP/help")" -gt 20 ]
	same "$tool: the page lists the options of --help, with an argument where they take one" "$TMP/page" "$TMP/help"

	section "$tool.8" SYNOPSIS | tr ' ' '\n' | awk 'p == "Fl" && $0 != "-" { print "-" $0 } { p = $0 }' |
		sed -E 's/^-([A-Za-z]{2,})$/-\1/' | while read -r option; do
		case $option in
		--*) echo "$option" ;;
		*) fold -w 1 <<<"${option#-}" | sed 's/^/-/' ;;
		esac
	done | LC_ALL=C sort -u >"$TMP/synopsis"
	# By its letter where it has one; those that only print something are not there.
	awk '$2 !~ /^--(help|usage|version)$/ { print $1 == "-" ? $2 : $1 }' "$TMP/help" | LC_ALL=C sort >"$TMP/want"
	same "$tool: so does its synopsis" "$TMP/synopsis" "$TMP/want"

	"$BUILD/$tool" -o list | awk '{ print $1 }' >"$TMP/list"
	section "$tool.8" COLUMNS | awk '/^\.Ss / { exit } /^\.It Cm / { print $3 }' >"$TMP/page"
	ok "$tool: -o list lists columns" grep -qx PID "$TMP/list"
	same "$tool: the page has the columns of -o list, in that order" "$TMP/page" "$TMP/list"
done

# The words of notes stand in the source as "(word)".
grep -Eoh '"\([a-z0-9_-]+\)"' "$TOP"/tools/*.c "$TOP"/common/*.c | tr -d '"' | LC_ALL=C sort -u >"$TMP/words"
for tool in "${TOOLS[@]}"; do
	section "$tool.8" COLUMNS | sed -n '/^\.Ss Notes/,$s/^\.It \((.*)\)$/\1/p'
done | LC_ALL=C sort -u >"$TMP/page"
ok 'there are notes' grep -qx '(cut)' "$TMP/words"
same 'the pages have every word that a note can have' "$TMP/page" "$TMP/words"

# And those of several words.
for page in *.8; do
	mandoc -Tascii "$page"
done | sed "s/.$(printf '\b')//g" | tr -s ' \n' '  ' >"$TMP/text"
grep -Eoh '"\([a-z]+(,? [a-z]+)+\)"' "$TOP"/tools/*.c "$TOP"/common/*.c | tr -d '"' | sort -u >"$TMP/notes"
ok 'there are such' grep -qxF '(closed by exit)' "$TMP/notes"
while IFS= read -r note; do
	ok "a page explains $note" grep -qF -e "$note" "$TMP/text"
done <"$TMP/notes"

# Messages, as far as they are fixed: what an .It says beside its arguments.
cat "$TOP"/tools/*.c "$TOP"/common/*.c >"$TMP/source"
for tool in "${TOOLS[@]}"; do
	section "$tool.8" DIAGNOSTICS | sed -n 's/^\.It //p' |
		sed -E 's/(^| )Ar ([A-Za-z]+|"[^"]*")( :)?( No)?( |$)/\n/g; s/ :/:/g' |
		grep -E '.{4}' >"$TMP/messages"
	ok "$tool: the page explains messages" [ "$(wc -l <"$TMP/messages")" -gt 8 ]
	while IFS= read -r message; do
		ok "$tool: the source has the message: $message" grep -qF -e "$message" "$TMP/source"
	done <"$TMP/messages"
done

# Code that a page quotes is that of the file, but for white space and what is left out: "..." on a line.
cat >"$TMP/quotes.py" <<'END'
import re
import sys
page, top = sys.argv[1:]
squeeze = lambda text: re.sub(r'\s', '', text)
quotes = re.findall(r'^\.\\" from (\S+)\n\.Bd -literal\n(.*?)^\.Ed$', open(page).read(), re.S | re.M)
for name, quote in quotes:
    source = squeeze(open(top + '/' + name).read())
    at = 0
    for part in re.split(r'^\\&\.\.\.$', quote.replace('\\e', '\\'), flags=re.M):
        at = source.find(squeeze(part), at)
        if at < 0:
            sys.exit('%s is not in %s, or not in that order:\n%s' % (page, name, part))
print(len(quotes))
END
for page in *.[0-9]; do
	ok "$page: the code that it quotes is in the source" python3 "$TMP/quotes.py" "$page" "$TOP"
done
ok 'and code is quoted' [ "$(python3 "$TMP/quotes.py" snoop-tools.7 "$TOP")" -ge 10 ]

# What a page tells to type has no option that there is not.
cat >"$TMP/examples.py" <<'END'
import re
import shlex
import sys
tool, known = sys.argv[1], open(sys.argv[2]).read().split()
count = 0
for name in sys.argv[3:]:
    text = open(name).read()
    # Shell lines, with what a \ at the end continues; in roff that is a \e.
    text = re.sub(r'(\\e|\\)\n\s*', ' ', text)
    lines = re.findall(r'^\s*[#$] (%s .*)$' % tool, text, re.M)
    lines += re.findall(r'^\.Ql "?(%s [^"\n]*)' % tool, text, re.M) + re.findall(r'`(%s -[^`\n]*)`' % tool, text)
    for line in lines:
        words = shlex.split(re.split(r' \| | 2>', line)[0].replace('\\e', '\\'))[1:]
        count += 1
        for word in words[:words.index('--') if '--' in words else len(words)]:
            option = word.split('=')[0] if word.startswith('--') else word[:2]
            if word.startswith('-') and option not in known:
                sys.exit('%s: no option %s: %s' % (name, option, line))
print(count)
END
for tool in "${TOOLS[@]}"; do
	help_options "$tool" >"$TMP/known"
	ok "$tool: examples have no option that there is not" \
		python3 "$TMP/examples.py" "$tool" "$TMP/known" "$tool.8" snoop-tools.7 "$TOP/README.md"
	ok "$tool: and there are examples" [ "$(python3 "$TMP/examples.py" "$tool" "$TMP/known" "$tool.8")" -ge 8 ]
	ok "$tool: snoop-tools(7) names it" grep -q "^\\.It Xr $tool 8\$" snoop-tools.7
done

# The keys of the last record.
need_bpf
for tool in "${TOOLS[@]}"; do
	run "$BUILD/$tool" -J -- true
	section "$tool.8" JSON | sed -n 's/^\.It Cm //p' >"$TMP/page"
	tail -n 1 "$TMP/out" | jq -r 'keys_unsorted[]' >"$TMP/keys"
	same "$tool: the page has the keys of the summary, in that order" "$TMP/page" "$TMP/keys"
	is "$tool: which is the last record" "$(tail -n 1 "$TMP/out" | jq -r .type)" summary
done
done_testing
