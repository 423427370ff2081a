"""Listening ports with planted outages, and the SMTP server behind two of them."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable

LATENCY = 0.005
"""What a server takes for a message or a login, s; everything else it answers at once."""
Take = Callable[[bytes, str, str], Awaitable[str | None]]


class Door:
    """One port of the simulated system. ``mode``: open, refuse, hang or reset.

    refuse: nobody listens. hang: connections are taken and nobody answers, until the mode changes; then
    everything waiting goes on. reset: every connection is answered with a TCP reset.
    """

    def __init__(self, implicit_tls: ssl.SSLContext | None = None) -> None:
        self._implicit_tls, self.mode = implicit_tls, "open"
        self._moving = asyncio.Event()
        self._moving.set()
        self._reserved = self._bind(0)
        self.port = int(self._reserved.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @staticmethod
    def _bind(port: int) -> socket.socket:
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle on
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        return bound

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(
            self._connected, sock=self._bind(self.port), backlog=512, ssl=self._implicit_tls
        )

    async def set(self, mode: str) -> None:
        """Change what happens to connections, those that are open included."""
        before, self.mode = self.mode, mode
        self._moving.clear() if mode == "hang" else self._moving.set()
        if mode in ("refuse", "reset"):
            if self._server and mode == "refuse":
                self._server.close()
            for writer in list(self._writers):
                self._reset(writer)
        if before == "refuse":
            await self.open()

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        if (sock := writer.get_extra_info("socket")) is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self.mode == "reset":
                self._reset(writer)
                return
            await self.pause()
            await self.serve(reader, writer)
        except (OSError, EOFError, ssl.SSLError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if self.mode == "reset" else writer.close()

    async def pause(self, seconds: float = 0.0) -> None:
        """The time a server takes; endless while it hangs."""
        if seconds:
            await asyncio.sleep(seconds)
        await self._moving.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        raise NotImplementedError


class SmtpDoor(Door):
    """An SMTP server (RFC 5321). With a context it wants STARTTLS and AUTH PLAIN, as submission does."""

    def __init__(self, take: Take, context: ssl.SSLContext | None = None, passwords: dict[str, str] | None = None):
        super().__init__()
        self.context = context
        self._take, self._passwords = take, passwords or {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Replies line by line until QUIT; a planted lost reply ends the connection instead."""

        async def say(*lines: str) -> None:
            await self.pause()
            writer.write(("\r\n".join(lines) + "\r\n").encode())

        sender = rcpt = user = ""
        secure = self.context is None
        await say("220 plant ESMTP")
        while line := (await reader.readline()).decode():
            verb, _, rest = line.strip().partition(" ")
            match verb.upper():
                case "EHLO" if not secure:
                    await say("250-plant", "250 STARTTLS")
                case "EHLO":
                    await say("250-plant", "250 AUTH PLAIN") if self.context else await say("250 plant")
                case "STARTTLS" if self.context:
                    await say("220 go ahead")
                    await writer.start_tls(self.context)
                    secure = True
                case "AUTH":
                    _, user, password = base64.b64decode(rest.split()[-1]).decode().split("\0")
                    good = self._passwords.get(user) == password
                    await say("235 welcome" if good else "535 no")
                case "MAIL" if self.context and not user:
                    await say("530 authenticate")
                case "MAIL":
                    sender = rest[rest.index("<") + 1 : rest.index(">")]
                    await say("250 ok")
                case "RCPT":
                    rcpt = rest[rest.index("<") + 1 : rest.index(">")]
                    await say("250 ok")
                case "DATA":
                    await say("354 go on")
                    raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                    await self.pause(LATENCY)
                    reply = await self._take(raw, sender, rcpt)
                    if reply is None:
                        self._reset(writer)
                        return
                    writer.write(reply.encode() + b"\r\n")
                case "QUIT":
                    await say("221 bye")
                    return
                case _:
                    await say("500 what")
