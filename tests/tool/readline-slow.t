#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# File systems that do not answer, who runs much that is slow to look into, and files that change: nobody else waits for
# that, and nothing is taken for what it was.

. "$(dirname "$0")/readline-lib.sh"
need_bpf
cd "$TMP" || exit

# attached FILE: wait until it is, and say how long it took.
is_attached() {
	grep -q "attached: $1:" "$TMP/started.err"
}
attached() {
	local began

	began=$(now)
	wait_until is_attached "$1" || return
	took=$(since "$began")
	diag "$took us"
}

# mounted NAME REQUEST [UID]: a file system that never answers that one of readline-snoop, for that user alone. Leaves $server, and $hold for its input.
mounted() {
	mkdir "$1"
	mkfifo "$1.end"
	"$TOP/tests/silentfs.py" "$TMP/$1" "$(type -P sleep)" "$2" readline-snoop "${@:3}" <"$1.end" >"$1.out" 2>&1 &
	server=$!
	exec {hold}>"$1.end"
	wait_for "$1.out" '^mounted$'
}
unmounted() {
	kill "$@"
	exec {hold}>&-
	wait "$server" "$@" 2>/dev/null
}

if [ "$(id -u)" = 0 ] && [ -w /dev/fuse ]; then
	# --- what does not answer ---
	mounted silent open
	silent/one 1000 &
	sleeping=$!
	sit bash --norc -i
	prompt
	began=$(now)
	snoop
	took=$(since "$began")
	ok 'a file that cannot be opened: the start goes on' [ "$took" -lt 10000000 ]
	diag "$took us"
	like 'and it is named' "$(<started.err)" "not attached to $TMP/silent/one: it does not answer"
	keys '+: elsewhere\n' '?ask> '
	ok 'and others are seen' sees '": elsewhere"'
	leave
	setpriv --reuid 12345 --clear-groups silent/two 1000 &
	sleeping+=" $!"
	cp "$BASH_PROGRAM" after
	sit "$TMP/after" --norc -i
	prompt
	ok 'and new ones' attached "$TMP/after"
	ok 'within a second' [ "$took" -lt 1000000 ]
	leave
	ok 'a new one that does not answer is named' wait_for started.err "not attached to $TMP/silent/two: it does not answer"
	finish
	is 'it ends' "$status" 0
	run "$READLINE_SNOOP" --list
	is '--list ends' "$status" 0
	like 'and names it' "$out" " 1 $TMP/silent/one.\(it does not answer\)"
	# shellcheck disable=SC2086 # two of them
	unmounted $sleeping

	# --- who runs much that is slow ---
	mounted slow read
	cp "$BASH_PROGRAM" other
	snoop
	sleeping=()
	for i in {1..9}; do
		setpriv --reuid 12345 --clear-groups "slow/$i" 1000 &
		sleeping+=($!)
	done
	wait_for started.err 'slow/1: it does not answer'
	sit "$TMP/other" --norc -i
	prompt
	ok "beside files of a user that take a second each" attached "$TMP/other"
	ok 'others do not wait' [ "$took" -lt 1000000 ]
	leave
	# More than there is room for is mapped on each processor.
	watcher=$(pgrep -P "$pid" -x readline-snoop)
	for i in lost again; do
		cp "$BASH_PROGRAM" "$i"
		kill -STOP "$watcher"
		python3 -c '
import mmap, os
file = os.open("/bin/sh", os.O_RDONLY)
for cpu in os.sched_getaffinity(0):
    os.sched_setaffinity(0, [cpu])
    for i in range(10000):
        mmap.mmap(file, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()'
		sit "$TMP/$i" --norc -i
		prompt
		kill -CONT "$watcher"
		ok "beside them what the kernel could not tell is found: $i" attached "$TMP/$i"
		leave
	done
	like 'and that is said' "$(<started.err)" '[0-9]+ mappings of code have not been told'
	finish
	unmounted "${sleeping[@]}"

	# --- what only another user may look into ---
	mounted shut open 12345
	snoop
	setpriv --reuid 12345 --clear-groups shut/one 1000 &
	sleeping=($!)
	ok 'a file that only its user may look into is named' wait_for started.err \
		"not attached to $TMP/shut/one: access to it is denied"
	setpriv --reuid 12345 --clear-groups shut/two 1000 &
	sleeping+=($!)
	wait_for started.err 'shut/two: '
	run "$READLINE_SNOOP" --list
	like '--list names it' "$out" " 1 $TMP/shut/one.\(access to it is denied\)"
	finish
	run "$READLINE_SNOOP" -d 0.01
	is 'without -v one of a user is enough' "$(grep -c 'access to it is denied' err)" 1
	unmounted "${sleeping[@]}"
else
	skip 'file systems that do not answer' 'needs root, and /dev/fuse'
fi

# --- a file that is another one by now ---
cp "$BASH_PROGRAM" changed
snoop
sit "$TMP/changed" --norc -i
keys '+: before\n' '?ask> '
attached "$TMP/changed"
keys '+: then\n' '?ask> '
sees '": then"'
leave
cat /bin/true >changed
ok 'a target that is written over is none any more' wait_for started.err "detached: $TMP/changed: it has been written over"
ok 'and can be run' ./changed
: >started.err
cat "$BASH_PROGRAM" >changed
sit "$TMP/changed" --norc -i
prompt
ok 'what is written over something else is one' attached "$TMP/changed"
ok 'within a second' [ "$took" -lt 1000000 ]
keys '+: again\n' '?ask> '
ok 'and its lines are seen' sees '": again"'
leave
finish
done_testing
