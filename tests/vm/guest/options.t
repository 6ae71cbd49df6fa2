#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The options that change what is loaded, together: no verifier refuses that.

. "$(dirname "$0")/lib.sh"
loops=
! has_loops || loops=1
stacks="${loops:+--stack }--kernel-stack"

# loads COMMAND OPTION...: it does.
loads() {
	run "$BUILD/$1" -d 0.01 "${@:2}"
	is "$*" "$status" 0 || diag "$(grep -vE ' attached: |cannot be had' "$TMP/err" | tail -n 3)"
}
# all COMMAND: the names of all columns.
all() {
	"$BUILD/$1" -o list | awk '{ print $1 }' | paste -sd ,
}

# shellcheck disable=SC2086 # words
for command in opensnoop writesnoop clonesnoop 'execsnoop -x --exit'; do
	loads $command -n '*c*' -u 0 --cgroup /
	[ -z "$loops" ] || loads $command --stack
	for more in '' --compat; do
		loads $command $more $stacks -J -o "$(all "${command%% *}")"
	done
done
# shellcheck disable=SC2086 # words
for options in '-s 65536' '--strace -s 65536' "--strace --compat $stacks" -S '-x -o +LAT' '--writes-only -o LAT' '--compat -a -P *x*'; do
	loads writesnoop $options
done
loads opensnoop -F
loads opensnoop -P '*x*' -P y
loads execsnoop --env A -l '*x*'
[ -z "$loops" ] || [ "$(uname -m)" != x86_64 ] || loads writesnoop --mmap --stack -o +LAT,DATA
loads clonecount --by uid,pid,ppid,session,comm,exe,cgroup
loads readline-snoop --exit -e
done_testing
