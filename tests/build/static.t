#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# STATIC=1 gives programs that need no library, and they work.

. "$(dirname "$0")/lib.sh"

for library in libc libbpf libdw libelf libbz2 liblzma libz; do
	[ "$(cc -print-file-name=$library.a)" != $library.a ] || skip_all "there is no $library.a here"
done
copy "$TMP/tree"
ok 'make STATIC=1' make -C "$TMP/tree" -j2 STATIC=1 || done_testing
for file in $(programs "$TMP/tree"); do
	name=${file##*/}
	unlike "$name needs no library" "$(readelf -dW "$file")" NEEDED
	unlike "$name needs no loader" "$(readelf -lW "$file")" INTERP
	like "$name is position independent all the same" "$(readelf -hW "$file")" 'Type: *DYN'
	run "$file" --version
	is "$name starts" "$status" 0
	if "$("$TOP/common/deps.sh" bpftool)" prog show >/dev/null 2>&1; then
		run "$file" -- true
		is "$name traces" "$status" 0
	else
		skip "$name traces" 'BPF is refused here'
	fi
done
done_testing
