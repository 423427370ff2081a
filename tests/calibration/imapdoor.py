"""Mailboxes in memory and the IMAP server (RFC 3501, 6851) that shows them."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field

from doors import LATENCY, Door


@dataclass
class Mail:
    """One message of a folder."""

    uid: int
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Folder:
    """One folder; UIDs only grow."""

    uidvalidity: int = 4711
    uidnext: int = 1
    mails: list[Mail] = field(default_factory=list)
    gone: list[Mail] = field(default_factory=list)

    def add(self, raw: bytes, flags: set[str] | None = None) -> None:
        """A new message."""
        self.mails.append(Mail(self.uidnext, raw, set(flags or ())))
        self.uidnext += 1

    def pick(self, uids: str) -> list[tuple[int, Mail]]:
        """(sequence number, message) of a UID set."""
        top = max((mail.uid for mail in self.mails), default=0)
        wanted: set[int] = set()
        for part in uids.split(","):
            first, _, last = part.partition(":")
            ends = sorted(top if end == "*" else int(end) for end in (first, last or first))
            wanted |= set(range(ends[0], min(ends[1], top) + 1)) | ({top} if "*" in part else set())
        return [(n, mail) for n, mail in enumerate(self.mails, 1) if mail.uid in wanted]


class ImapDoor(Door):
    """TLS from the first byte; every account has an INBOX and what it creates."""

    def __init__(self, context: ssl.SSLContext, passwords: dict[str, str]) -> None:
        super().__init__(context)
        self._passwords = passwords
        self.boxes: dict[str, dict[str, Folder]] = {name: {"INBOX": Folder()} for name in passwords}

    def inbox(self, account: str) -> Folder:
        """An account's INBOX."""
        return self.boxes[account]["INBOX"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer commands until LOGOUT."""
        writer.write(b"* OK plant\r\n")
        folders: dict[str, Folder] = {}
        folder, shown = Folder(), 0
        while line := (await reader.readline()).decode().strip():
            tag, verb, *words = line.split(" ")
            rest, out = " ".join(words), list[bytes]()
            done = "OK done"
            await self.pause(LATENCY if verb.upper() == "LOGIN" else 0.0)
            match verb.upper():
                case "LOGIN":
                    user, password = (word.strip('"') for word in words)
                    folders = self.boxes[user] if self._passwords.get(user) == password else {}
                    done = done if folders else "NO wrong"
                case "SELECT":
                    folder = folders[words[0].strip('"')]
                    shown = len(folder.mails)
                    out += [b"* %d EXISTS" % shown, b"* OK [UIDVALIDITY %d] ok" % folder.uidvalidity,
                            b"* OK [UIDNEXT %d] ok" % folder.uidnext]  # fmt: skip
                case "LIST":
                    name = words[1].strip('"')
                    out += [b'* LIST () "." %s' % name.encode()] if name in folders else []
                case "CREATE":
                    folders.setdefault(words[0].strip('"'), Folder(uidvalidity=len(folders) + 1))
                case "IDLE":
                    writer.write(b"+ idling\r\n")
                    await reader.readline()
                    await self.pause()
                case "APPEND":
                    writer.write(b"+ go on\r\n")
                    raw = await reader.readexactly(int(words[-1].strip("{}")))
                    await reader.readline()
                    await self.pause()
                    target = folders[words[0]]
                    done = f"OK [APPENDUID {target.uidvalidity} {target.uidnext}] done"
                    target.add(raw)
                case "UID":
                    out, done = self._uid(folders, folder, words[0].upper(), words[1], " ".join(words[2:]))
                case "LOGOUT":
                    out = [b"* BYE"]
                case "NOOP":
                    pass
                case _:
                    done = f"BAD {rest}"
            if verb.upper() in ("NOOP", "IDLE") and len(folder.mails) != shown:
                shown = len(folder.mails)
                out.append(b"* %d EXISTS" % shown)
            writer.write(b"".join(part + b"\r\n" for part in out) + f"{tag} {done}\r\n".encode())
            if verb.upper() == "LOGOUT":
                return

    def _uid(
        self, folders: dict[str, Folder], folder: Folder, verb: str, uids: str, rest: str
    ) -> tuple[list[bytes], str]:
        picked, out = folder.pick(uids), list[bytes]()
        if verb == "FETCH":
            out = [_fetched(n, mail, rest) for n, mail in picked]
        elif verb == "STORE":
            given = set(re.findall(r"[\\$]\w+", rest))
            for n, mail in picked:
                mail.flags = mail.flags - given if rest.startswith("-") else mail.flags | given
                out.append(f"* {n} FETCH (UID {mail.uid} FLAGS ({' '.join(sorted(mail.flags))}))".encode())
        elif verb in ("MOVE", "COPY"):
            for _, mail in picked:
                folders[rest.strip('"')].add(mail.raw, mail.flags)
        if verb == "MOVE" or verb == "EXPUNGE":
            gone = [mail for _, mail in picked if verb == "MOVE" or "\\Deleted" in mail.flags]
            folder.mails = [mail for mail in folder.mails if mail not in gone]
            folder.gone += gone if verb == "EXPUNGE" else []
        return out, "OK done"


def _fetched(n: int, mail: Mail, what: str) -> bytes:
    start = f"* {n} FETCH (UID {mail.uid}".encode()
    if "BODY" not in what:
        return start + f" FLAGS ({' '.join(sorted(mail.flags))}))".encode()
    head = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    text = head if "HEADER" in what else mail.raw
    flags = f" FLAGS ({' '.join(sorted(mail.flags))})".encode() if "FLAGS" in what else b""
    return start + flags + b" BODY[] {%d}\r\n" % len(text) + text + b")"
