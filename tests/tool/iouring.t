#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Opens by io_uring, which make no system call of that name.

. "$(dirname "$0")/lib.sh"
need_bpf
dir=$(realpath "$TMP")/ring
mkdir "$dir"
"$WORKLOAD/iouring" "$dir" plain >/dev/null 2>&1
[ $? -ne 77 ] || skip_all 'this kernel gives us no io_uring'
has_loops || skip_all "$(kernel): no bpf_loop, and so no opens by io_uring"

ring() {
	local mode=$1 name=$2
	shift 2
	rm -rf "$dir"
	mkdir "$dir"
	as_told "$name" "$@" -- "$WORKLOAD/iouring" "$dir" "$mode"
}
ring plain 'one by one, and a batch'
is 'each says that it is by io_uring' \
	"$(jq -r 'select(.call | tostring | startswith("io_uring")) | .note' "$TMP/json" | sort -u)" '(io_uring)'
is 'the comm is that of the program' "$(jq -r 'select(.call) | .comm' "$TMP/json" | sort -u)" iouring
ring async "by io_uring's workers"
is 'workers: the comm is that of the program' "$(jq -r 'select(.call) | .comm' "$TMP/json" | sort -u)" iouring
is 'workers: and so is the pid' "$(jq -r 'select(.call) | .pid' "$TMP/json" | sort -u | wc -l)" 1
ring sqpoll 'by the thread that polls'
is 'polled: the pid is that of the program' "$(jq -r 'select(.call) | .pid' "$TMP/json" | sort -u | wc -l)" 1
ring defer 'completed by the task itself'
ring linked 'a chain, and one that breaks'
rm -rf "$dir"
mkdir "$dir"
run "$OPENSNOOP" -J -o +CALL --to "$TMP/json" -- "$WORKLOAD/iouring" "$dir" skip
is 'a success that posts no completion: what is not known is null' \
	"$(jq -c 'select(.path == "skip-file") | [.fd, .err, .note]' "$TMP/json")" '[null,null,"(io_uring) (unfinished)"]'
is 'but a failure is told' "$(jq -c 'select(.path == "skip-missing") | [.fd, .err, .note]' "$TMP/json")" '[-1,2,"(io_uring)"]'
ring rejected 'requests that are refused at once'
ring parked 'one that waits in a worker until it is cancelled'
ring direct "into the ring's own table"
like 'a slot of the table is no descriptor, and that is said' \
	"$(jq -r 'select(.path == "direct-alloc") | .note' "$TMP/json")" 'direct'

# What a system call shows, these show too.
rm -rf "$dir"
mkdir "$dir"
run "$OPENSNOOP" -J -F -e -o +CALL --to "$TMP/json" -- "$WORKLOAD/iouring" "$dir" async
is 'flags, mode and full path' \
	"$(jq -r 'select(.path == $p) | "\(.flags) \(.mode) \(.call)"' --arg p "$dir/dir/ring-in-dir" "$TMP/json")" \
	"O_WRONLY|O_CREAT|O_CLOEXEC $(jq -n '"0640"' | tr -d '"') io_uring:openat"
is 'the full path of one that failed' "$(jq -r 'select(.path == $p) | .err' --arg p "$dir/ring-missing" "$TMP/json" | sort -n | paste -sd ' ')" '2 22'

# Filters.
only() {
	local name=$1 regex=$2
	shift 2
	rm -rf "$dir"
	mkdir "$dir"
	run "$OPENSNOOP" -J -o +CALL --to "$TMP/json" "$@" -- "$WORKLOAD/iouring" "$dir" async
	grep '^io_uring' "$TMP/out" | grep -E -e "$regex" >"$TMP/told"
	normal json "$TMP/json" | grep ^io_uring >"$TMP/seen"
	same "$name" "$TMP/seen" "$TMP/told"
}
only '-x' ' -1 ' -x
only '-E' ' -1 9 ' -E EBADF
only '-P' ' batch-missing-1' -P 'batch-missing-1*'
only '-f' 'openat [0-9-]+ 0 (ring-file|ring-in-dir)' -f O_CREAT
only '-x -P' ' -1 2 ring-missing' -x -P '*missing' -E ENOENT

# It counts as any other; and what is lost too.
rm -rf "$dir"
mkdir "$dir"
run "$OPENSNOOP" -J --to "$TMP/json" -- "$WORKLOAD/iouring" "$dir" plain
is 'the summary counts them' "$(tail -n 1 "$TMP/json" | jq .events)" "$(events "$TMP/json")"
run "$OPENSNOOP" -J -P /ring/storm --to "$TMP/json" -- "$WORKLOAD/iouring" "$dir" storm
is '100,000 in batches' "$(grep -c '"path":"/ring/storm"' "$TMP/json") $(tail -n 1 "$TMP/json" | jq .lost)" '100000 0'
done_testing
