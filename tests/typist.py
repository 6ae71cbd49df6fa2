#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sits at a terminal and types.

    typist.py LOG COMMAND...

runs COMMAND on a pseudo-terminal, with the prompts "ask> " and "more> " if it is a shell, and does what standard input says, a line for each:

    ?REGEX    wait until what was printed since the last such wait matches
    +TEXT     type it; as in a Python string \\n, \\x04 and \\xff are bytes
    .         hang up

At the end of the input the terminal hangs up as well.  What COMMAND prints goes to LOG, and there "# got REGEX" when a
wait is over, with "# tty NAME" and "# pid NUMBER" at the beginning.  Status 1, with a word in LOG, if a wait is in vain.
"""
import fcntl
import os
import pty
import re
import select
import signal
import sys
import termios
import time

PATIENCE = 30


def main():
    log = open(sys.argv[1], 'wb', buffering=0)
    master, slave = pty.openpty()
    tty = os.ttyname(slave)
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(master)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.close(slave)
        # Here, because a shell in between would not pass them on.
        os.environ.update(PS1='ask> ', PS2='more> ')
        os.execvp(sys.argv[2], sys.argv[2:])
    os.close(slave)
    log.write(b'# tty %s\n# pid %d\n' % (tty.encode(), pid))
    seen = b''

    def look(timeout):
        nonlocal seen
        if not select.select([master], [], [], timeout)[0]:
            return True
        try:
            data = os.read(master, 65536)
        except OSError:
            data = b''
        log.write(data)
        seen += data
        return bool(data)

    for line in sys.stdin:
        what, text = line[0], line[1:].rstrip('\n').encode('latin-1')
        if what == '.':
            break
        if what == '+':
            data = text.decode('unicode_escape').encode('latin-1')
            while data:
                # A terminal takes 4 KB, and no more until somebody reads them.
                if select.select([], [master], [], 0.01)[1]:
                    data = data[os.write(master, data[:512]):]
                look(0)
            continue
        deadline = time.monotonic() + PATIENCE
        while True:
            match = re.search(text, seen)
            if match:
                break
            if time.monotonic() > deadline or not look(1):
                log.write(b'\n# waited in vain for %s\n' % text)
                return 1
        seen = seen[match.end():]
        log.write(b'\n# got %s\n' % text)
    os.close(master)
    os.waitpid(pid, 0)
    return 0


sys.stdin.reconfigure(encoding='latin-1')
sys.exit(main())
