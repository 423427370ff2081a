"""A proxy before one port of SMTP or LMTP (or any TCP) that spoils conversations.

Arguments: port to listen on, address and port of the server, mode, amount. Modes:

``cut``      both sides are reset after ``amount`` bytes of the text that follows a 354 reply
``swallow``  the server's reply to the final dot never reaches the client; then both sides are reset
``trickle``  bytes pass at ``amount`` a second in each direction

Text is readable without TLS only, so ``cut`` and ``swallow`` hide STARTTLS (and CHUNKING, which sends
text without DATA) from the greeting, as some firewalls do.
"""

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

HIDDEN = (b"STARTTLS", b"CHUNKING")
PIECE = 65536
TICK_S = 0.1
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


class Over(Exception):
    """The conversation was cut on purpose."""


class Conversation:
    """One client's connection and the one made for it to the server."""

    def __init__(self, client: socket.socket, server: socket.socket, mode: str, amount: int) -> None:
        self.client, self.server, self.mode, self.amount = client, server, mode, amount
        self.text = -1  # bytes of text since the 354; -1 outside of it
        self.tail = b""
        self.dotted = False
        self.over = False
        self.lock = threading.Lock()

    def run(self) -> None:
        """Both directions, until either side is through."""
        back = threading.Thread(target=self._carry, args=(self.server, self.client, self.to_client), daemon=True)
        back.start()
        self._carry(self.client, self.server, self.to_server)
        back.join()
        for side in (self.client, self.server):
            side.close()

    def _carry(self, source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
        try:
            while data := source.recv(PIECE if self.mode != "trickle" else max(1, int(self.amount * TICK_S))):
                if self.mode == "trickle":
                    time.sleep(len(data) / self.amount)
                sink.sendall(change(data))
            if not self.over:
                sink.shutdown(socket.SHUT_WR)
        except Over:
            self._reset()
        except OSError:
            for side in (self.client, self.server):
                _shut(side)

    def _reset(self) -> None:
        self.over = True
        for side in (self.client, self.server):
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            _shut(side, socket.SHUT_RD)  # wakes the other thread; the reset goes out at close

    def to_server(self, data: bytes) -> bytes:
        """What the client says, while the text is counted and its end is looked for."""
        if self.mode == "trickle":
            return data
        with self.lock:
            if self.text < 0:
                return data
            left = self.amount - self.text
            self.text += len(data)
            seen = self.tail + data
            self.dotted = self.dotted or b"\r\n.\r\n" in seen
            self.tail = seen[-4:]
        if self.mode == "cut" and self.text >= self.amount:
            self.server.sendall(data[:left].removesuffix(b"\r\n.\r\n"))
            raise Over
        return data

    def to_client(self, data: bytes) -> bytes:
        """What the server says, without the offers of TLS; a 354 begins the text, a reply after the dot ends it."""
        if self.mode == "trickle":
            return data
        with self.lock:
            if self.dotted and self.mode == "swallow":
                raise Over
            if self.dotted:
                self.text, self.dotted = -1, False
            if self.text < 0 and any(line.startswith(b"354") for line in data.split(b"\r\n")):
                self.text, self.tail = 0, b"\r\n"
        return _without(data)


def _without(data: bytes) -> bytes:
    """A reply to EHLO without the hidden extensions; everything else as it is."""
    if not data.startswith(b"250-") or not any(word in data for word in HIDDEN):
        return data
    lines = [line for line in data.split(b"\r\n") if line and line[4:].strip().upper() not in HIDDEN]
    lines[-1] = b"250 " + lines[-1][4:]
    return b"\r\n".join(lines) + b"\r\n"


def _shut(side: socket.socket, how: int = socket.SHUT_RDWR) -> None:
    with contextlib.suppress(OSError):
        side.shutdown(how)


def _serve(client: socket.socket, server: tuple[str, int], mode: str, amount: int) -> None:
    try:
        upstream = socket.create_connection(server, 10)
        upstream.settimeout(None)
    except OSError:
        client.close()
        return
    for side in (client, upstream):
        side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Conversation(client, upstream, mode, amount).run()


def main(arguments: list[str], ready: Callable[[], None]) -> None:
    """Proxy connections until killed."""
    listen, address, port, mode, amount = arguments
    listener = socket.create_server(("0.0.0.0", int(listen)), backlog=512)
    ready()
    sys.setswitchinterval(0.001)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_serve, args=(client, (address, int(port)), mode, int(amount)), daemon=True).start()
