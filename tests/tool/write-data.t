#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# DATA is what was written: all of it as far as was asked for, whatever bytes it has.

. "$(dirname "$0")/write-lib.sh"
need_bpf

# What is written, and what must be shown of it with each -s.
cat >"$TMP/data.py" <<'END'
import ctypes
import json
import mmap
import os
import random
import sys

random.seed(4)
SIZES = (0, 1, 2, 31, 32, 33, 255, 256, 4095, 4096, 4097, 32768, 65535, 65536, 65537, 200000)
BLOBS = [random.randbytes(size) for size in SIZES] + [bytes(range(256)), b'\0' * 5000, 'äöü€😀'.encode(), b'"\\\n\t']
VECTORS = [[b'one', b'', b'three' * 10, bytes(range(256))], [b'%04d' % i * 16 for i in range(1024)],
           [b'x' * 70000, b'y' * 10], [b'a', b'b' * 65535]]


def write(path):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for blob in BLOBS:
        os.write(fd, blob)
    os.pwrite(fd, b'at an offset', 3)
    for vector in VECTORS:
        os.writev(fd, vector)
    os.pwritev(fd, VECTORS[0], 7)


def expected():
    return BLOBS + [b'at an offset'] + [b''.join(vector) for vector in VECTORS + VECTORS[:1]]


def check(path, size, is_hex):
    seen = []
    with open(path, 'rb') as file:
        for line in file:
            record = json.loads(line)
            if record.get('bytes') is None:
                continue
            if is_hex or 'data_hex' in record:
                data = bytes.fromhex(record['data_hex'])
            else:
                data = record['data'].encode()
            seen.append((data, record['bytes'], record.get('data_cut', False)))
    want = [(data[:size], len(data), len(data) > size) for data in expected()]
    if len(seen) != len(want):
        sys.exit('%d writes seen, of %d' % (len(seen), len(want)))
    for i, (one, other) in enumerate(zip(seen, want)):
        if one != other:
            sys.exit('write %d: %r is not %r' % (i, [x if type(x) != bytes else (len(x), x[:40]) for x in one],
                                                 [x if type(x) != bytes else (len(x), x[:40]) for x in other]))


def bad(path):
    """What cannot be read, or not all of it."""
    libc = ctypes.CDLL(None, use_errno=True)
    area = mmap.mmap(-1, 8192)
    start = ctypes.addressof(ctypes.c_char.from_buffer(area))
    area[:4096] = b'z' * 4096
    libc.mprotect(ctypes.c_void_p(start + 4096), ctypes.c_size_t(4096), 0)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    libc.write(fd, ctypes.c_void_p(start + 4096), ctypes.c_size_t(10))
    libc.write(fd, None, ctypes.c_size_t(10))
    print(libc.write(fd, ctypes.c_void_p(start + 4086), ctypes.c_size_t(30)))


if sys.argv[1] == 'write':
    write(sys.argv[2])
elif sys.argv[1] == 'bad':
    bad(sys.argv[2])
else:
    check(sys.argv[2], int(sys.argv[3]), len(sys.argv) > 4)
END

for size in 1 32 33 4096 65536; do
	run "$WRITESNOOP" -J --writes-only -P '*/out' -s "$size" --to "$TMP/json" -- python3 -B "$TMP/data.py" write "$TMP/out"
	ok "-s $size: every byte" python3 -B "$TMP/data.py" check "$TMP/json" "$size"
	is "-s $size: nothing is lost" "$(tail -n 1 "$TMP/json" | jq .lost)" 0
done
run "$WRITESNOOP" -J --writes-only -P '*/out' -s 65536 --hex --to "$TMP/json" -- python3 -B "$TMP/data.py" write "$TMP/out"
ok '-s 65536 --hex: every byte' python3 -B "$TMP/data.py" check "$TMP/json" 65536 hex
run "$WRITESNOOP" -J --writes-only -P '*/out' -o +DATA --to "$TMP/json" -- python3 -B "$TMP/data.py" write "$TMP/out"
ok 'DATA alone: the first 32' python3 -B "$TMP/data.py" check "$TMP/json" 32
run "$WRITESNOOP" -J --writes-only -P '*/out' --to "$TMP/json" -- python3 -B "$TMP/data.py" write "$TMP/out"
is 'without -s: none' "$(grep -c '"data"' "$TMP/json")" 0
run "$WRITESNOOP" -J --writes-only -P '*/out' -s 0 --to "$TMP/json" -- python3 -B "$TMP/data.py" write "$TMP/out"
is '-s 0: none' "$(grep -c '"data"' "$TMP/json")" 0

# --- in rows: as strace has it ---
if strace -o /dev/null true 2>/dev/null; then
	for size in 5 32 300; do
		strace -qq -e signal=none -s "$size" -e trace=write,pwrite64 -P "$TMP/out" -o "$TMP/strace" python3 -B "$TMP/data.py" write "$TMP/out"
		sed -E 's/^[a-z0-9]+\([0-9]+, (".*"(\.\.\.)?), [0-9]+(, [0-9]+)?\) += .*$/\1/' "$TMP/strace" >"$TMP/want"
		run "$WRITESNOOP" --no-header --writes-only -P '*/out' -s "$size" -o CALL,DATA --to "$TMP/rows" -- \
			python3 -B "$TMP/data.py" write "$TMP/out"
		grep -v '^p\?writev' "$TMP/rows" | sed -E 's/^p?write(64)? +//; s/\t.*$//' >"$TMP/got"
		same "-s $size: rows are escaped as strace escapes" "$TMP/got" "$TMP/want"
	done
else
	skip 'rows are escaped as strace escapes' 'strace cannot trace here'
fi
run "$WRITESNOOP" --no-header --writes-only -s 3 --hex -o BYTES,DATA --to "$TMP/rows" -- \
	sh -c 'printf "abc" >"$0"; printf "\000\377\nd" >"$0"' "$TMP/out"
is '--hex in rows' "$(tr -s ' ' <"$TMP/rows" | paste -sd ,)" ' 3 616263, 4 00ff0a...'

# --- what cannot be read, and what did not get there ---
run "$WRITESNOOP" -J --writes-only -P '*/bad' -s 100 -o BYTES,ASKED,ERR,DATA,NOTE --to "$TMP/json" -- \
	python3 -B "$TMP/data.py" bad "$TMP/bad"
is 'memory that is not there' "$(jq -c 'select(.err) | [.asked, .err, .data]' "$TMP/json" | head -n 2 | paste -sd ' ')" \
	'[10,14,null] [10,14,null]'
if [ "$out" = 10 ]; then
	is 'a short write: the bytes that were written' "$(jq -c 'select(.bytes) | [.bytes, .asked, .data, .note]' "$TMP/json")" \
		'[10,30,"zzzzzzzzzz","(short)"]'
else
	lacks 'a short write: the bytes that were written' 'it writes nothing of what it can read in part'
fi
run "$WRITESNOOP" -J -a --writes-only -P /dev/full -s 100 -o BYTES,ERR,DATA --to "$TMP/json" -- \
	sh -c 'echo "lost in space" >/dev/full'
is 'a failed write: those that it was asked to write' \
	"$(jq -c 'select(.err == 28) | [.bytes, .data]' "$TMP/json" | head -n 1)" '[null,"lost in space\n"]'
run "$WRITESNOOP" -J --writes-only -P '*/copy' -s 100 --to "$TMP/json" -- \
	python3 -B -c 'import os, sys
os.sendfile(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT), os.open(sys.argv[1], os.O_RDONLY), 0, 50)' "$TMP/data.py" "$TMP/copy"
is 'a copy in the kernel has none' "$(jq -c 'select(.call == "sendfile") | [.bytes, .data]' "$TMP/json")" '[50,null]'

# --- nothing of it reaches a terminal ---
run env LC_ALL=C "$WRITESNOOP" --no-header --writes-only -P '*/out' -s 65536 --to "$TMP/rows" -- python3 -B "$TMP/data.py" write "$TMP/out"
nok 'rows: no control character but TAB' env LC_ALL=C grep -q '[^[:print:][:blank:]]' "$TMP/rows"
is 'rows: a line for each write' "$(wc -l <"$TMP/rows")" 26
done_testing
