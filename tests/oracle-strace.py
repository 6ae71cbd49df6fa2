#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Compares what writesnoop --strace and strace say of the same run, byte for byte.

    oracle-strace.py STRACE WRITESNOOP WANT SEEN

STRACE is of strace -f -y -o, WRITESNOOP of writesnoop -a --strace. Into WANT and SEEN go the lines of each
thread in their order: of WANT those that writesnoop has to show, of SEEN those that it showed and that it
may leave out only if it has a reason:

- an open that is not for writing, and a close (or a dup2 over it) of what is not open for writing;
- a dup2 or dup3 that closes nothing.

Comments of writesnoop, of what is no system call, are left out. Of SEEN counts what comes from threads that
strace followed: it is traced itself. Prints how many lines of each call were compared.
"""
import collections
import re
import sys

RESULT_COLUMN = 40
CALL = re.compile(rb'(\d+) +(\w+)\((.*)\) +(= .*)')
UNFINISHED = re.compile(rb'((\d+) +(\w+)\(.*) <unfinished \.\.\.>')
RESUMED = re.compile(rb'(\d+) +<\.\.\. (\w+) resumed>(.*)\) +(= .*)')


def strace_lines(path):
    """Whole calls, in two parts put together as if nothing had come between."""
    begun = {}
    for line in open(path, 'rb'):
        line = line.rstrip(b'\n')
        match = UNFINISHED.fullmatch(line)
        if match:
            begun[match[2]] = match[1]
            continue
        match = RESUMED.fullmatch(line)
        if match:
            line = begun.pop(match[1]) + match[3] + b')'
            line = line.ljust(RESULT_COLUMN - 1) + b' ' + match[4]
        if CALL.fullmatch(line):
            yield line
        elif not re.search(rb' = \?$', line):
            sys.exit('oracle-strace.py: not a call: %r' % line)


def by_thread(lines):
    threads = collections.OrderedDict()
    for line in lines:
        threads.setdefault(line.split()[0], []).append(line)
    return threads


class Descriptors:
    """Which of them a thread is known to have open for writing; what it inherited is not known."""

    def __init__(self):
        self.writable = {}

    def is_optional(self, line):
        _, call, arguments, result = CALL.fullmatch(line).groups()
        number = re.match(rb'= (\d+)', result)
        number = int(number[1]) if number else None
        if call.startswith(b'open') or call == b'creat':
            mode = re.search(rb'O_(RDONLY|WRONLY|RDWR|ACCMODE)\b(.*)', re.sub(rb'"(\\.|[^"\\])*"', b'', arguments))
            if call != b'creat' and not mode:
                return True  # openat2, and its flags cannot be read
            reads = call != b'creat' and mode[1] == b'RDONLY'
            if number is not None:
                self.writable[number] = not reads and b'O_PATH' not in arguments
            return reads
        if call in (b'dup2', b'dup3'):
            old, new = (int(n) for n in re.findall(rb'(?:^|, )(-?\d+)', re.sub(rb'<[^>]*>', b'', arguments))[:2])
            closed = self.writable.get(new)
            if number is None or old == new:
                return True
            self.writable[new] = self.writable.get(old)
            return not closed
        if call == b'close':
            return not self.writable.pop(int(re.match(rb'-?\d+', arguments)[0]), None)
        return False


def main():
    strace, writesnoop, want_path, seen_path = sys.argv[1:]
    expected = by_thread(strace_lines(strace))
    told = by_thread(line for line in (raw.rstrip(b'\n') for raw in open(writesnoop, 'rb'))
                     if not re.match(rb'\d+ +/\*', line))
    want, seen, counts = [], [], collections.Counter()
    for thread, lines in expected.items():
        mine, at, descriptors = told.get(thread, []), 0, Descriptors()
        # What strace did in the child before it executed the program.
        while at < len(mine) and mine[at] not in lines:
            at += 1
        for line in lines:
            optional = descriptors.is_optional(line)
            while at < len(mine) and mine[at] != line and mine[at] not in lines:
                seen.append(mine[at])
                at += 1
            if at < len(mine) and mine[at] == line:
                want.append(line)
                seen.append(line)
                at += 1
                counts[CALL.fullmatch(line)[2].decode()] += 1
            elif not optional:
                want.append(line)
        seen += mine[at:]
    open(want_path, 'wb').writelines(line + b'\n' for line in want)
    open(seen_path, 'wb').writelines(line + b'\n' for line in seen)
    print(' '.join('%s:%d' % item for item in sorted(counts.items())))


main()
