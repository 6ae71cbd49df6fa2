#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Without enough privileges one line says what is missing; with them they are given up once it has begun.

. "$(dirname "$0")/lib.sh"
need_bpf
[ "$(id -u)" = 0 ] || skip_all 'needs root, to give up privileges'
# Before Linux 5.11 maps count as locked memory.
ulimit -l unlimited 2>/dev/null

# The tree need not be open to everybody.
cp "$OPENSNOOP" "$WORKLOAD/opener" "$TMP"
chmod 755 "$TMP/opensnoop" "$TMP/opener"
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# with CAPABILITIES COMMAND...: run as an ordinary user who has these, "+x,+y", and no others.
with() {
	local caps=$1
	shift
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "-all,$caps" --ambient-caps "-all,$caps" \
		--bounding-set "-all,$caps" "$@"
}

lacks() {
	local name=$1 missing=$2
	shift 2
	run "$@"
	is "$name: status 1, one line" "$status $(wc -l <"$TMP/err") $(wc -c <"$TMP/out")" '1 1 0' || diag "$err"
	like "$name: which says what is missing" "$err" "^opensnoop: .*$missing"
	unlike "$name: and talks of nothing else" "$err" 'libbpf|RLIMIT|MEMLOCK'
}
lacks 'no root' 'CAP_BPF.*CAP_PERFMON' "${nobody[@]}" "$TMP/opensnoop"
lacks 'CAP_BPF alone' 'missing: CAP_PERFMON' with +bpf "$TMP/opensnoop"
lacks 'CAP_PERFMON alone' 'missing: CAP_BPF' with +perfmon "$TMP/opensnoop"
run "${nobody[@]}" "$TMP/opensnoop" --help
is 'no root: --help' "$status $err" '0 '
run "${nobody[@]}" "$TMP/opensnoop" -d 1x
is 'no root: a bad option is told first' "$status" 2

# The two that it needs.
with +bpf,+perfmon "$TMP/opensnoop" -J -o +CALL --to /dev/stdout -- "$TMP/opener" /caps/one /etc/hostname \
	>"$TMP/out" 2>"$TMP/err"
status=$?
if [ "$status" = 0 ]; then
	is 'CAP_BPF and CAP_PERFMON: it works' \
		"$(grep '"path":"/caps/one"' "$TMP/out" | jq -r .err)" 2
	is 'CAP_BPF and CAP_PERFMON: stderr is empty' "$(cat "$TMP/err")" ''
else
	is 'CAP_BPF and CAP_PERFMON: one line says why not' "$status $(wc -l <"$TMP/err")" '125 1'
fi
cp "$TMP/opensnoop" "$TMP/by-file"
if setcap cap_bpf,cap_perfmon+ep "$TMP/by-file" 2>/dev/null; then
	run "${nobody[@]}" "$TMP/by-file" -- "$TMP/opener" /caps/file
	is 'file capabilities: status' "$status $(grep -v io_uring "$TMP/err")" '0 '
	ok 'file capabilities: it works' grep -q ' /caps/file$' "$TMP/out"
else
	skip 'file capabilities' 'setcap(8) is not here, or not allowed'
fi

# What is left of it while it runs.
left() {
	local name=$1 key value wanted

	shift
	start "$@"
	grep -q ': ready$' "$TMP/started.err" || diag "$(cat "$TMP/started.err")"
	while read -r key wanted; do
		value=$(sed -n "s/^$key:[[:space:]]*//p" "/proc/$pid/status")
		is "$name: $key" "$value" "$wanted"
	done
	ok "$name: it still traces" wait_until sees
	finish TERM
	is "$name: status" "$status" 0
}
sees() {
	"$WORKLOAD/opener" -k /while/it/runs
	grep -q /while/it/runs "$TMP/started.out"
}
wanted() {
	# Four tabs: real, effective, saved, file system.
	printf '%s\n' "Uid $1	$1	$1	$1" "Gid $1	$1	$1	$1" 'CapInh 0000000000000000' 'CapPrm 0000000000000000' \
		'CapEff 0000000000000000' 'CapBnd 0000000000000000' 'CapAmb 0000000000000000' 'NoNewPrivs 1' 'Seccomp 2' 'Groups '
}
left 'root' "$OPENSNOOP" -v -P /while/it/runs < <(wanted 2000000000)
! has_loops || left 'root, --stack' "$OPENSNOOP" -v --stack --kernel-stack -P /while/it/runs < <(wanted 2000000000 | grep -v Cap)
left 'two capabilities' setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps -all,+bpf,+perfmon \
	--ambient-caps -all,+bpf,+perfmon "$TMP/opensnoop" -v -P /while/it/runs < <(wanted 12345 | grep -v CapBnd)

# With COMMAND it keeps what it needs to end that, and no more.
start "$OPENSNOOP" -v -P /nobody -- sh -c 'while :; do sleep 0.1; done'
is 'with a command: CAP_KILL at most' "$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$pid/status" | tr -d 02)" ''
child=$(pgrep -P "$pid" -x sh)
is 'and the command keeps its own' "$(grep '^CapEff' "/proc/$child/status")" "$(grep '^CapEff' /proc/$$/status)"
finish TERM
is 'and is ended' "$status" 143
run "$OPENSNOOP" -d 0.3 --user nobody --to /dev/null -- sleep 30
is 'also when it is of another user' "$status" 143

# tracefs is looked at without being mounted.
if [ ! -e /sys/kernel/tracing/events ]; then
	run "$OPENSNOOP" -- true
	is 'no tracefs is mounted: status' "$status" 0
	nok 'and none is afterwards' grep -q ' tracefs ' /proc/mounts
fi
done_testing
