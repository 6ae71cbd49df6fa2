#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Of real programs opensnoop tells the same as strace(1): the same paths asked for, with the same results.

. "$(dirname "$0")/lib.sh"
need_bpf
host_only
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace here'

# agree NAME COMMAND...: order is not compared, since processes that run at the same time have none.
agree() {
	local name=$1 status_strace status_opensnoop

	shift
	# Once before, so that both find the same caches.
	"$@" >/dev/null 2>&1 </dev/null
	strace -f -qq -xx -s 65536 -e signal=none -e trace=open,openat,openat2,creat,open_by_handle_at \
		-o "$TMP/strace" "$@" >/dev/null 2>&1 </dev/null
	status_strace=$?
	"$OPENSNOOP" -J -o +CALL --to "$TMP/json" -- "$@" >/dev/null 2>"$TMP/err" </dev/null
	status_opensnoop=$?
	# gcc's temporary files have another name each time.
	normal strace "$TMP/strace" | normal temp | sort >"$TMP/want"
	normal json "$TMP/json" | normal temp | sort >"$TMP/seen"
	same "$name" "$TMP/seen" "$TMP/want"
	is "$name: status" "$status_opensnoop" "$status_strace"
	ok "$name: there was something to see" [ -s "$TMP/want" ]
	is "$name: nothing lost" "$(tail -n 1 "$TMP/json" | jq .lost)" 0
	diag "$(wc -l <"$TMP/want") opens"
}
have() {
	command -v "$1" >/dev/null && return
	skip "$1" 'not installed'
	return 1
}

cd "$TMP" || exit
cat >hello.c <<'END'
#include <errno.h>
#include <stdio.h>
int main(void)
{
	return printf("%d\n", errno) < 0;
}
END
! have gcc || agree gcc gcc -O2 -o hello hello.c
! have gcc || agree 'gcc, what does not compile' gcc -c -o wrong.o -include nowhere.h hello.c

python=$(command -v /usr/bin/python3 || command -v python3)
agree python3 "$python" -c 'import json, subprocess; subprocess.run(["true"])'
agree 'python3, threads' "$python" -c '
import threading
def work(n):
    for i in range(200):
        try:
            open("/no/such/%d/%d" % (n, i))
        except OSError:
            pass
all = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[t.start() for t in all]
[t.join() for t in all]'

if have git; then
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q repo && (
		cd repo && cp ../hello.c . && git add . && git commit -q -m one && echo >>hello.c && git commit -q -a -m two
		# A file as new as the index is read again, and the index then written: once, and not the next time.
		touch -d '1 hour ago' hello.c && git update-index --refresh
	)
	export GIT_OPTIONAL_LOCKS=0
	agree 'git status' git -C repo status
	agree 'git log' git -C repo log -p --stat
fi

mkdir -p tree/{a,b}/{c,d}
touch tree/{a,b}/{c,d}/file
agree find find "$TMP/tree" /etc -name '*.conf' -exec head -n 1 {} \;
! have perl || agree perl perl -e 'use POSIX; use File::Find; print POSIX::getpid();'
agree sh sh -c 'for i in 1 2 3 4 5; do cat /etc/hostname /nonexistent; (ls /; exit 3) & done; wait; exit 7'
# An open that a signal ends, and what two programs do to one FIFO.
mkfifo fifo
agree 'an open that is interrupted' sh -c 'timeout 0.2 cat fifo; cat fifo & echo >fifo; wait'
! have apt-get || agree 'apt-get --simulate' apt-get --simulate install coreutils
done_testing
