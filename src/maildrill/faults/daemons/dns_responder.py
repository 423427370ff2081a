"""A name server that answers some questions wrongly and passes the others on.

Arguments: port to listen on, address of the real server, mode, address to give out, TTL (s), names. Modes:
timeout, servfail, nxdomain, answer. Questions at or below one of the names are answered by the mode (no
names: all questions); ``answer`` concerns questions for addresses (A) only.
"""

import socket
import struct
import threading
from collections.abc import Callable

RCODES = {"servfail": 2, "nxdomain": 3, "answer": 0}
ADDRESS = 1  # the type of a question for an IPv4 address
PATIENCE_S = 3.0
RESPONSE = 0x8480  # answer, authoritative, recursion available
RECURSION_DESIRED = 0x0100


class Responder:
    """Decides what becomes of each question."""

    def __init__(self, upstream: str, mode: str, address: str, ttl: int, names: list[str]) -> None:
        self.upstream, self.mode, self.address, self.ttl = upstream, mode, address, ttl
        self.names = [name.rstrip(".").lower() for name in names]

    def concerns(self, name: str, kind: int) -> bool:
        """Whether the mode applies to this question."""
        named = not self.names or any(name == one or name.endswith(f".{one}") for one in self.names)
        return named and (self.mode != "answer" or kind == ADDRESS)

    def answer(self, query: bytes, tcp: bool) -> bytes | None:
        """The reply to a query, or None for silence."""
        name, end = _name(query, 12)
        if not self.concerns(name, struct.unpack_from(">H", query, end)[0]):
            return _ask(self.upstream, query, tcp)
        return None if self.mode == "timeout" else self._reply(query, query[12 : end + 4])

    def _reply(self, query: bytes, question: bytes) -> bytes:
        number, flags = struct.unpack_from(">HH", query)
        flags = RESPONSE | flags & RECURSION_DESIRED | RCODES[self.mode]
        record = b""
        if self.mode == "answer":
            record = b"\xc0\x0c" + struct.pack(">HHIH", ADDRESS, 1, self.ttl, 4) + socket.inet_aton(self.address)
        return struct.pack(">HHHHHH", number, flags, 1, 1 if record else 0, 0, 0) + question + record


def _name(query: bytes, offset: int) -> tuple[str, int]:
    labels = []
    while length := query[offset]:
        labels.append(query[offset + 1 : offset + 1 + length].decode("latin-1").lower())
        offset += 1 + length
    return ".".join(labels), offset + 1


def _ask(server: str, query: bytes, tcp: bool) -> bytes | None:
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as asking:
        asking.settimeout(PATIENCE_S)
        asking.connect((server, 53))
        if not tcp:
            asking.send(query)
            return asking.recv(65535)
        asking.sendall(struct.pack(">H", len(query)) + query)
        return _framed(asking)


def _framed(stream: socket.socket) -> bytes:
    with stream.makefile("rb") as file:
        return file.read(struct.unpack(">H", file.read(2))[0])


def _datagrams(server: socket.socket, responder: Responder) -> None:
    def one(query: bytes, asker: tuple[str, int]) -> None:
        try:
            reply = responder.answer(query, tcp=False)
        except (OSError, IndexError, struct.error):
            return
        if reply:
            server.sendto(reply, asker)

    while True:
        query, asker = server.recvfrom(65535)
        threading.Thread(target=one, args=(query, asker), daemon=True).start()


def _streams(server: socket.socket, responder: Responder) -> None:
    def one(stream: socket.socket) -> None:
        with stream:
            try:
                stream.settimeout(30)
                reply = responder.answer(_framed(stream), tcp=True)
                if reply:
                    stream.sendall(struct.pack(">H", len(reply)) + reply)
                else:
                    stream.recv(1)  # silence until the client gives up
            except (OSError, IndexError, struct.error):
                return

    while True:
        threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()


def main(arguments: list[str], ready: Callable[[], None]) -> None:
    """Answer until killed."""
    port, upstream, mode, address, ttl, *names = arguments
    responder = Responder(upstream, mode, address, int(ttl), names)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("0.0.0.0", int(port)))
    streams = socket.create_server(("0.0.0.0", int(port)))
    ready()
    threading.Thread(target=_streams, args=(streams, responder), daemon=True).start()
    _datagrams(datagrams, responder)
