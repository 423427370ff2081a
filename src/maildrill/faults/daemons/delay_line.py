"""A delay line on a netfilter queue: holds each packet for a time, then lets it go on.

Arguments: queue number, delay (ms), jitter (ms), mark. A released packet is marked and runs through the
chain again (NF_REPEAT), so that several delay lines on one node add up. If this program dies, the
rule's --queue-bypass lets packets pass.
"""

import heapq
import os
import random
import select
import socket
import struct
import time
from collections.abc import Callable

NETLINK_NETFILTER = 12
SOL_NETLINK, NETLINK_NO_ENOBUFS, SO_RCVBUFFORCE = 270, 5, 33
QUEUE_SUBSYSTEM, PACKET, VERDICT, CONFIG = 3, 0, 1, 2  # linux/netfilter/nfnetlink_queue.h
PACKET_HEADER, VERDICT_HEADER, PACKET_MARK = 1, 2, 3
REPEAT = 4  # NF_REPEAT
BUFFER = 8 << 20
HEADER = 20  # nlmsghdr and nfgenmsg


class Queue:
    """One netfilter queue, bound by this process."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        self.socket.bind((0, 0))
        self._configure(_attribute(1, struct.pack(">BxH", 1, 0)))  # bind
        self._configure(_attribute(2, struct.pack(">IB", 0, 1)))  # copy no payload
        self._configure(_attribute(3, struct.pack(">I", 65536)))  # longest queue, packets

    def _send(self, kind: int, flags: int, payload: bytes) -> None:
        body = struct.pack("=BBH", 0, 0, socket.htons(self.number)) + payload
        self.socket.send(struct.pack("=IHHII", 16 + len(body), QUEUE_SUBSYSTEM << 8 | kind, flags, 0, 0) + body)

    def _configure(self, payload: bytes) -> None:
        self._send(CONFIG, 1 | 4, payload)  # request, acknowledge
        error = -struct.unpack_from("=i", self.socket.recv(4096), 16)[0]
        if error:
            raise OSError(error, os.strerror(error))

    def receive(self) -> list[tuple[int, int]]:
        """(packet id, its mark) of what arrived."""
        data, found, offset = self.socket.recv(1 << 20), [], 0
        while offset + HEADER <= len(data):
            length, kind = struct.unpack_from("=IH", data, offset)
            if length < HEADER:
                break
            if kind == QUEUE_SUBSYSTEM << 8 | PACKET:
                found.append(_packet(data, offset + HEADER, offset + length))
            offset += (length + 3) & ~3
        return found

    def release(self, packet: int, mark: int) -> None:
        """Send a packet through the chain once more, with this mark."""
        verdict = _attribute(VERDICT_HEADER, struct.pack(">II", REPEAT, packet))
        self._send(VERDICT, 1, verdict + _attribute(PACKET_MARK, struct.pack(">I", mark)))


def _attribute(kind: int, content: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(content), kind) + content + b"\0" * (-len(content) % 4)


def _packet(data: bytes, offset: int, end: int) -> tuple[int, int]:
    number = mark = 0
    while offset < end:
        length, kind = struct.unpack_from("=HH", data, offset)
        if kind & 0x7FFF == PACKET_HEADER:
            number = struct.unpack_from(">I", data, offset + 4)[0]
        elif kind & 0x7FFF == PACKET_MARK:
            mark = struct.unpack_from(">I", data, offset + 4)[0]
        offset += (length + 3) & ~3
    return number, mark


def main(arguments: list[str], ready: Callable[[], None]) -> None:
    """Delay packets until killed."""
    number, delay, jitter, own = int(arguments[0]), *(float(ms) / 1000 for ms in arguments[1:3]), int(arguments[3])
    queue, held = Queue(number), []  # type: ignore[var-annotated]
    ready()
    while True:
        patience = max(0.0, held[0][0] - time.monotonic()) if held else 1.0
        if select.select([queue.socket], [], [], patience)[0]:
            for packet, mark in queue.receive():
                due = time.monotonic() + delay + random.uniform(-jitter, jitter)
                heapq.heappush(held, (due, packet, mark | own))
        now = time.monotonic()
        while held and held[0][0] <= now:
            _, packet, mark = heapq.heappop(held)
            queue.release(packet, mark)
