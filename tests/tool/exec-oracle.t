#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Of the configuration and the parallel build of a Debian package execsnoop and strace(1), which watch the same
# processes in the same run, tell the same: what was executed, with which arguments, and how it ended.

. "$(dirname "$0")/exec-lib.sh"
need_bpf
host_only
strace -f -o /dev/null true 2>/dev/null || skip_all 'strace may not trace here'
PACKAGE=mawk

# fetch: the source of $PACKAGE into the directory $1, from where this system has its packages.
fetch() {
	local options uri suite

	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/etc" || return
	# A state of its own: what the system knows of its packages stays as it is.
	options=(-q -y -o "Dir::State=$1" -o "Dir::State::lists=$1/lists" -o "Dir::Cache=$1/cache"
		-o "Dir::Etc::SourceList=$1/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=root
		-o Acquire::Retries=0 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10)
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sort -u | sed -n 's/.* main$/deb-src &/p' >"$1/etc/all"
	while read -r _ uri suite _; do
		echo "deb-src $uri $suite main" >"$1/etc/sources.list"
		timeout 30 apt-get "${options[@]}" update &&
			(cd "$1" && timeout 30 apt-get "${options[@]}" --download-only source "$PACKAGE") && return
	done <"$1/etc/all"
	return 1
}

# agree NAME COMMAND...: three witnesses of the same processes. Order is compared within each process.
agree() {
	local name=$1

	shift
	# With -x and --exit at once only what fails is shown.
	# shellcheck disable=SC2086 # none, or one
	"$EXECSNOOP" -J -x -o +FILE --to "$TMP/calls" -- "$EXECSNOOP" -J --exit --to "$TMP/ends" -- \
		strace $fast -f -xx -s 1000000 -e trace=execve,execveat,exit_group -o "$TMP/strace" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null
	is "$name: status" "$?" 0 || diag "$(tail -n 5 "$TMP/out" "$TMP/err")"
	# strace says nothing of itself, and of what it tries out first.
	normal strace-calls "$TMP/strace" >"$TMP/want"
	cut -d ' ' -f 1 "$TMP/want" | sort -u >"$TMP/pids"
	normal calls "$TMP/calls" | of_these >"$TMP/seen"
	# The interpreter of a script is not told what its caller has put before the first argument.
	awk 'NR == FNR { if ($4 == "\\-") script[FNR]; next } FNR in script { $4 = "\\-" } { print }' \
		"$TMP/seen" "$TMP/want" >"$TMP/want.told"
	mv "$TMP/want.told" "$TMP/want"
	same "$name: executions, arguments and results" "$TMP/seen" "$TMP/want"
	diag "$(wc -l <"$TMP/want") executions by $(wc -l <"$TMP/pids") processes, $(grep -c ' -2 ' "$TMP/want") of them ENOENT"
	normal strace-ends "$TMP/strace" >"$TMP/want"
	normal ends "$TMP/ends" | of_these >"$TMP/seen"
	same "$name: statuses" "$TMP/seen" "$TMP/want"
	diag "$(wc -l <"$TMP/want") ends, $(grep -vc ' 0$' "$TMP/want") of them failures"
	ok "$name: there was something to see" [ "$(wc -l <"$TMP/want")" -ge "$least" ]
	is "$name: nothing lost" "$(tail -qn 1 "$TMP/calls" "$TMP/ends" | jq .lost | paste -sd ' ')" '0 0'
}
of_these() {
	awk 'NR == FNR { these[$1]; next } $1 in these' "$TMP/pids" -
}

cd "$TMP" || exit
least=8 fast=
agree 'a shell' sh -c 'true; false; /no/such/program; (exit 3); sh -c "kill -9 \$\$"; sh -c "exec true"; env a=b nosuch;
	printf "#!/bin/sh -e\nfalse\n" >script; chmod +x script; ./script; for i in 1 2 3; do sh -c "exit $i" & done; wait; :'

python=$(command -v /usr/bin/python3 || command -v python3)
agree 'python3, threads that execute' "$python" -c '
import os, subprocess, threading
def work(n):
    for i in range(5):
        subprocess.run(["sh", "-c", "exit %d" % (n * 5 + i)])
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
t = threading.Thread(target=lambda: os.execv("/bin/true", ["true", "by a thread"]))
t.start()
t.join()'

if ! command -v apt-get make cc >"$TMP/found" || [ "$(wc -l <"$TMP/found")" -lt 3 ]; then
	skip "make -j2 of a Debian package" 'apt-get, make and cc are needed'
elif ! fetch "$TMP/apt" >"$TMP/fetched" 2>&1; then
	skip "make -j2 of a Debian package" "its source could not be fetched: $(tail -n 1 "$TMP/fetched")"
else
	mkdir source
	tar -xf "$TMP/apt/$PACKAGE"_*.orig.tar.* -C source --strip-components=1
	# Only the calls of interest stop then; but of a thread that executes strace tells a wrong result.
	least=300 fast=--seccomp-bpf
	agree "configure and make -j2 of $PACKAGE" sh -c 'cd source && ./configure && make -j2'
	ok 'and it is built' [ -x "source/$PACKAGE" ]
fi
done_testing
