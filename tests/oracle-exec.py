#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Brings what different witnesses say of executions and ends into one form, so that diff can compare them.

    oracle-exec.py json [FILE]           execsnoop -J: "RET PID PPID TID COMM FILE EXE ARG..."
    oracle-exec.py args [FILE]           execsnoop -J: "ARG..."
    oracle-exec.py words [FILE]          the same of pieces that end in a NUL: how many words, and these
    oracle-exec.py calls [FILE]          execsnoop -J: "PID RET FILE ARG...", for each process in its order
    oracle-exec.py strace-calls [FILE]   strace -f -xx -s 1000000: the same
    oracle-exec.py ends [FILE]           execsnoop -J --exit: "PID STATUS", sorted
    oracle-exec.py strace-ends [FILE]    strace -f: the same, of the processes that have executed something
    oracle-exec.py plain CHARSET FILE    fails if there is anything that is no plain text in this charset

Words are as in tests/workload/tell.h.
"""
import errno
import json
import re
import sys
import unicodedata


def word(text):
    """Of bytes, or None."""
    if text is None:
        return '\\?'
    return ''.join(chr(c) if 0x20 < c < 0x7f and c != 0x5c else '\\x%02x' % c for c in text) or '\\e'


def text_of(record, key):
    """The bytes of a text in a JSON record, whatever they are."""
    if key + '_hex' in record:
        return bytes.fromhex(record[key + '_hex'])
    return None if record[key] is None else record[key].encode('utf-8')


def arguments(record):
    if 'args_hex' in record:
        return [None if text is None else bytes.fromhex(text) for text in record['args_hex']]
    return [None if text is None else text.encode('utf-8') for text in record['args']]


def is_end(record):
    return record.get('status') is not None or 'signal' in record


def records(stream):
    for raw in stream:
        record = json.loads(raw.decode('utf-8'))
        if 'type' not in record:
            yield record


def from_json(stream):
    for record in records(stream):
        if not is_end(record):
            yield ' '.join([str(record[key]) for key in ('ret', 'pid', 'ppid', 'tid')] +
                           [word(text_of(record, key)) for key in ('comm', 'file', 'exe')] +
                           [word(text) for text in arguments(record)])


def args(stream):
    for record in records(stream):
        if not is_end(record):
            yield ' '.join(word(text) for text in arguments(record))


def words(stream):
    pieces = iter(stream.read().split(b'\0')[:-1])
    for count in pieces:
        yield ' '.join([word(next(pieces)) for _ in range(int(count))])


def asked(record):
    """The arguments that were asked for: of a script, those behind its name, and before them \\-."""
    given = arguments(record)
    if '(script)' not in record.get('note', ''):
        return [word(text) for text in given]
    return ['\\-'] + [word(text) for text in given[given.index(text_of(record, 'file')) + 1:]]


def calls(stream):
    found = []
    for record in records(stream):
        if not is_end(record):
            found.append((record['pid'], ' '.join([str(record['pid']), str(record['ret']), word(text_of(record, 'file'))] +
                                                  asked(record))))
    return [text for _, text in sorted(found, key=lambda pair: pair[0])]


def ends(stream):
    found = []
    for record in records(stream):
        if is_end(record):
            status = record['status']
            if status is None:
                status = record['signal'] + ('(core)' if record['core_dumped'] else '')
            found.append((record['pid'], '%d %s' % (record['pid'], status)))
    return [text for _, text in sorted(found)]


def strings(text):
    """Of what strace prints as "\\x61\\x62", any number of them; every byte is \\xHH, so no quote is inside one."""
    return [bytes.fromhex(one.replace(b'\\x', b'').decode()) for one in re.findall(rb'"((?:\\x[0-9a-f]{2})*)"', text)]


def strace_calls(stream):
    begun, found = {}, []
    for raw in stream:
        match = re.match(rb'(\d+) +(execve(?:at)?\(.*) <(?:unfinished|pid changed to \d+) \.\.\.>$', raw)
        if match:
            begun[match.group(1)] = match.group(2)
            continue
        # When a thread has executed, it has the number of its process.
        match = re.match(rb'(\d+) +\+\+\+ superseded by execve in pid (\d+) \+\+\+$', raw)
        if match:
            begun[match.group(1)] = begun.pop(match.group(2))
            continue
        match = re.match(rb'(\d+) +<\.\.\. execve(?:at)? resumed>(.*)$', raw)
        if match:
            raw = match.group(1) + b' ' + begun.pop(match.group(1)) + match.group(2)
        match = re.match(rb'(\d+) +execve\(("[^"]*"), \[(.*?)\], .*\) += (-?\d+)(?: (E\w+))?', raw)
        if not match:
            if re.match(rb'\d+ +execve', raw):
                sys.exit('oracle-exec.py: not understood: %r' % raw[:1000])
            continue
        pid, file, given, result, name = match.groups()
        ret = -getattr(errno, name.decode()) if name else int(result)
        found.append((int(pid), ' '.join([pid.decode(), str(ret), word(strings(file)[0])] +
                                         [word(text) for text in strings(given)])))
    return [text for _, text in sorted(found, key=lambda pair: pair[0])]


def strace_ends(stream):
    executed, found = set(), []
    for raw in stream:
        match = re.match(rb'(\d+) +(?:execve|<\.\.\. execve).* = 0$', raw)
        if match:
            executed.add(match.group(1))
            continue
        match = re.match(rb'(\d+) +\+\+\+ (?:exited with (\d+)|killed by (SIG\w+)( \(core dumped\))?) \+\+\+$', raw)
        if match and match.group(1) in executed:
            pid, code, name, core = match.groups()
            found.append((int(pid), '%s %s' % (pid.decode(), (code or name).decode() + ('(core)' if core else ''))))
    return [text for _, text in sorted(found)]


def plain(charset, name):
    """Text and nothing else: no control but newline and TAB, no C1, nothing that steers a terminal or an eye."""
    with open(name, 'rb') as file:
        data = file.read()
    try:
        text = data.decode('ascii' if charset == 'C' else 'utf-8')
    except UnicodeDecodeError as error:
        sys.exit('%s: bytes that are not of its charset: %s' % (name, error))
    for i, c in enumerate(text):
        if c not in '\n\t' and unicodedata.category(c) in ('Cc', 'Cf', 'Zl', 'Zp', 'Cs'):
            sys.exit('%s: U+%04X in %r' % (name, ord(c), text[max(0, i - 40):i + 20]))


def main():
    if sys.argv[1] == 'plain':
        plain(sys.argv[2], sys.argv[3])
        return
    stream = open(sys.argv[2], 'rb') if sys.argv[2:] else sys.stdin.buffer
    form = {'json': from_json, 'args': args, 'words': words, 'calls': calls, 'strace-calls': strace_calls,
            'ends': ends, 'strace-ends': strace_ends}[sys.argv[1]]
    for text in form(stream):
        sys.stdout.write(text + '\n')


main()
