#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Brings what writesnoop shows into the form in which workloads tell it, see tests/workload/rows.h.

    oracle-write.py json [FILE]     writesnoop -J -o CALL,FD,BYTES,ASKED,ERR,OFFSET,PATH,OTHER,NOTE
    oracle-write.py rows [FILE]     the same in rows, without heading

What comes before the last open of "/=begin=" is left out, and what comes after "/=end=".
"""
import json
import re
import sys

KEYS = ('call', 'fd', 'bytes', 'asked', 'err', 'offset', 'path', 'other', 'note')


def escaped(text):
    if text is None:
        return '-'
    return ''.join(chr(c) if 0x20 < c < 0x7f and c != 0x5c else '\\x%02x' % c for c in text)


def bytes_of(record, key):
    """What is not there has no key, or null."""
    value = record.get(key)
    if value is None:
        return None
    if key + '_hex' in record:
        return bytes.fromhex(record[key + '_hex'])
    return value.encode('utf-8') if isinstance(value, str) else str(value).encode()


def from_json(stream):
    for raw in stream:
        record = json.loads(raw.decode('utf-8'))
        if 'type' not in record:
            yield [escaped(bytes_of(record, key)) for key in KEYS]


def unescape(text):
    """The bytes behind the escapes of a row."""
    simple = {b'a': 7, b'b': 8, b't': 9, b'n': 10, b'v': 11, b'f': 12, b'r': 13, b'\\': 92}

    def one(match):
        code = match.group(1)
        return bytes([simple[code] if code in simple else int(code, 8)])
    return re.sub(rb'\\([abtnvfr\\]|[0-7]{3})', one, text)


def from_rows(stream):
    for raw in stream:
        words, _, note = raw.rstrip(b'\n').partition(b'\t')
        words = words.split()
        if len(words) != len(KEYS) - 1:
            sys.exit('oracle-write.py: not a row, or with spaces in its paths: %r' % raw)
        # What is not known is as little as what there is not.
        yield [escaped(unescape(word)) if word != b'?' else '-' for word in words] + [escaped(unescape(note) or None)]


def main():
    stream = open(sys.argv[2], 'rb') if len(sys.argv) > 2 else sys.stdin.buffer
    kept = []
    for words in {'json': from_json, 'rows': from_rows}[sys.argv[1]](stream):
        path = words[KEYS.index('path')]
        # Workloads do not tell who else has open what they close.
        words[-1] = re.sub(r'(\\x20)?\(still\\x20open\)', '', words[-1]) or '-'
        if path == '/=begin=':
            kept.clear()
        elif path == '/=end=':
            break
        else:
            kept.append(' '.join(words) + '\n')
    sys.stdout.write(''.join(kept))


main()
