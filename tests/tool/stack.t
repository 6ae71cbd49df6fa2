#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# --stack and --kernel-stack.

. "$(dirname "$0")/lib.sh"
need_bpf
has_loops || skip_all "$(kernel): no bpf_find_vma, and so no --stack"

run "$OPENSNOOP" --stack -P /stack/probe --to "$TMP/rows" -- "$WORKLOAD/stack"
is '--stack: status' "$status $err" '0 '
is '--stack: the functions of the program, from the innermost' \
	"$(sed -nE 's/^ +(stack_[a-z]+|main)\+0x[0-9a-f]+ .*/\1/p' "$TMP/rows" | paste -sd ' ')" 'stack_inner stack_middle stack_outer main'
like '--stack: the row comes first' "$(sed -n 2p "$TMP/rows")" '/stack/probe$'
nok '--stack: no kernel functions' grep -q 'sys_openat' "$TMP/rows"

run "$OPENSNOOP" -J --stack -P /stack/probe --to "$TMP/json" -- "$WORKLOAD/stack"
is '--stack: JSON: in the record' \
	"$(head -n 1 "$TMP/json" | jq -c '.stack | map(capture("^(?<f>stack_[a-z]+|main)\\+").f)')" \
	'["stack_inner","stack_middle","stack_outer","main"]'
ok '--stack: JSON: every line is an object' jq -e 'type == "object"' "$TMP/json"

# Without frame pointers, through libc: only the tables in the files tell who called.
# named FILE PATH: the functions of the program in the stack of the open of PATH, with "..." if it is not whole.
named() {
	jq -r --arg path "$2" 'select(.path == $path) | .stack[]' "$1" |
		grep -oE '^(unwind_[a-z]+|main|\.\.\.)' | paste -sd ' '
}

run "$OPENSNOOP" -J --stack -P '/unwind/*' --to "$TMP/json" -- "$WORKLOAD/unwind"
is 'no frame pointers: status' "$status $err" '0 '
is 'no frame pointers: a call' "$(named "$TMP/json" /unwind/call)" 'unwind_inner unwind_outer main'
is 'no frame pointers: called back by libc' "$(named "$TMP/json" /unwind/library)" 'unwind_inner unwind_outer main'
is 'no frame pointers: a signal' "$(named "$TMP/json" /unwind/signal)" \
	'unwind_inner unwind_outer unwind_interrupted main'
is 'no frame pointers: a thread' "$(named "$TMP/json" /unwind/thread)" 'unwind_inner unwind_outer unwind_thread'

# A program of the system, as it is; by the time that its stack is looked at it is gone.
cat=$(realpath "$(command -v cat)")
run "$OPENSNOOP" -J --stack -P /etc/passwd --to "$TMP/json" -- cat /etc/passwd
like 'cat: from libc to the beginning of the program' "$(jq -r '[.stack[]?] | join(" ")' "$TMP/json" | head -n 1)" \
	"libc.*\\(${cat}[^()]*\\)\$"

# What is too deep to be taken is marked as cut. A file of its own: a shell without HOME opens /etc/passwd by itself.
# shellcheck disable=SC2016 # for the other shell
deep='f() { if (($1)); then f $(($1 - 1)); else : <"$0"; fi; }; f 100'
: >"$TMP/deep"
run "$OPENSNOOP" -J --stack -P "$TMP/deep" --to "$TMP/json" -- bash -c "$deep" "$TMP/deep"
is 'a deep stack: JSON: cut' "$(head -n 1 "$TMP/json" | jq -r '.stack[-1]')" ...
run "$OPENSNOOP" --stack -P "$TMP/deep" --to "$TMP/rows" -- bash -c "$deep" "$TMP/deep"
is 'a deep stack: cut' "$(tail -n 1 "$TMP/rows")" '    ...'

# A copy without symbols: addresses or the file at least, and no nonsense.
cp "$WORKLOAD/stack" "$TMP/stripped"
if strip "$TMP/stripped" 2>/dev/null; then
	run "$OPENSNOOP" --stack -P /stack/probe --to "$TMP/rows" -- "$TMP/stripped"
	ok 'stripped: the file is named' grep -q "stripped" "$TMP/rows"
	nok 'stripped: nothing is made up' grep -q 'stack_' "$TMP/rows"
fi

# The program is gone when its stack is looked at.
cp "$WORKLOAD/stack" "$TMP/gone"
run "$OPENSNOOP" --stack -P /stack/probe --to "$TMP/rows" -- sh -c '"$0" && rm "$0"' "$TMP/gone"
is 'a program that has been removed: status' "$status" 0
ok 'a program that has been removed: its open is seen' grep -q '/stack/probe$' "$TMP/rows"

run "$OPENSNOOP" --kernel-stack -P /stack/probe --to "$TMP/rows" -- "$WORKLOAD/stack"
is '--kernel-stack: status' "$status $err" '0 '
if grep -q '^0*[1-9a-f][0-9a-f]* [tT] ' /proc/kallsyms; then
	ok '--kernel-stack: the kernel functions' grep -qE 'sys_|syscall' "$TMP/rows"
else
	skip '--kernel-stack: the kernel functions' 'the kernel tells no addresses'
fi
run "$OPENSNOOP" -J --stack --kernel-stack --to "$TMP/json" -- sh -c 'cat /etc/hostname; ls / >/dev/null'
is 'both: status' "$status $err" '0 '
ok 'both: JSON' jq -e . "$TMP/json"

# Function and file names are as hostile as any other.
hostile=$TMP/$'evil\033[31m\nname'
cp "$WORKLOAD/stack" "$hostile"
run "$OPENSNOOP" --stack -P /stack/probe --to "$TMP/rows" -- "$hostile"
nok 'no ESC from the name of a program' grep -q $'\033' "$TMP/rows"
nok 'no newline from the name of a program' grep -q '^name' "$TMP/rows"
run "$OPENSNOOP" -J --stack -P /stack/probe --to "$TMP/json" -- "$hostile"
ok 'JSON all the same' jq -e . "$TMP/json"

# Many different programs and a storm: it must not fall far behind or fail.
run "$OPENSNOOP" -J --stack -P '/storm/*' --to "$TMP/json" -- "$WORKLOAD/storm" -n 5000
is 'a storm: seen + lost = done' "$status $(($(events "$TMP/json") + $(tail -n 1 "$TMP/json" | jq .lost)))" '0 5000'
done_testing
