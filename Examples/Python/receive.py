#!/usr/bin/env python3
"""Receives photographs from `texctl serve SOCKET IN.jpg…` and writes them as PPM files.

    receive.py SOCKET FOLDER

Written from Docs/wire-format.md alone; needs nothing but Python 3.
"""

import mmap
import os
import socket
import struct
import sys

HELLO, ASK, ATTRIBUTES, CONFLICT, OFFER, AGAIN, RELEASE, WITHDRAW, REACHED, FAREWELL = range(1, 11)
HEADER = struct.Struct("<4sHHIIQ")
AB24 = b"AB24"


def text(value):
    data = value.encode()
    return struct.pack("<H", len(data)) + data


def read_text(body):
    (size,) = struct.unpack_from("<H", body)
    return body[2 : 2 + size].decode()


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self.sent = self.heard = 0
        self.send(HELLO, text("receive.py"))

    def send(self, kind, body):
        header = HEADER.pack(b"TXAL", 1, kind, HEADER.size + len(body), 0, self.sent)
        self.socket.sendall(header + body)
        self.sent += 1

    def receive(self):
        data, descriptors, flags, _ = socket.recv_fds(self.socket, 65536, 5)
        if not data:
            raise SystemExit("the other side is gone")
        magic, version, kind, size, count, sequence = HEADER.unpack_from(data)
        if (magic, version, size, count, sequence) != (
            b"TXAL", 1, len(data), len(descriptors), self.heard,
        ):
            raise SystemExit("not a message of version 1")
        self.heard += 1
        return kind, data, descriptors


def participant():
    """A participant that reads R, G, B, A bytes in rows."""
    fields = 1 << 16 | 1 << 21
    formats = struct.pack("<H", 1) + AB24 + struct.pack("<Q", 0)
    read = bytes([1, 1])
    return text("python") + struct.pack("<I", fields) + formats + read + bytes([0])


def photograph(data, descriptors):
    """The red, green and blue bytes of an offer, with its width and height."""
    width, height = struct.unpack_from("<II", data, 56)
    planes, memories, modifier = data[68], data[69], struct.unpack_from("<Q", data, 72)[0]
    if data[64:68] != AB24 or (planes, memories, modifier) != (1, 1, 0):
        raise SystemExit("not the format that was asked for")
    offset, pitch, _ = struct.unpack_from("<QII", data, 88)
    size = os.fstat(descriptors[0]).st_size
    if pitch < width * 4 or offset + pitch * height > size:
        raise SystemExit("the image is larger than its memory")
    with mmap.mmap(descriptors[0], size, mmap.MAP_SHARED, mmap.PROT_READ) as memory:
        rows = bytearray()
        for row in range(height):
            start = offset + row * pitch
            pixels = memory[start : start + width * 4]
            line = bytearray(width * 3)
            for channel in range(3):
                line[channel::3] = pixels[channel::4]
            rows += line
    return width, height, rows


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    connection = Connection(sys.argv[1])
    while True:
        kind, data, descriptors = connection.receive()
        body = data[HEADER.size :]
        if kind == ASK:
            connection.send(ATTRIBUTES, bytes([1]) + participant())
        elif kind == OFFER:
            number, generation, fence, _ = struct.unpack_from("<QQQQ", body)
            if fence != 0:
                raise SystemExit("a photograph that is not there yet")
            width, height, rows = photograph(data, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            connection.send(
                RELEASE, struct.pack("<QQQQ", number, generation, 0, 0) + text(""))
            with open(os.path.join(sys.argv[2], f"{number}.ppm"), "wb") as file:
                file.write(b"P6\n%d %d\n255\n" % (width, height) + rows)
        elif kind == FAREWELL:
            print("farewell:", read_text(body))
            return
        elif kind == CONFLICT:
            raise SystemExit("conflict: " + read_text(body))


main()
