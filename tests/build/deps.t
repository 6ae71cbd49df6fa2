#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What is missing or too old is said in one line, and "make deps" installs that and no more.

. "$(dirname "$0")/lib.sh"
copy "$TMP/tree"
cd "$TMP/tree" || exit 1

# complains NAME REGEX MAKE-ARGUMENT...: make fails with one line of its own making.
complains() {
	local name=$1 regex=$2
	shift 2
	run make --no-print-directory "$@"
	is "$name: make fails" "$status" 2
	like "$name: says what" "$(grep -v '^make' "$TMP/err")" "^missing or too old: $regex; 'make deps'"
	is "$name: in one line" "$(grep -vc '^make' "$TMP/err")" 1
}

fake old-clang 'echo "Some clang version 13.0.1-1"'
fake old-pkg-config '[ "$1 $2" != "--exists libbpf >= 1.1" ] && exec pkg-config "$@"'
complains 'no clang' 'clang 14 or later \(as /nonexistent\)' CLANG=/nonexistent
complains 'an old clang' 'clang 14 or later \(as [^ ]*/old-clang\)' CLANG="$TMP/bin/old-clang" LLVM_STRIP=true
complains 'an old libbpf' 'libbpf 1.1 or later' PKG_CONFIG="$TMP/bin/old-pkg-config"
complains 'no bpftool' 'bpftool \(as /nonexistent\)' BPFTOOL=/nonexistent
complains 'no compiler' 'cc \(as /nonexistent\)' CC=/nonexistent

# Whatever else is there, this is found first.
fake sudo 'exec "$@"'
fake apt-get "echo \"\$*\" >>$TMP/called"
export PATH="$TMP/bin:$PATH"
: >"$TMP/called"
ok 'make deps with everything there' make deps
is '... asks the package manager for nothing' "$(<"$TMP/called")" ''
nok 'make deps fails if that did not help' make deps PKG_CONFIG="$TMP/bin/old-pkg-config"
is '... and asks for what is missing alone' "$(<"$TMP/called")" \
	$'-q update\n-q -y --no-install-recommends install libbpf-dev'

# Every row has a way to tell and a package for each of the managers.
rows=$(sed -n '/^# for /,/^END/p' common/deps.sh | grep -c '^[a-z]')
ok 'the table has rows' test "$rows" -gt 20
is 'every row of the table is whole' \
	"$(sed -n '/^# for /,/^END/p' common/deps.sh | grep '^[a-z]' | awk 'NF != 7')" ''
done_testing
