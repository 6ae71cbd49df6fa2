#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Brings what different witnesses say of opens into one form, so that diff can compare them.

    oracle.py json [-k KEY] [FILE]     opensnoop -J -o +CALL
    oracle.py rows [FILE]              opensnoop -o CALL,FD,ERR,PATH
    oracle.py strace [FILE]            strace -f -xx -s 65536
    oracle.py temp [FILE]              any of these, with made-up temporary names made alike

A line is "CALL FD ERR PATH" as in tests/workload/say.h: bytes of PATH that are not printable ASCII,
spaces and backslashes are \\xHH, a path that could not be read is \\?; a result that is not known is ?.
-k takes another key for PATH. What comes before the last open of "/=begin=" is left out.
"""
import errno
import json
import re
import sys

BEGIN = b'/=begin='
CALLS = 'open|creat|openat|openat2|open_by_handle_at'


def line(call, fd, err, path):
    if path is None:
        text = '\\?'
    else:
        text = ''.join(chr(c) if 0x20 < c < 0x7f and c != 0x5c else '\\x%02x' % c for c in path)
    return '%s %s %s %s' % (call, '?' if fd is None else fd, '?' if err is None else err, text)


def text_of(record, key):
    """The bytes of a text in a JSON record, whatever they are."""
    if record[key] is None:
        return None
    if key + '_hex' in record:
        return bytes.fromhex(record[key + '_hex'])
    return record[key].encode('utf-8')


def from_json(stream, key):
    for raw in stream:
        record = json.loads(raw.decode('utf-8'))
        if 'type' not in record:
            path = text_of(record, key)
            yield path, line(record['call'], record['fd'], record['err'], path)


def unescape(text):
    """The bytes behind the escapes of a row."""
    simple = {b'a': 7, b'b': 8, b't': 9, b'n': 10, b'v': 11, b'f': 12, b'r': 13, b'\\': 92}

    def one(match):
        code = match.group(1)
        return bytes([simple[code] if code in simple else int(code, 8)])
    return re.sub(rb'\\([abtnvfr\\]|[0-7]{3})', one, text)


def from_rows(stream):
    for raw in stream:
        # Each row on a line of its own, columns apart by one space, PATH last, the note after a TAB.
        match = re.fullmatch(rb'(\S+) +(-?\d+) +(\d+) ([^\t]*)(\t.*)?\n', raw)
        if not match:
            if raw.split()[:1] == [b'CALL']:
                continue
            sys.exit('oracle.py: not a row: %r' % raw)
        call, fd, err, path, note = match.groups()
        path = None if path == b'?' and note else unescape(path)
        yield path, line(call.decode(), int(fd), int(err), path)


def from_strace(stream):
    begun = {}
    numbers = {name: number for number, name in errno.errorcode.items()}
    numbers['ERESTARTSYS'] = 512  # the kernel's own, which strace shows as they are
    start = re.compile(rb'(\d+) +(?:\d[\d.]* +)?((?:%s)\(.*) <unfinished \.\.\.>$' % CALLS.encode())
    end = re.compile(rb'(\d+) +(?:\d[\d.]* +)?<\.\.\. (?:%s) resumed>(.*)$' % CALLS.encode())
    whole = re.compile(rb'(?:\d+ +)?(%s)\((.*)\) += (\?|-?\d+)(?: (E\w+))?.*$' % CALLS.encode())
    for raw in stream:
        raw = raw.rstrip(b'\n')
        match = start.match(raw)
        if match:
            begun[match.group(1)] = match.group(2)
            continue
        match = end.match(raw)
        if match:
            raw = begun.pop(match.group(1)) + match.group(2)
        match = whole.match(raw)
        if not match:
            continue
        call, arguments, result, name = match.groups()
        # Every string is all \xHH, so no quote is inside one.
        if call == b'open_by_handle_at':  # its strings are no paths
            arguments = b''
        match = re.search(rb'"((?:\\x[0-9a-f]{2})*)"', arguments)
        path = bytes.fromhex(match.group(1).replace(b'\\x', b'').decode()) if match else None
        fd = -1 if name else int(result)
        err = numbers[name.decode()] if name else 0
        yield path, line(call.decode(), fd, err, path)


def main():
    arguments = sys.argv[1:]
    what, key = arguments.pop(0), 'path'
    if arguments[:1] == ['-k']:
        key = arguments[1]
        del arguments[:2]
    stream = open(arguments[0], 'rb') if arguments else sys.stdin.buffer
    if what == 'temp':
        for raw in stream:
            sys.stdout.write(re.sub(r'/cc[A-Za-z0-9]{6}\b', '/ccXXXXXX', raw.decode()))
        return
    records = {'json': lambda: from_json(stream, key), 'rows': lambda: from_rows(stream),
               'strace': lambda: from_strace(stream)}[what]()
    kept = []
    for path, text in records:
        if path == BEGIN:
            kept.clear()
        else:
            kept.append(text)
    sys.stdout.write(''.join(text + '\n' for text in kept))


main()
