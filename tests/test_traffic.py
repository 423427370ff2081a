"""The senders against a real SMTP server, the IMAP client against a scripted one."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from maildrill.traffic.checks import check
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.imap import Imap
from maildrill.traffic.messages import body_hash, build, recognise
from maildrill.traffic.mta import over_addresses, send
from maildrill.traffic.reader import Reader, Watch
from maildrill.traffic.sink import Sink
from maildrill.traffic.transaction import Limits, Security, Tried, unverified

LIMITS = Limits(1.0, 0.5)
RETRY = {"first": 0.05, "max": 0.1}


class Handler:
    """Gives the scripted replies to DATA, one a message; None hangs up without one."""

    def __init__(self, *replies: str | None) -> None:
        self.replies = list(replies)
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self.contents.append(envelope.content)
        reply = self.replies.pop(0)
        if reply is None:
            server.transport.abort()  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        return reply or "250 never seen"


class Direct:
    """A route without DNS."""

    def __init__(self, emitter: Emitter, port: int, addresses: list[str] | None = None) -> None:
        self.emitter, self.port, self.addresses = emitter, port, addresses or ["127.0.0.1"]

    async def once(self, message: Any, limits: Limits) -> Tried:
        return await over_addresses(self.emitter, message, self.addresses, self.port, limits, Security(unverified()))


def run_send(handler: Handler, addresses: list[str] | None = None) -> list[dict[str, Any]]:
    lines: list[bytes] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        emitter = Emitter(lines.append)
        server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
        route = Direct(emitter, server.sockets[0].getsockname()[1], addresses)
        message = build(random.Random(1), "d-i-1", "inbound", "a@outside.test", "b@example.test", 2000)
        await send(emitter, route, message, loop.time(), RETRY, LIMITS, asyncio.Event())
        emitter.flush()
        server.close()

    asyncio.run(scene())
    return [json.loads(line) for line in b"".join(lines).splitlines()]


def attempts(events: list[dict[str, Any]]) -> list[str]:
    return [event["outcome"] for event in events if event["e"] == "attempt"]


def test_accepted_message_arrives_unchanged() -> None:
    handler = Handler("250 2.0.0 queued as X")
    events = run_send(handler)
    assert attempts(events) == ["accepted"]
    attempt, offer = events[-1], events[0]
    assert attempt["code"] == 250
    assert attempt["t"] <= attempt["dot"] <= attempt["end"]
    seen = recognise(handler.contents[0])
    assert seen
    assert (seen.id, seen.hash) == ("d-i-1", offer["hash"])
    assert abs(offer["size"] - 2000) < 100


def test_temporary_reply_is_retried() -> None:
    events = run_send(Handler("451 4.3.0 later", "250 OK"))
    assert attempts(events) == ["temporary", "accepted"]
    first, second = (event for event in events if event["e"] == "attempt")
    assert second["t"] - first["end"] >= 0.045
    assert second["n"] == 2


def test_lost_final_reply_is_ambiguous() -> None:
    events = run_send(Handler(None, "250 OK"))
    assert attempts(events) == ["ambiguous", "accepted"]
    assert events[1]["dot"] is not None


def test_permanent_reply_ends_it() -> None:
    events = run_send(Handler("554 5.7.1 no"))
    assert attempts(events) == ["permanent"]
    assert events[-1]["e"] == "gave-up"


def test_falls_back_to_the_next_address() -> None:
    events = run_send(Handler("250 OK"), ["127.0.0.77", "127.0.0.1"])
    assert attempts(events) == ["broken", "accepted"]


def test_body_hash_ignores_headers_line_ends_and_trailing_newlines() -> None:
    message = build(random.Random(7), "x-1", "inbound", "a@b", "c@d", 900)
    again = build(random.Random(7), "x-1", "inbound", "a@b", "c@d", 900)
    relayed = b"Received: from somewhere\n" + message.data.replace(b"\r\n", b"\n") + b"\n\n"
    assert message.hash == again.hash == body_hash(relayed)
    assert body_hash(relayed.rstrip(b"\n")[:-1]) != message.hash


def test_bounce_is_recognised_by_the_id_inside() -> None:
    raw = b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nStatus: 5.1.1\r\n\r\nX-Maildrill-Id: d-i-9\r\n"
    seen = recognise(raw)
    assert seen
    assert seen.bounce
    assert (seen.id, seen.status) == ("d-i-9", "5.1.1")
    assert recognise(b"Subject: x\r\n\r\nX-Maildrill-Id: in the body only\r\n") is None


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered"])
def test_a_notice_that_mail_is_late_is_no_bounce(action: str) -> None:
    """RFC 3464 section 2.3.3: only "failed" means that it was given up."""
    report = f"Action: {action}\r\nStatus: 4.4.1\r\n\r\nX-Maildrill-Id: d-i-9\r\n"
    head = "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n"
    assert recognise((head + report).encode()) is None
    failed = recognise((head + report.replace(action, "Failed")).encode())
    assert failed is not None
    assert failed.bounce


def test_sink_emits_copy_and_answers_the_watch() -> None:
    lines: list[bytes] = []

    async def scene() -> bool:
        emitter, watch = Emitter(lines.append), Watch()
        sink = Sink(emitter, watch, "outside.test", ["friend@outside.test"])
        port = await sink.listen("127.0.0.1", 0)
        message = build(random.Random(2), "d-o-1", "outbound", "a@example.test", "friend@outside.test", 600)
        tried = await Direct(emitter, port).once(message, LIMITS)
        assert tried.outcome == "accepted", tried
        assert (await check("127.0.0.1", port, "smtp", 1.0))[0] == "ok"
        sink.census()
        emitter.flush()
        sink.close()
        return await watch.wait("d-o-1", 0.1)

    assert asyncio.run(scene())
    events = {event["e"]: event for event in map(json.loads, b"".join(lines).splitlines())}
    assert events["copy"]["hash"] == events["census"]["hashes"][0]
    assert events["census"]["ids"] == ["d-o-1"]


SCRIPT = {
    b"LOGIN": b"",
    b"SELECT": b"* 2 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n* OK [UIDNEXT 12] next\r\n",
    b"NOOP": b"* 3 EXISTS\r\n",
    b"UID": b"* 1 FETCH (UID 5 BODY[] {11}\r\nA: b\r\n\r\nx)y FLAGS ())\r\n* 2 FETCH (BODY[] {3}\r\n{9} UID 11)\r\n",
    b"LOGOUT": b"* BYE\r\n",
}


async def scripted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK hello\r\n")
    while line := await reader.readline():
        tag, name = line.split()[:2]
        if name != b"HANG":
            writer.write(SCRIPT[name] + tag + b" OK done\r\n")
    writer.close()


SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 77] ok\r\n"
REPLACED = b"* 1 EXPUNGE\r\n* 1 EXISTS\r\n"
ONLY = b"* 1 FETCH (UID %d BODY[] {23}\r\nX-Maildrill-Id: d-i-%d\r\n)\r\n"


async def replacing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A mailbox whose only message (UID 1) goes in the instant in which another one comes (UID 2)."""
    writer.write(b"* OK hello\r\n")
    only = 1
    while words := (await reader.readline()).split():
        said = {b"SELECT": SELECTED, b"UID": ONLY % (only, only), b"NOOP": REPLACED if only == 1 else b""}[words[1]]
        only = 2 if words[1] == b"NOOP" else only
        writer.write(said + words[0] + b" OK done\r\n")


def test_a_message_that_comes_when_another_goes_is_seen() -> None:
    """As many exist as before: replicas that settle a conflict of UIDs do that."""

    async def scene() -> bool:
        server = await asyncio.start_server(replacing, "127.0.0.1", 0)
        port, watch = server.sockets[0].getsockname()[1], Watch()

        class Plain:
            async def session(self, account: str, password: str) -> Imap:
                return await Imap.open("127.0.0.1", port, None, "", 1.0)

        reader = asyncio.create_task(Reader(Emitter(lambda _: None), watch, Plain(), "a@b", "p").run())  # type: ignore[arg-type]
        try:
            return await watch.wait("d-i-2", 2.0)
        finally:
            reader.cancel()
            server.close()

    assert asyncio.run(scene())


def test_imap_client_reads_literals_and_times_out() -> None:
    async def scene() -> None:
        server = await asyncio.start_server(scripted, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        imap = await Imap.open("127.0.0.1", port, None, "", 0.3)
        await imap.login("a@b", 'p"w')
        selected = await imap.select()
        assert (selected.uidvalidity, selected.exists, selected.uidnext) == (77, 2, 12)
        assert await imap.noop() == 3
        assert await imap.fetch("1:*") == {5: b"A: b\r\n\r\nx)y", 11: b"{9}"}
        await imap.logout()
        imap = await Imap.open("127.0.0.1", port, None, "", 0.1)
        try:
            await imap.command("HANG")
        except TimeoutError:
            imap.close()
        else:
            raise AssertionError("no timeout")
        server.close()

    asyncio.run(scene())


def test_check_tells_refused_from_silent() -> None:
    async def scene() -> None:
        silent = await asyncio.start_server(lambda r, w: asyncio.sleep(1), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        assert (await check("127.0.0.1", port, "smtp", 0.1))[0] == "no-banner"
        assert (await check("127.0.0.1", port, "tcp", 0.1))[0] == "ok"
        silent.close()
        await asyncio.sleep(0.01)
        assert (await check("127.0.0.1", port, "smtp", 0.1))[0] == "refused"

    asyncio.run(scene())
