"""A small asyncio IMAP client (RFC 3501): just what readers, probes and the census need."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field

from maildrill.traffic.withheld import without

_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_UID = re.compile(rb"\bUID (\d+)")
_EXISTS = re.compile(rb"^\* (\d+) EXISTS")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_APPENDUID = re.compile(rb"\[APPENDUID \d+ (\d+)\]")
_NUMBER = {name: re.compile(rb"\[" + name + rb" (\d+)") for name in (b"UIDVALIDITY", b"UIDNEXT")}


class ImapError(Exception):
    """The server said NO or BAD, said good-bye, or spoke nonsense."""


IMAP_FAILURES = (ImapError, OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, ValueError)


@dataclass(frozen=True, slots=True)
class Selected:
    """What SELECT told."""

    uidvalidity: int
    exists: int
    uidnext: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One message of a folder: its flags, sorted, without \\Recent, and what was asked for beside them."""

    flags: str
    literal: bytes


@dataclass(slots=True)
class Response:
    """One untagged response: its text without literals, and the literals."""

    text: bytes
    literals: list[bytes] = field(default_factory=list)


class Imap:
    """One session; every command has ``timeout`` seconds.

    ``exists`` follows the server's news; ``arrivals`` counts how often it told how many exist. After messages
    came and others went there may be as many as before: only the count shows that something came.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout: float) -> None:
        self._reader, self._writer, self._timeout = reader, writer, timeout
        self._n = 0
        self._password = ""
        self.exists = self.arrivals = 0

    @classmethod
    async def open(cls, host: str, port: int, context: ssl.SSLContext | None, hostname: str, timeout: float) -> Imap:
        """Connect (TLS from the start unless ``context`` is None) and read the greeting."""
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(
                host, port, ssl=context, server_hostname=hostname if context else None
            )
            client = cls(reader, writer, timeout)
            try:
                if not (greeting := await client._response()).text.startswith(b"* OK"):
                    raise ImapError(f"greeting: {greeting.text[:80]!r}")
            except BaseException:
                client.close()
                raise
        return client

    async def _response(self) -> Response:
        response = Response(b"")
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\n"):
                raise ImapError("connection closed")
            found = _LITERAL.search(line)
            response.text += line[: found.start()] if found else line.rstrip(b"\r\n")
            if not found:
                return response
            response.literals.append(await self._reader.readexactly(int(found[1])))

    def _send(self, text: str) -> bytes:
        """Write one command; its tag."""
        self._n += 1
        tag = f"a{self._n} ".encode()
        self._writer.write(tag + text.encode() + b"\r\n")
        return tag

    def _news(self, response: Response) -> None:
        if found := _EXISTS.match(response.text):
            self.exists = int(found[1])
            self.arrivals += 1

    def _refusal(self, text: str, response: Response) -> ImapError:
        """What the server said to a command; some repeat it, password and all."""
        said = without(response.text.decode(errors="replace"), [self._password])
        return ImapError(f"{text.split()[0]}: {said[:120]}")

    async def _finish(self, tag: bytes, text: str) -> tuple[list[Response], bytes]:
        """Untagged responses and the tagged OK; ImapError for anything else."""
        untagged: list[Response] = []
        while not (response := await self._response()).text.startswith(tag):
            untagged.append(response)
            self._news(response)
        if not response.text.startswith(tag + b"OK"):
            raise self._refusal(text, response)
        return untagged, response.text

    async def _go_ahead(self, text: str) -> bytes:
        """Send a command that the server answers with "+"; its tag."""
        tag = self._send(text)
        while not (response := await self._response()).text.startswith(b"+"):
            if response.text.startswith(tag):
                raise self._refusal(text, response)
            self._news(response)
        return tag

    async def command(self, text: str) -> list[Response]:
        """Send one command; its untagged responses, or ImapError."""
        async with asyncio.timeout(self._timeout):
            return (await self._finish(self._send(text), text))[0]

    async def append(self, mailbox: str, raw: bytes) -> int:
        """APPEND a message; its UID (RFC 4315), 0 if the server did not tell."""
        async with asyncio.timeout(self._timeout):
            tag = await self._go_ahead(f"APPEND {mailbox} {{{len(raw)}}}")
            self._writer.write(raw + b"\r\n")
            found = _APPENDUID.search((await self._finish(tag, "APPEND"))[1])
        return int(found[1]) if found else 0

    async def idle(self, seconds: float) -> None:
        """IDLE (RFC 2177) for ``seconds``; TimeoutError if the server does not answer when it ends."""
        async with asyncio.timeout(self._timeout):
            tag = await self._go_ahead("IDLE")
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self._news(await self._response())
        except TimeoutError:
            pass
        async with asyncio.timeout(self._timeout):
            self._writer.write(b"DONE\r\n")
            await self._finish(tag, "IDLE")

    async def login(self, user: str, password: str) -> None:
        """LOGIN with quoted strings."""
        self._password = password
        quoted = ('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in (user, password))
        await self.command("LOGIN " + " ".join(quoted))

    async def has(self, mailbox: str) -> bool:
        """Whether a mailbox is there, by LIST (RFC 9051 section 6.3.9); what a failed SELECT says is free text."""
        found = await self.command(f'LIST "" {mailbox}')
        return any(response.text.startswith(b"* LIST ") for response in found)

    async def select(self, mailbox: str = "INBOX", read_only: bool = False) -> Selected:
        """SELECT a mailbox; or EXAMINE it: nothing of it changes, not even \\Recent (RFC 3501 section 6.3.2)."""
        self.exists, command = 0, "EXAMINE" if read_only else "SELECT"
        text = b"\n".join(response.text for response in await self.command(f"{command} {mailbox}"))
        found = {name: pattern.search(text) for name, pattern in _NUMBER.items()}
        number = {name: int(match[1]) if match else 0 for name, match in found.items()}
        return Selected(number[b"UIDVALIDITY"], self.exists, number[b"UIDNEXT"])

    async def noop(self) -> int:
        """NOOP; how many messages exist now."""
        await self.command("NOOP")
        return self.exists

    async def fetch(self, uids: str, what: str = "BODY.PEEK[]") -> dict[int, bytes]:
        """UID FETCH: the literal of each message, by UID."""
        found: dict[int, bytes] = {}
        for response in await self.command(f"UID FETCH {uids} (UID {what})"):
            uid = _UID.search(response.text)
            if uid and b" FETCH " in response.text:
                found[int(uid[1])] = response.literals[0] if response.literals else b""
        return found

    async def search(self, criteria: str) -> list[int]:
        """UID SEARCH (RFC 9051 section 6.4.4): the UIDs that match, in order."""
        found: list[int] = []
        for response in await self.command(f"UID SEARCH {criteria}"):
            if response.text.startswith(b"* SEARCH"):
                found += [int(uid) for uid in response.text.split()[2:] if uid.isdigit()]
        return sorted(found)

    async def listing(self, uids: str, what: str = "") -> dict[int, Listed]:
        """UID FETCH with FLAGS and perhaps one literal."""
        found: dict[int, Listed] = {}
        for response in await self.command(f"UID FETCH {uids} (UID FLAGS {what}".rstrip() + ")"):
            uid, flags = _UID.search(response.text), _FLAGS.search(response.text)
            if uid and flags and b" FETCH " in response.text:
                names = sorted(flags[1].decode("latin-1").split())
                text = " ".join(name for name in names if name != "\\Recent")
                found[int(uid[1])] = Listed(text, response.literals[0] if response.literals else b"")
        return found

    async def logout(self) -> None:
        """LOGOUT and close."""
        try:
            await self.command("LOGOUT")
        finally:
            self.close()

    def close(self) -> None:
        """Drop the connection at once."""
        self._writer.transport.abort()
