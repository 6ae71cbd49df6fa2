#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A file system that does not answer everybody.

    silentfs.py DIRECTORY FILE REQUEST COMM [UID]

mounts it at DIRECTORY.  Every name there is a file with what FILE holds.  A REQUEST (open or read) of a process whose
name is COMM gets no answer, ever.  With UID that user
alone may look into it.  It prints a line when it is mounted, and is gone at the end of standard input.
"""
import ctypes
import os
import select
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 18, 25, 26
UNANSWERED = (FORGET, 36, 38, 42)  # and an interrupt, the end, several forgotten
ENOSYS = 38


def main():
    directory, file, request, comm = sys.argv[1:5]
    who = 'user_id=%s,group_id=0' % sys.argv[5] if len(sys.argv) > 5 else 'user_id=0,group_id=0,allow_other'
    content = open(file, 'rb').read()
    silent = {'open': OPEN, 'read': READ}[request]
    numbers = {}
    libc = ctypes.CDLL(None, use_errno=True)
    dev = os.open('/dev/fuse', os.O_RDWR)
    options = 'fd=%d,rootmode=40000,%s' % (dev, who)
    if libc.mount(b'silentfs', directory.encode(), b'fuse', 0, options.encode()):
        sys.exit(os.strerror(ctypes.get_errno()))

    def attributes(node):
        mode, size = (0o40755, 0) if node == 1 else (0o100755, len(content))
        return struct.pack('<6Q10I', node, size, (size + 511) // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def answer_to(kind, node, body):
        if kind == INIT:
            return struct.pack('<4I2H2I2H8I', 7, 31, 1 << 16, 0, 12, 9, 1 << 16, 1, 16, 0, *[0] * 8)
        if kind == LOOKUP:
            number = numbers.setdefault(body, len(numbers) + 2)
            return struct.pack('<4Q2I', number, 0, 3600, 3600, 0, 0) + attributes(number)
        if kind == GETATTR:
            return struct.pack('<Q2I', 3600, 0, 0) + attributes(node)
        if kind == OPEN:
            return struct.pack('<Q2I', 0, 0, 0)
        if kind == READ:
            at, size = struct.unpack_from('<QI', body, 8)
            return content[at:at + size]
        return b'' if kind in (RELEASE, FLUSH) else None

    print('mounted', flush=True)
    while dev in select.select([dev, 0], [], [])[0]:
        message = os.read(dev, 1 << 18)
        _, kind, unique, node, _, _, pid = struct.unpack_from('<IIQQIII', message)
        if kind in UNANSWERED:
            continue
        if kind == silent:
            try:
                name = open('/proc/%d/comm' % pid).read().strip()
            except OSError:
                name = ''
            if name == comm:
                continue
        answer = answer_to(kind, node, message[40:])
        error = -ENOSYS if answer is None else 0
        answer = answer or b''
        os.write(dev, struct.pack('<IiQ', 16 + len(answer), error, unique) + answer)
    os.close(dev)
    libc.umount2(directory.encode(), 2)


main()
