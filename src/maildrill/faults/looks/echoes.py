"""ICMP echoes: how many of a burst to one address come back. Arguments: address, number."""

import os
import socket
import struct
import time

PATIENCE_S = 0.3
ECHO, REPLY = 8, 0


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _echo(own: int, number: int) -> bytes:
    head = struct.pack(">BBHHH", ECHO, 0, 0, own, number)
    return struct.pack(">BBHHH", ECHO, 0, _checksum(head), own, number)


def main(arguments: list[str]) -> int:
    """The number of replies."""
    address, number, own = arguments[0], int(arguments[1]), os.getpid() & 0xFFFF
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    raw.settimeout(PATIENCE_S)
    for one in range(number):
        raw.sendto(_echo(own, one), (address, 0))
        time.sleep(0.0005)  # a burst of its own making would fill the socket buffers
    seen: set[int] = set()
    try:
        while len(seen) < number:
            packet = raw.recv(1500)
            kind, _, _, whose, which = struct.unpack_from(">BBHHH", packet, (packet[0] & 15) * 4)
            if kind == REPLY and whose == own:
                seen.add(which)
    except TimeoutError:
        pass
    return len(seen)
