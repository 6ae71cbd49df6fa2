#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# An ordinary user without capabilities, with some, and with the two that are enough; where perf_event_open(2) is for
# root only, as Debian has it.

. "$(dirname "$0")/lib.sh"
chmod 777 "$TMP"

# with CAPABILITIES COMMAND...: as an ordinary user who has these, "+x,+y", and no others.
with() {
	setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps "-all$1" --ambient-caps "-all$1" \
		--bounding-set "-all$1" "${@:2}"
}
ulimit -l unlimited
for paranoid in 1 3; do
	echo $paranoid >/proc/sys/kernel/perf_event_paranoid
	is 'kernel.perf_event_paranoid is set' "$(</proc/sys/kernel/perf_event_paranoid)" $paranoid
	for command in $(commands | grep -v readline); do
		works "CAP_BPF and CAP_PERFMON, perf_event_paranoid=$paranoid" "$command" with ,+bpf,+perfmon
	done
done
# Before Linux 5.11 maps count as locked memory, of which an ordinary user may have little.
for command in $(commands | grep -v readline); do
	run with ,+bpf,+perfmon prlimit --memlock=65536 "$BUILD/$command" -d 0.1
	if [ "$status" = 0 ]; then
		pass "64 KB of locked memory: $command: it works"
	else
		refuses '64 KB of locked memory' "$command" 'limit of locked memory' with ,+bpf,+perfmon prlimit --memlock=65536
	fi
done
for command in $(commands); do
	refuses 'no capability' "$command" 'must be run as root' with ''
	refuses 'CAP_BPF alone' "$command" 'CAP_(PERFMON|SYS_ADMIN)' with ,+bpf
done
refuses 'uprobes' readline-snoop CAP_SYS_ADMIN with ,+bpf,+perfmon
done_testing
