#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The options that change what is loaded, together: no verifier refuses that.

. "$(dirname "$0")/lib.sh"
stacks='--stack --kernel-stack'
[ "$(kernel)" != 5.10 ] || stacks=--kernel-stack

# loads COMMAND OPTION...: it does.
loads() {
	run "$BUILD/$1" -d 0.01 "${@:2}"
	is "$*" "$status" 0 || diag "$(grep -vE ' attached: |cannot be had' "$TMP/err" | tail -n 3)"
}
# all COMMAND: the names of all columns.
all() {
	"$BUILD/$1" -o list | awk '{ print $1 }' | paste -sd ,
}

for more in '' --compat; do
	# shellcheck disable=SC2086 # words
	for command in opensnoop writesnoop clonesnoop 'execsnoop -x --exit'; do
		loads $command $more
		loads $command $more $stacks
		[ "$(kernel)" = 5.10 ] || loads $command $more --stack
		loads $command $more -J -o "$(all "${command%% *}")" $stacks
		loads $command $more -n '*c*' -u 0 --cgroup /
	done
	# shellcheck disable=SC2086 # words
	for options in '-s 65536' '--strace -s 65536' "--strace $stacks" -S '-x -o +LAT' '--writes-only -o LAT' '-a -P *x*'; do
		loads writesnoop $more $options
	done
done
loads opensnoop -F
loads opensnoop -P '*x*' -P y
loads execsnoop --env A -l '*x*'
[ "$(kernel) $(uname -m)" != *x86_64 ] || loads writesnoop --mmap --stack -o +LAT,DATA
for by in uid pid ppid session comm exe cgroup; do
	loads clonecount --by "$by"
done
loads readline-snoop --exit -e
done_testing
