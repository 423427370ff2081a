"""One question to a name server. Arguments: server, name, type (A or MX), patience (s)."""

import os
import socket
import struct
import time

TYPES = {"A": 1, "MX": 15}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}


def _query(number: int, name: str, kind: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", TYPES[kind], 1)


def _skip(reply: bytes, offset: int) -> int:
    while reply[offset]:
        if reply[offset] >= 0xC0:
            return offset + 2
        offset += 1 + reply[offset]
    return offset + 1


def _addresses(reply: bytes) -> list[str]:
    offset, found = _skip(reply, 12) + 4, []
    for _ in range(struct.unpack_from(">H", reply, 6)[0]):
        offset = _skip(reply, offset)
        kind, _, _, length = struct.unpack_from(">HHIH", reply, offset)
        if kind == TYPES["A"]:
            found.append(socket.inet_ntoa(reply[offset + 10 : offset + 14]))
        offset += 10 + length
    return found


def main(arguments: list[str]) -> dict[str, object]:
    """{"status": the response code or "timeout", "addresses": [...], "seconds": ...}."""
    server, name, kind, patience = *arguments[:3], float(arguments[3])
    number, begin = struct.unpack("H", os.urandom(2))[0], time.monotonic()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(patience)
        asking.connect((server, 53))
        try:
            asking.send(_query(number, name, kind))
            reply = asking.recv(65535)
        except TimeoutError:
            return {"status": "timeout", "addresses": [], "seconds": time.monotonic() - begin}
        except OSError as problem:
            return {"status": str(problem), "addresses": [], "seconds": time.monotonic() - begin}
    code = struct.unpack_from(">H", reply, 2)[0] & 15
    return {
        "status": RCODES.get(code, str(code)),
        "addresses": _addresses(reply),
        "seconds": time.monotonic() - begin,
    }
