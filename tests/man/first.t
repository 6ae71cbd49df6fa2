#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The program that snoop-tools(7) begins with can be built as it says there, and does what it says.

. "$(dirname "$0")/lib.sh"

# Each block behind a comment of the form .\" file NAME.
awk -v dir="$TMP" '
	/^\.\\" file / { file = dir "/" $3; next }
	/^\.Ed$/ { file = "" }
	/^\.Bd/ { next }
	file { gsub(/\\e/, "\\"); print >file }' "$TOP/man/snoop-tools.7"
for file in first.h first.bpf.c first.c build.sh; do
	ok "the page has $file" [ -s "$TMP/$file" ]
done

# Under the names that the page uses.
mkdir "$TMP/bin"
as() {
	local name=$1 program

	shift
	program=$(type -P "$1")
	shift
	printf '#!/bin/sh\nexec %s "$@"\n' "$program $*" >"$TMP/bin/$name"
	chmod +x "$TMP/bin/$name"
}
# shellcheck disable=SC2086 # it may be several words
{
	as clang ${CLANG:-clang}
	as cc ${CC:-cc}
}
as bpftool "$("$TOP/common/deps.sh" bpftool)"
cd "$TMP" || exit
ok 'it can be built' env PATH="$TMP/bin:$PATH" sh -e build.sh

need_bpf
./first >seen 2>err &
first=$!
# shellcheck disable=SC2317 # wait_until calls it
sees() {
	"$TMP/bin/some-command"
	grep -qE '^[0-9]+ some-command$' seen
}
cp "$(type -P true)" bin/some-command
ok 'it shows what is executed' wait_until sees
is 'and says nothing else' "$(grep -cvE '^[0-9]+ ' seen) $(<err)" '0 '
kill "$first"
done_testing
