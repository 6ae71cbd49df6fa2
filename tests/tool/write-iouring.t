#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Writes by io_uring, which make no system call of that name.

. "$(dirname "$0")/write-lib.sh"
need_bpf
empty
"$WORKLOAD/ringwrites" "$dir" "$TMP/told" plain >/dev/null 2>&1
[ $? -ne 77 ] || skip_all 'this kernel gives us no io_uring'
has_loops || skip_all "$(kernel): no hook for io_uring's requests"

as_told 'one by one' -- ringwrites plain
for call in write writev write_fixed splice openat fsync fdatasync sync_file_range fallocate renameat unlinkat close; do
	ok "$call is among them" grep -q "^io_uring:$call " "$TMP/seen"
done
as_told "by io_uring's workers" -o +PID,COMM -- ringwrites async
is 'workers: the comm is that of the program' "$(jq -r 'select(.call) | .comm' "$TMP/json" | sort -u)" ringwrites
is 'workers: and so is the pid' "$(jq -r 'select(.call) | .pid' "$TMP/json" | sort -u | wc -l)" 1
as_told 'by the thread that polls' -o +PID,COMM -- ringwrites sqpoll
is 'polled: the pid is that of the program' "$(jq -r 'select(.call) | .pid' "$TMP/json" | sort -u | wc -l)" 1
as_told 'chains, and one that breaks' -- ringwrites linked
as_told "files of the ring's own table" -- ringwrites direct

empty
run "$WRITESNOOP" -J -o "$COLUMNS_TOLD" --to "$TMP/json" -- "$WORKLOAD/ringwrites" "$dir" "$TMP/told" skip
is 'a success that posts no completion: what is not known is null' \
	"$(jq -c 'select(.call == "io_uring:write") | [.bytes, .asked, .err, .path, .note]' "$TMP/json")" \
	"[null,4,null,\"$dir/skip\",\"(unfinished)\"]"

# Filters, and the data.
empty
run "$WRITESNOOP" -J --writes-only -s 8 -o "$COLUMNS_TOLD,DATA" --to "$TMP/json" -- \
	"$WORKLOAD/ringwrites" "$dir" "$TMP/told" async
is 'DATA, by a worker' "$(jq -r 'select(.data) | .data' "$TMP/json" | head -n 3 | paste -sd ' ')" 'hello far hello'
filtered '--writes-only' '/^io_uring:(write|splice)/' --writes-only -- ringwrites async
filtered '-x' '$5 != 0' -x -- ringwrites async
filtered '--min-bytes' '$3 >= 1000' --min-bytes 1000 -- ringwrites async
filtered '-P' '/\/appended/' -P '*/appended' -- ringwrites async
filtered '-P: the new name' '/\/renamed /' -P '*/renamed' -- ringwrites async
done_testing
