#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What README.md tells to type can be typed, and what it names is there.

. "$(dirname "$0")/lib.sh"

cd "$TOP" || exit
ok 'the line to build and try it' grep -qxF \
	'    make deps all && sudo build/opensnoop -- cat /etc/hostname' README.md
ok 'the line to test it' grep -qxF '    sudo make deps check' README.md

# Words after make that are no assignments.
grep -Eoh '(^    (sudo )?|`)make( [A-Za-z0-9_=./-]+)+' README.md CONTRIBUTING.md man/*.[0-9] |
	sed 's/.*make //' | tr ' ' '\n' | grep -v = | sort -u >"$TMP/goals"
ok 'there are goals to make' grep -qx deps "$TMP/goals"
sed -n 's/^\.PHONY: //p' Makefile | tr ' ' '\n' >"$TMP/phony"
while IFS= read -r goal; do
	ok "make $goal is a goal" grep -qx -e "$goal" "$TMP/phony"
done <"$TMP/goals"

# Links, and names of files in `...`.
# shellcheck disable=SC2016 # those are meant
{
	grep -Eo '\]\([^)]+\)' README.md | sed 's/](\(.*\))/\1/' | grep -v '^http'
	grep -Eo '`(bpf|common|man|tests|tools)/[^` ]*`' README.md | tr -d '`' | grep -v /X
} | sort -u >"$TMP/names"
ok 'there are names of files' grep -qx 'man/opensnoop.8' "$TMP/names"
while IFS= read -r name; do
	ok "$name is there" [ -e "$name" ]
done <"$TMP/names"

for tool in "${TOOLS[@]}"; do
	ok "the table has $tool" grep -q "^| \`$tool\` |" README.md
done
# shellcheck disable=SC2016
is 'and no command that there is not' \
	"$(grep -Eo '^\| `[a-z-]+` \|' README.md | tr -d '`| ' | sort)" "$(printf '%s\n' "${TOOLS[@]}" | sort)"
version=$(sed -n 's/^VERSION := //p' Makefile)
like 'NEWS.md begins with the version' "$(grep -m 1 '^## ' NEWS.md)" "^## ${version//./\\.}(,|\$)"

need_bpf
run "$BUILD/opensnoop" -- cat /etc/hostname
is 'the first line: status' "$status" "$(cat /etc/hostname >/dev/null; echo $?)"
is 'the first line: stderr' "$err" ''
grep -vxF -f /etc/hostname "$TMP/out" >"$TMP/rows"
is 'the first line: a heading' "$(head -n 1 "$TMP/rows" | tr -s ' ')" ' PID COMM FD ERR PATH'
is 'the first line: the opens of cat and nothing else' "$(tail -n +2 "$TMP/rows" | awk '{ print $2 }' | sort -u)" cat
ok 'the first line: the file among them' grep -q ' /etc/hostname$' "$TMP/rows"
done_testing
