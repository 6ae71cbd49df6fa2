#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# writesnoop -S: a line for each file.

. "$(dirname "$0")/write-lib.sh"
need_bpf

COLUMNS=OPENS,WRITES,BYTES,MIN,MAX,SYNCS,UNSYNCED,PATH
mkdir "$TMP/w"
cd "$TMP/w" || exit

# rows [OPTION...] -- COMMAND...: leaves the rows of what is in $TMP/w in $rows, see plain.
rows() {
	run "$WRITESNOOP" -S -o "$COLUMNS" --no-header --to "$TMP/rows" "$@"
	rows=$(plain "$TMP/rows")
	[ -z "$err" ] || diag "$err"
}

# plain FILE: rows of what is in $TMP/w, without that in front of the path, and without the blanks that line
# them up.
plain() {
	sed -nE "/ ${TMP//\//\\/}\/w\// { s|$TMP/w/||g; s/^ +//; s/ +/ /g; s/sed[[:alnum:]]{6}/sedTEMP/; p }" "$1"
}

# python CODE...: the rows of a program.
python() {
	{
		echo 'import os, signal, sys'
		printf '%s\n' "$@"
	} >"$TMP/program.py"
	rows -- python3 -B "$TMP/program.py"
}

# lines TEXT...: one below the other.
lines() {
	printf '%s\n' "$@"
}

# are NAME GOT WANT: as is, but in memory, where $TMP is in a guest, UNSYNCED is "-", and not told of when renamed.
are() {
	local want=$3

	if [ "$(stat -f -c %T .)" = tmpfs ]; then
		want=$(sed -E '/^0 0 .* without fsync\)$/d; s/^(([^ ]+ ){6})[0-9]+ /\1- /
			s/[\t ]\(renamed [^()]* without fsync\)$//' <<<"$want")
	fi
	is "$1" "$2" "$want"
}

T=$'\t'
unwritten='(opened for writing, never written)'

# ---- one program ----

python 'f = open("f", "w"); f.write("42"); f.flush(); f.close()'
are 'a write, when it is flushed' "$rows" '1 1 2 2 2 0 2 f'

python 'f = open("f", "w"); f.write("42"); os._exit(0)'
are 'no write, when it never is' "$rows" "1 0 0 - - 0 0 f$T$unwritten (closed by exit)"

rows -- bash -c 'exec 5>f; echo 1 >&5; (exec 5>&-; kill -KILL $$); echo 2 >&5'
are 'a program that is killed' "$rows" "1 1 2 2 2 0 2 f$T(closed by exit)"
is 'which is its status' "$status" 137

python 'fd = os.open("f", os.O_WRONLY)' 'for n in 5, 1, 0, 12: os.write(fd, b"x" * n)' \
	'os.ftruncate(fd, 0); os.posix_fallocate(fd, 0, 4096)' 'os.close(fd)' 'open("f").close()'
are 'the smallest and the largest write, and what is none' "$rows" '1 3 18 1 12 0 18 f'

# ---- who has it open ----

python 'fd = os.open("f", os.O_WRONLY)' 'other = os.dup(fd)' 'os.write(fd, b"1")' 'os.close(fd)' \
	'if not os.fork(): os.write(other, b"22"); os._exit(0)' 'os.wait()' \
	'os.write(other, b"333")' 'os.dup2(0, other)'
are 'a descriptor that was copied, and forked' "$rows" '1 3 6 1 3 0 6 f'

python 'fd = os.open("f", os.O_WRONLY); other = os.dup(fd)' 'ready, go = os.pipe()' \
	'if not os.fork(): os.close(go); os.read(ready, 1); os.write(fd, b"1"); os._exit(0)' \
	'os.close(fd); os.close(other); os.close(go)' 'os.wait()'
are 'the last to have it is a child that exits with two descriptors' "$rows" \
	"1 1 1 1 1 0 1 f$T(closed by exit)"

python 'a = os.open("f", os.O_WRONLY); b = os.open("f", os.O_RDWR)' 'os.write(a, b"1"); os.write(b, b"1")' \
	'os.close(a)' 'os.write(b, b"1")' 'os.closerange(b, b + 1)'
are 'opened twice at the same time' "$rows" '2 3 3 1 1 0 3 f'

python 'fd = os.open("f", os.O_WRONLY); os.write(fd, b"1")' 'os.execlp("true", "true")'
if "$WRITESNOOP" -v -- true 2>&1 | grep -q 'attached: .*closes by execs'; then
	are 'closed by an exec' "$rows" "1 1 1 1 1 0 1 f$T(closed by exec)"
else
	skip 'closed by an exec' 'this kernel cannot tell'
fi

python 'fd = os.open("f", os.O_WRONLY); os.write(fd, b"1")' 'ready, go = os.pipe()' \
	'for i in range(2):' '    if not os.fork(): os.close(go); os.read(ready, 1); os._exit(0)' \
	'os.close(fd); os.close(ready); os.close(go)' 'os.wait(); os.wait()'
like 'two that exit at the same time: one line, maybe late' "$rows" \
	"^1 1 1 1 1 0 [1-] f$T\\((closed by exit|no close seen)\\)\$"

rows -- bash -c 'for i in 1 2 3; do /bin/echo $i; done >f; for i in 1 2 3; do echo $i >>g; done'
are 'redirections of a shell' "$rows" \
	"$(lines '1 3 6 2 2 0 6 f' '1 1 2 2 2 0 2 g' '1 1 2 2 2 0 2 g' '1 1 2 2 2 0 2 g')"

rows -- bash -c '( /bin/echo 1; ( : ); ( : ); /bin/echo 2; : ) >f; : >g'
are 'children that come and go write to one file' "$rows" \
	"$(lines "1 2 4 2 2 0 4 f$T(closed by exit)" "1 0 0 - - 0 0 g$T$unwritten")"

python 'import mmap' 'fd = os.open("f", os.O_RDWR); os.write(fd, b"1"); os.ftruncate(fd, 4096)' \
	'm = mmap.mmap(fd, 4096); os.close(fd)'
# Before Linux 6.16 an exit is seen when there are no mappings any more.
like 'a mapping has it open for longer' "$rows" "^1 1 1 1 1 0 [1-] f$T\\((closed by exit|no close seen\\) \\(mapped)\\)\$"
python 'import mmap' 'fd = os.open("f", os.O_RDWR)' 'm = mmap.mmap(fd, 4096); m[0] = 65; os.close(fd); m.close()'
are 'that nothing was stored is not said' "$rows" "1 0 0 - - 0 0 f$T(no close seen) (mapped)"
if has_loops; then
	rows --mmap -- python3 -B "$TMP/program.py"
	are 'with --mmap it is' "$rows" "1 0 0 - - 0 0 f$T(no close seen) (mapped) (stored into 1 page)"
else
	lacks 'with --mmap it is' 'no hook for page faults'
fi

python 'import mmap' 'fd = os.open("f", os.O_RDWR)' 'm = mmap.mmap(fd, 4096); m[0] = 66; m.close(); os.close(fd)'
are 'nor where the mapping ended before the close' "$rows" "1 0 0 - - 0 0 f$T(no write seen)"

# Before the tracing began; and what ends it does not close.
coproc HOLDER {
	exec 1>&- python3 -c 'import os, sys
fd = os.open("f", os.O_WRONLY)
os.open("g", os.O_WRONLY)
open("ready", "w").close()
for line in sys.stdin: os.write(fd, line.encode())'
}
holder=$HOLDER_PID
wait_until test -e ready
start "$WRITESNOOP" -v -S -o "$COLUMNS" --no-header -p "$holder"
echo 1 >&"${HOLDER[1]}"
echo 22 >&"${HOLDER[1]}"
wait_until grep -q 22 f
finish INT
are 'a file that was open before, and is still' "$(plain "$TMP/started.out")" \
	"0 2 5 2 3 0 5 f$T(no close seen)"
start "$WRITESNOOP" -v -S -o "$COLUMNS" --no-header -p "$holder"
echo 333 >&"${HOLDER[1]}"
wait_until grep -q 333 f
{
	kill -KILL "$holder"
	wait "$holder"
} 2>/dev/null
finish 0
are 'until its process is killed' "$(plain "$TMP/started.out")" \
	"0 1 4 4 4 0 4 f$T(closed by exit)"

# ---- synced ----

python 'def written(how, flags=0):' '    fd = os.open("f", os.O_WRONLY | flags); os.write(fd, b"12345"); how(fd); os.close(fd)' \
	'written(os.fsync); written(os.fdatasync); written(lambda fd: os.sync())' \
	'written(lambda fd: (os.fsync(fd), os.write(fd, b"6")))' \
	'written(lambda fd: 0, os.O_SYNC); written(lambda fd: 0, os.O_DSYNC)' \
	'written(lambda fd: os.pwritev(fd, [b"123"], 0, os.RWF_DSYNC))'
are 'what is synced, and what is not' "$rows" \
	"$(lines '1 1 5 5 5 1 0 f' '1 1 5 5 5 1 0 f' '1 1 5 5 5 1 0 f' '1 2 6 1 5 1 1 f' '1 1 5 5 5 0 0 f' \
		'1 1 5 5 5 0 0 f' '1 2 8 3 5 0 5 f')"
rows -- bash -c 'exec 5>f; echo 1 >&5; sync f; echo 22 >&5; sync -f f; echo 333 >&5; exec 5>&-'
are 'by another program' "$rows" '1 3 9 2 4 2 4 f'

rows -P '*/f' -- bash -c 'exec 5>f 6>g; echo 1 >&5; echo 1 >&6; sync; echo 22 >&5; exec 5>&- 6>&-'
are '-P takes one file, and what syncs it with all others' "$rows" '1 2 5 2 3 1 3 f'

python 'fd = os.open("/dev/shm/snoop-test", os.O_WRONLY | os.O_CREAT); os.write(fd, b"1"); os.close(fd)' \
	'os.rename("/dev/shm/snoop-test", "/dev/shm/snoop-test2"); os.unlink("/dev/shm/snoop-test2")' \
	'fd = os.memfd_create("m"); os.write(fd, b"1"); os.close(fd)'
is 'what is in memory cannot be synced' "$(grep -E '/snoop-test|memfd:' "$TMP/rows" | tr -s ' ')" \
	"$(lines ' 1 1 1 1 1 0 - /dev/shm/snoop-test' " 0 1 1 1 1 0 - /memfd:m$T(anonymous)")"
rows -a -- sh -c 'echo 42 >/dev/null'
is 'nor can what is no file' "$(grep '/dev/null' "$TMP/rows" | tr -s ' ')" ' 1 1 3 3 3 0 - /dev/null'

# ---- names ----

echo 1 >doc
rows -- sed -i s/1/2/ doc
are 'sed -i does not sync' "$rows" \
	"$(lines '1 1 2 2 2 0 2 sedTEMP' "0 0 0 - - 0 2 sedTEMP$T(renamed to doc without fsync)")"
rows -- bash -c 'echo 1 >doc; cd ..; sed -i s/1/2/ ./w/doc'
are 'what it replaces is known, if that was written too' "$rows" \
	"$(lines '1 1 2 2 2 0 2 doc' '1 1 2 2 2 0 2 sedTEMP' \
		"0 0 0 - - 0 2 sedTEMP$T(renamed over doc without fsync)")"
python 'f = open("new", "w"); f.write("1"); f.flush(); os.fsync(f.fileno()); f.close(); os.replace("new", "doc")'
are 'and who syncs is not told again' "$rows" '1 1 1 1 1 1 0 new'
python 'f = open("new", "w"); f.write("1"); f.flush(); os.replace("new", "doc"); f.close()'
are 'renamed while it is open' "$rows" "1 1 1 1 1 0 1 doc$T(renamed to doc without fsync)"
rows -- mv doc doc2
are 'what was not written is no business of ours' "$rows" ''

python 'f = open("f", "w"); os.unlink("f"); f.write("1"); f.close()' \
	'fd = os.open(".", os.O_TMPFILE | os.O_RDWR); os.write(fd, b"1"); os.close(fd)'
like 'deleted, or without a name' "$rows" "^1 1 1 1 1 0 [1-] f$T\\(deleted\\)
1 1 1 1 1 0 [1-] #[0-9]+$T\\(tmpfile\\)\$"

python 'f = open("a\tb\n", "w"); f.write("1"); f.close(); os.rename("a\tb\n", "\033[2J")'
are 'names are escaped' "$rows" \
	"$(lines '1 1 1 1 1 0 1 a\tb\n' "0 0 0 - - 0 1 a\\tb\\n$T(renamed to \\033[2J without fsync)")"

# ---- columns ----

ok 'as JSON' "$WRITESNOOP" -S -J --to "$TMP/json" -- python3 -c 'open("f", "w").write("42")'
is 'its keys' "$(grep '/f"' "$TMP/json" | sed -E 's/:("[^"]*"|[^,}]*)/:/g')" \
	'{"opens":,"writes":,"bytes":,"min":,"max":,"syncs":,"unsynced":,"first":,"first_time":,"last":,"last_time":,"path":}'
is 'and values, of the right types' "$(python3 -c '
import json, os, sys, datetime
row = next(r for r in map(json.loads, open(sys.argv[1])) if r.get("path", "").endswith("/f"))
times = [datetime.datetime.fromisoformat(row[k]).timestamp() for k in ("first_time", "last_time")]
assert 0 < row["first"] <= row["last"] < 60 and times[0] <= times[1]
assert abs(times[1] - os.stat("f").st_mtime) < 1
print(row["opens"], row["writes"], row["bytes"], row["min"], row["max"], row["syncs"], row["unsynced"] in (2, None))
' "$TMP/json")" '1 1 2 2 2 0 True'
run "$WRITESNOOP" -S -e --to "$TMP/rows" -- bash -c 'echo 42 >f; stat -c "%d %i $$" f'
read -r dev ino writer <<<"$out"
like 'all columns' "$(grep '/f$' "$TMP/rows")" \
	" +0 +$writer bash +1 +1 +3 +3 +3 +0 +[3-] +[0-9.]+ +[0-9.]+ $((dev >> 8 & 4095)):$((dev & 255)) +$ino $TMP/w/f"
run "$WRITESNOOP" -o bytes,path -S --to "$TMP/rows" -- bash -c 'echo 42 >f'
is 'chosen in front of -S' "$(grep '/f$' "$TMP/rows")" "       3 $TMP/w/f"
run "$WRITESNOOP" -o list -S
like 'and listed' "$out" 'UNSYNCED +bytes'

# ---- many ----

# The same struct file again and again, on both processors.
python 'for name in "f", "g":' '    if not os.fork():' '        for i in range(20000):' \
	'            fd = os.open(name, os.O_WRONLY); os.write(fd, b"x"); os.close(fd)' '        os._exit(0)' \
	'os.wait(); os.wait()'
if grep -q 'events lost' <<<"$err"; then
	skip 'each of 40000 times that two files are opened is a line' 'this machine was too slow'
else
	is 'each of 40000 times that two files are opened is a line' \
		"$(cut -d ' ' -f 1-6,8 <<<"$rows" | sort | uniq -c | tr -s ' ')" \
		"$(lines ' 20000 1 1 1 1 1 0 f' ' 20000 1 1 1 1 1 0 g')"
fi

# More than are kept: long paths, as many files at a time as there may be. What is behind nice(1) waits for
# those who are to be faster.
cat >"$TMP/many.py" <<'END'
import os, sys
PROCESSES, EACH = 12, 1000
os.chdir(sys.argv[1])
for i in range(14):
    os.mkdir("x" * 250)
    os.chdir("x" * 250)
ready, tell = os.pipe()
turns = []
for process in range(PROCESSES):
    turn, let = os.pipe()
    if not os.fork():
        for fd in turns:
            os.close(fd)
        os.close(let)
        fds = []
        for i in range(EACH):
            fds.append(os.open(f"{process}.{i}", os.O_WRONLY | os.O_CREAT))
            os.write(fds[-1], b"x")
        os.write(tell, b"x")
        os.read(turn, 1)
        for fd in fds:
            os.write(fd, b"yy")
            os.close(fd)
        os._exit(0)
    os.close(turn)
    os.read(ready, 1)
    turns.append(let)
for let in turns:
    os.close(let)
    os.wait()
END
ulimit -n 1100
run nice -n -5 true
[ -n "$err" ] || NICE=(nice -n 19)
mkdir many
rows -- "${NICE[@]}" python3 -B "$TMP/many.py" many
if grep -q 'events lost' <<<"$err"; then
	skip 'more files than are kept' 'this machine was too slow'
else
	is 'more files than are kept: nothing is lost' "$(awk '{ opens += $1; writes += $2; bytes += $3 }
		END { print opens, writes, bytes }' <<<"$rows")" '12000 24000 36000'
	ok 'and some are told early' grep -q '(told early)$' <<<"$rows"
	nok 'but not all' awk '/told early/ { n++ } END { exit n < 11000 }' <<<"$rows"
fi

done_testing
