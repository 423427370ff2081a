"""The outside world's mail server: takes everything for the outside domain and remembers it."""

from __future__ import annotations

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from maildrill.journal.events import Bounce, Census, Copy
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import recognise
from maildrill.traffic.reader import Watch

UIDVALIDITY = 1


class Sink:
    """An aiosmtpd handler; every recipient is a mailbox in memory with its own UIDs from 1."""

    def __init__(self, emitter: Emitter, watch: Watch, domain: str, mailboxes: list[str]) -> None:
        self._emitter, self._watch, self._domain = emitter, watch, domain
        self._boxes: dict[str, list[tuple[str, str]]] = {name: [] for name in mailboxes}
        self._server: asyncio.Server | None = None

    async def listen(self, host: str = "0.0.0.0", port: int = 25) -> int:
        """Start serving; the port really taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname=f"mx.{self._domain}", ident="maildrill", loop=loop), host, port, backlog=512
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only the outside domain lives here."""
        if address.rpartition("@")[2].lower() != self._domain:
            return "550 5.7.1 not here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Record a copy, or a bounce if the sender is null."""
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        seen = recognise(raw)
        for rcpt in envelope.rcpt_tos if seen else []:
            if seen and seen.bounce:
                self._emitter.event(Bounce(self._emitter.now(), seen.id, rcpt, seen.status))
            elif seen:
                box = self._boxes.setdefault(rcpt, [])
                box.append((seen.id, seen.hash))
                self._emitter.event(Copy(self._emitter.now(), seen.id, rcpt, len(box), UIDVALIDITY, seen.hash))
                self._watch.saw(seen.id)
        return "250 2.0.0 taken"

    def census(self) -> None:
        """One Census event per mailbox, from memory."""
        for name, box in self._boxes.items():
            self._emitter.event(Census(self._emitter.now(), name, True, "", [i for i, _ in box],
                                       list(range(1, len(box) + 1)), [h for _, h in box]))  # fmt: skip

    def close(self) -> None:
        """Stop serving."""
        if self._server:
            self._server.close()
