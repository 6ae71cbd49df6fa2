# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the live tests of writesnoop share, besides tests/lib.sh.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

WRITESNOOP=$BUILD/writesnoop
WORKLOAD=$BUILD/workload
COLUMNS_TOLD=CALL,FD,BYTES,ASKED,ERR,OFFSET,PATH,OTHER,NOTE

# empty: a directory $dir with nothing in it, whose path is a true one.
empty() {
	dir=$(realpath "$TMP")/dir
	rm -rf "$dir"
	mkdir "$dir"
}

# trace [OPTION...] -- WORKLOAD [ARGUMENT...]: run "WORKLOAD $dir $TMP/told ARGUMENT..." in an empty $dir as
# COMMAND of writesnoop -J OPTION...; leaves the records in $TMP/json, in the form of $TMP/told in $TMP/seen.
trace() {
	local options=() workload

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	workload=$2
	shift 2
	empty
	rm -f "$TMP/told"
	run "$WRITESNOOP" -J -o "$COLUMNS_TOLD" "${options[@]}" --to "$TMP/json" -- \
		"$WORKLOAD/$workload" "$dir" "$TMP/told" "$@"
	[ "$status" -eq 0 ] || echo "status $status" >>"$TMP/err"
	[ ! -s "$TMP/err" ] || diag "$(<"$TMP/err")"
	only_visible
	"$TOP/tests/oracle-write.py" json "$TMP/json" >"$TMP/seen" || diag 'tests/oracle-write.py failed'
}

# only_visible: leaves out of $TMP/told what this kernel has no hook for; $err says so.
only_visible() {
	[[ $err != *'closes by execs are not seen'* ]] || sed -i '/^close .*(exec)$/d' "$TMP/told"
}

# said: what writesnoop has said in $TMP/err, but for the hooks that this kernel has not.
said() {
	grep -vE ' are not seen: (this kernel is too old|raw_tp/.*: No such file or directory)$' "$TMP/err"
}

# as_told NAME [OPTION...] -- WORKLOAD [ARGUMENT...]: what is seen is what it tells, in that order.
as_told() {
	local name=$1

	shift
	trace "$@"
	same "$name" "$TMP/seen" "$TMP/told"
}

# filtered NAME CONDITION [OPTION...] -- WORKLOAD [ARGUMENT...]: what is seen of paths in $dir is
# those lines (awk) of what it tells of them.
filtered() {
	local name=$1 condition=$2

	shift 2
	trace "$@"
	awk "$condition" "$TMP/told" | grep -F " $dir/" >"$TMP/want"
	grep -F " $dir/" "$TMP/seen" >"$TMP/seen.there"
	same "$name" "$TMP/seen.there" "$TMP/want"
}

# events FILE: the number of records of events in JSON.
events() {
	grep -vc '"type":' "$1"
}
