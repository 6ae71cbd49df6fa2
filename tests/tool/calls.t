#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Every system call that opens, succeeding and failing: what is shown is what was asked and what came of it.

. "$(dirname "$0")/lib.sh"
need_bpf

mkdir "$TMP/calls"
if preempts; then
	lacks 'a call that seccomp(2) refuses' 'what runs at tracepoints is preempted; it is seen where functions return'
	except=refused
fi
as_told 'every call, path, descriptor and errno' -- "$WORKLOAD/calls" "$TMP/calls"
calls=(openat openat2 open_by_handle_at)
[ "$(uname -m)" = aarch64 ] || calls+=(open creat) # it has them by way of openat only
for call in "${calls[@]}"; do
	ok "$call is among them" grep -q "^$call " "$TMP/seen"
done
last=$(tail -n 1 "$TMP/json")
is 'the last record is the summary' "$(jq -r '.type, .lost' <<<"$last" | paste -sd ' ')" 'summary 0'
is 'which counts the events' "$(jq .events <<<"$last")" "$(events "$TMP/json")"

is 'an unreadable path is null and says so' \
	"$(jq -c 'select(.err == 14) | [.path, .note]' "$TMP/json" | sort | uniq -c | tr -s ' ')" \
	' 1 [null,"(handle)"]
 4 [null,"(unreadable)"]'
is 'the longest path is whole' "$(jq -r 'select(.err == 0 and .path != null) | .path | length' "$TMP/json" | sort -n | tail -n 1)" 4095
is 'and nothing says that it was cut' "$(grep -c '(cut)' "$TMP/json")" 0

# A path that is too long for the kernel: 4096 bytes of it and a word about the rest.
long=$(printf 'x%.0s' {1..5000})
run "$OPENSNOOP" -J --to "$TMP/json" -- "$WORKLOAD/opener" "/$long"
is 'of a path that is too long the beginning' \
	"$(jq -r 'select(.err == 36) | "\(.path | length) \(.path[:3]) \(.note)"' "$TMP/json")" '4096 /xx (cut)'

# The same in rows.
rm -rf "$TMP/calls"
mkdir "$TMP/calls"
run "$OPENSNOOP" -o CALL,FD,ERR,PATH,NOTE --to "$TMP/rows" -- "$WORKLOAD/calls" "$TMP/calls"
mv "$TMP/out" "$TMP/told"
normal rows "$TMP/rows" >"$TMP/seen"
[ -z "$except" ] || sed -i "/$except/d" "$TMP/seen" "$TMP/told"
same 'the same in rows' "$TMP/seen" "$TMP/told"
is 'an unreadable path is a ? and says so' "$(grep -c $' ?\t(unreadable)$' "$TMP/rows")" 4

# The columns that everybody knows.
run "$OPENSNOOP" --to "$TMP/rows" -- "$WORKLOAD/opener" /etc/hostname
heading=$(head -n 1 "$TMP/rows")
like 'the heading' "$heading" '^ *PID +COMM +FD +ERR +PATH'
line=$(grep ' /etc/hostname$' "$TMP/rows")
like 'a row' "$line" '^ *[0-9]+ opener +[0-9]+ +0 /etc/hostname$'
heading=${heading%%PATH*} before=${line%%/etc/hostname}
is 'the path stands below PATH' "${#before}" "${#heading}"

# Flags and modes, as strace(1) has them.
trace() {
	local how=$1
	shift
	rm -rf "$TMP/calls"
	mkdir "$TMP/calls"
	if [ "$how" = strace ]; then
		strace -qq -e signal=none -e trace=open,openat,creat -o "$TMP/strace" "$@" >/dev/null 2>&1
	else
		run "$OPENSNOOP" -J -o FLAGS,MODE,CALL --to "$TMP/json" "$@"
	fi
}
trace strace "$WORKLOAD/calls" "$TMP/calls"
# Modes count only where something may be created. O_TMPFILE holds O_DIRECTORY, and strace says so.
sed -En 's/^(open|openat)\(.*, (O_[A-Z_|]+)(, (0[0-7]+))?\).*= .*/\2 \4/p' "$TMP/strace" | sort -u >"$TMP/want"
trace opensnoop -- "$WORKLOAD/calls" "$TMP/calls"
jq -r 'select(.call == "open" or .call == "openat") | [.flags, .mode] | @json' "$TMP/json" |
	sed -E 's/\["([^"]*)",(null|"?([0-7]*)"?)\]/\1 \3/' | sort -u >"$TMP/seen"
same 'flags and modes are those that strace shows' "$TMP/seen" "$TMP/want"

if strace -o /dev/null true 2>/dev/null; then
	as_told 'a program that strace traces as well' -n opener -- \
		strace -qq -o /dev/null "$WORKLOAD/opener" /etc/hostname missing
fi
done_testing
