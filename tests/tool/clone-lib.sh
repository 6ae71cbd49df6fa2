# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the live tests of clonecount and clonesnoop share, besides tests/lib.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034 # for the tests
CLONECOUNT=$BUILD/clonecount CLONESNOOP=$BUILD/clonesnoop WORKLOAD=$BUILD/workload CLONES=$BUILD/workload/clones

# of FILTER FILE: jq's, of the records that have no type: of events, or of the rows of an interval.
of() {
	jq -r "select(has(\"type\") | not) | $1" "$2"
}

# typed TYPE FILTER FILE: jq's, of the records of that type.
typed() {
	jq -r "select(.type == \"$1\") | $2" "$3"
}

# refuses TOOL PATTERN ARGUMENT...: one line that is like that, status 2, and nothing on stdout.
refuses() {
	local tool=$1 pattern=$2

	shift 2
	run "$BUILD/$tool" "$@"
	is "$tool $*: status 2, one line" "$status $(wc -l <"$TMP/err") $(wc -c <"$TMP/out")" '2 1 0'
	like "$tool $*: which says what is wrong" "$err" "^$tool: $pattern"
}

# kernel_thread: make the kernel start a thread of its own, in one of the ways that there may be here.
kernel_thread() {
	# A trigger for lack of time: psimon.
	if [ -w /proc/pressure/cpu ] && printf 'some 500000 1000000\0' 1<>/proc/pressure/cpu; then
		return
	fi 2>/dev/null
	# A journal: jbd2.
	truncate -s 4M "$TMP/image" && mkfs.ext4 -q "$TMP/image" && mkdir -p "$TMP/mounted" &&
		unshare -m mount -o loop "$TMP/image" "$TMP/mounted"
} >/dev/null 2>&1
