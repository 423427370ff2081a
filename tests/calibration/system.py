"""A simulated mail system in this process: real SMTP, IMAP and DNS on loopback, with planted truth.

Its own clock is an hour wrong, as the trace headers of real servers may be: nothing measured may
depend on it.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import Enum

import aiosmtplib
import dns.flags
import dns.message
import dns.rrset
import trustme
from doors import SmtpDoor
from imapdoor import ImapDoor

from maildrill.traffic.messages import header_id, split

DOMAIN, OUTSIDE, HOST = "example.test", "outside.test", "mail.example.test"
VISIBLE_AFTER = 0.02
"""From the reply to the final dot until the copy is in the mailbox, s."""


class Fate(Enum):
    """What is planted for one message."""

    LOST = "250, and it is gone"
    TWICE = "250, two copies"
    CORRUPT = "250, one byte of the body changed"
    ELSEWHERE = "250, in another user's mailbox"
    BOUNCED = "250, then a DSN to the sender"
    HELD = "250, stays in the queue"
    LATE = "451 twice, then accepted"
    DEFERRED = "451 for ever"
    REJECTED = "550"
    DELAYED = "250, visible two seconds later"
    UNHEARD = "stored, the reply lost, accepted when it comes again"
    UNHEARD_KEPT = "stored, the reply lost, 451 from then on"
    CUT = "not stored, no reply, accepted when it comes again"
    CUT_GONE = "not stored, no reply, 451 from then on"


class _Dns(asyncio.DatagramProtocol):
    """Knows the one domain, its exchange and its mail host."""

    def __init__(self, address: str) -> None:
        self._address = address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name, query.question[0].rdtype
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        if kind == dns.rdatatype.MX:
            answer.answer.append(dns.rrset.from_text(name, 3600, "IN", "MX", f"10 mx.{DOMAIN}."))
        elif kind == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(name, 3600, "IN", "A", self._address))
        self.transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]


class System:
    """Servers, mailboxes, a queue, and what is planted: ``fates`` by message id."""

    def __init__(self, accounts: int, fates: dict[str, Fate], sink_port: int, address: str = "127.0.0.1") -> None:
        self.accounts = [(f"user{n}@{DOMAIN}", f"secret{n}") for n in range(1, accounts + 1)]
        self.fates, self.queue, self._sink_port, self._address = fates, list[str](), sink_port, address
        self._seen: Counter[str] = Counter()
        self._rng = random.Random(7)
        ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(HOST, key_type=trustme.KeyType.ECDSA).configure_cert(context)
        self.ca_pem = ca.cert_pem.bytes().decode()
        passwords = dict(self.accounts)
        self.mx = SmtpDoor(self.take)
        self.submission = SmtpDoor(self.take, context, passwords)
        self.imap = ImapDoor(context, passwords)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """All servers listen."""
        for door in (self.mx, self.submission, self.imap):
            await door.open()
        loop = asyncio.get_running_loop()
        self._dns, _ = await loop.create_datagram_endpoint(lambda: _Dns(self._address), ("127.0.0.1", 0))
        self.dns_port = int(self._dns.get_extra_info("sockname")[1])

    async def take(self, raw: bytes, sender: str, rcpt: str) -> str | None:
        """The reply to the final dot, and what becomes of the message; None: no reply, the connection ends."""
        id = header_id(split(raw)[0])
        fate, time = self.fates.get(id), self._seen[id]
        self._seen[id] += 1
        again = time > 0
        match fate:
            case Fate.REJECTED:
                return "550 5.1.1 planted"
            case Fate.DEFERRED:
                return "451 4.3.0 planted"
            case Fate.LATE if time < 2:
                return "451 4.3.0 planted"
            case Fate.UNHEARD_KEPT | Fate.CUT_GONE if again:
                return "451 4.3.0 planted"
            case Fate.CUT | Fate.CUT_GONE if not again:
                return None
            case Fate.UNHEARD | Fate.UNHEARD_KEPT if not again:
                self._later(self._deliver(raw, rcpt, VISIBLE_AFTER))
                return None
            case Fate.LOST:
                pass
            case Fate.HELD:
                self.queue.append(id)
            case Fate.BOUNCED:
                self._later(self._deliver(_dsn(id, sender), sender, 0.5))
            case _:
                self._accept(fate, raw, rcpt)
        return "250 2.0.0 queued"

    def _accept(self, fate: Fate | None, raw: bytes, rcpt: str) -> None:
        if fate is Fate.CORRUPT:
            raw = raw[:-6] + bytes([raw[-6] ^ 1]) + raw[-5:]
        if fate is Fate.ELSEWHERE:
            rcpt = next(name for name, _ in self.accounts if name != rcpt)
        delay = 2.0 if fate is Fate.DELAYED else VISIBLE_AFTER
        for _ in range(2 if fate is Fate.TWICE else 1):
            self._later(self._deliver(raw, rcpt, delay))

    def _later(self, work: object) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, raw: bytes, rcpt: str, delay: float) -> None:
        await asyncio.sleep(delay)
        wrong = format_datetime(datetime.now(UTC) + timedelta(hours=1))
        raw = f"Received: from plant by {HOST}; {wrong}\r\n".encode() + raw
        if rcpt.endswith("@" + OUTSIDE):
            async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self._sink_port, start_tls=False) as smtp:
                await smtp.sendmail("", [rcpt], raw)
        else:
            self.imap.inbox(rcpt).add(raw)


def _dsn(id: str, sender: str) -> bytes:
    """A delivery status notification (RFC 3464) that returns the message's header."""
    return (
        f"From: <>\r\nTo: <{sender}>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; plant\r\n\r\nAction: failed\r\nStatus: 5.2.2\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nX-Maildrill-Id: {id}\r\n--b--\r\n"
    ).encode()
