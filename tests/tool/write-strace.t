#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# writesnoop --strace and strace(1) look at the same run: byte for byte they say the same.

. "$(dirname "$0")/lib.sh"
need_bpf
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace here'
WRITESNOOP=$BUILD/writesnoop

# close_range(2) is no line here: each descriptor that it closes is a comment.
calls=write,writev,pwrite64,pwritev,pwritev2,sendfile,splice,vmsplice,copy_file_range,fsync,fdatasync
calls+=,sync_file_range,syncfs,sync,truncate,ftruncate,fallocate,openat,openat2,open_by_handle_at
calls+=,renameat,renameat2,unlinkat,close,dup3
[ "$(uname -m)" != x86_64 ] || calls+=,open,creat,rename,unlink,dup2

# agree NAME COMMAND...: leaves what was compared in $compared, "CALL:LINES ..."; $extra is for writesnoop.
agree() {
	local name=$1

	shift
	# shellcheck disable=SC2086 # words
	"$WRITESNOOP" -a --strace $extra --to "$TMP/told" -- \
		strace -f -y -qq -e signal=none -e trace="$calls" $strace_options -o "$TMP/strace" "$@" \
		>/dev/null 2>"$TMP/err" </dev/null
	compared=$("$TOP/tests/oracle-strace.py" "$TMP/strace" "$TMP/told" "$TMP/want" "$TMP/seen")
	same "$name" "$TMP/seen" "$TMP/want"
	ok "$name: there was something to see" [ -s "$TMP/want" ]
	unlike "$name: nothing lost" "$(<"$TMP/err")" 'lost'
	diag "$compared"
}
have() {
	command -v "$1" >/dev/null && return
	skip "$1" 'not installed'
	return 1
}
extra='' strace_options=''
cd "$TMP" || exit

mkdir tree args
head -c 100000 /dev/urandom >tree/random
seq 10000 >tree/numbers
ln -s numbers tree/link
agree tar tar -cf tree.tar tree
agree 'tar, unpacking' tar -xf tree.tar --transform 's/tree/other/'
agree 'dd' dd if=tree/random of=out bs=777 conv=fsync
agree 'dd, into a pipe' sh -c 'dd if=tree/random bs=3001 count=7 | dd of=out bs=1013 oflag=append conv=notrunc'
agree 'dd, no more room' dd if=tree/random of=/dev/full bs=10 count=2
agree cp cp -r tree copy
agree 'a shell' sh -c 'echo one >a; echo two >>a; (echo three; cat tree/numbers | head -n 3) >b 2>&1; rm a; mv b a'
agree 'sed -i' sed -i s/one/two/ a

python=$(command -v /usr/bin/python3 || command -v python3)
agree python3 "$python" -c '
import os, tempfile
with open("written", "w") as f:
    f.write("42")
    f.flush()
    os.fsync(f.fileno())
os.replace("written", "renamed")
with tempfile.TemporaryFile() as f:
    f.write(bytes(range(256)) * 100)
'
agree 'python3, threads' "$python" -c '
import os, threading
def work(n):
    for i in range(200):
        fd = os.open("thread%d" % n, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.writev(fd, [b"%d %d" % (n, i), b"\n"])
        os.close(fd)
all = [threading.Thread(target=work, args=(n,)) for n in range(4)]
[t.start() for t in all]
[t.join() for t in all]'

if have sqlite3; then
	insert='insert into t values (1); insert into t values (2); insert into t values (3);'
	agree sqlite3 sqlite3 db "create table t (n int); $insert"
	agree 'sqlite3, a transaction' sqlite3 db "begin; $insert commit;"
fi
if have git; then
	export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
	git init -q repo && cp tree/numbers repo/ && git -C repo add . && git -C repo commit -q -m one && echo >>repo/numbers
	agree 'git commit' git -C repo -c gc.auto=0 commit -q -a -m two
fi
! have vim || agree 'vim -es' vim -Nu NONE -es -c 'normal ohello' -c wq tree/numbers

# What strace 6.1 says of arguments that make no sense, others may say in another way.
if [[ $(strace --version) == *'version 6.1'[!0-9]* ]]; then
	agree 'all arguments' "$BUILD/workload/write_args" "$TMP/args"
	for call in ${calls//,/ }; do
		like "all arguments: $call" "$compared" "\\b$call:[0-9]"
	done
	if preempts; then
		lacks 'all errors' 'functions are looked at, and seccomp(2) answers before them'
	else
		agree 'all errors' "$BUILD/workload/write_args" "$TMP/args" errors
	fi
else
	skip 'all arguments' "not strace 6.1: $(strace --version | head -n 1)"
fi

extra='-s 2' strace_options='-s 2'
agree '-s 2' "$python" -c 'import os; os.writev(1, [b"1", b"22", b"333"])'
extra='-s 4096' strace_options='-s 4096'
agree '-s 4096' cat tree/numbers
# -x: what is no text, and that means the data here.
extra='--hex' strace_options='-x'
agree '--hex' dd if=tree/random of=out bs=777 status=none

# The 32-bit variants of three calls have names of their own.
if [ -s "$BUILD/workload/write_args32" ] && "$BUILD/workload/write_args32"; then
	calls+=,truncate64,ftruncate64,sendfile64
	extra='--compat' strace_options=''
	agree --compat "$BUILD/workload/write_args32"
else
	skip --compat 'no 32-bit programs here'
fi
done_testing
