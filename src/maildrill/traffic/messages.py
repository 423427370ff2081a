"""Messages of the drill: built from a seed, recognised by a header, compared by a body hash."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from dataclasses import dataclass
from email.utils import formatdate

_ID = re.compile(rb"^X-Maildrill-Id:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_STATUS = re.compile(rb"^Status:[ \t]*(\d\.\d+\.\d+)", re.IGNORECASE | re.MULTILINE)
_ACTION = re.compile(rb"^Action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_REPORT = re.compile(rb"^Content-Type:[ \t]*multipart/report", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Message:
    """A message to send; ``tries`` counts its attempts so far."""

    id: str
    stream: str
    sender: str
    rcpt: str
    data: bytes
    hash: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader recognised: a message of the drill, or a bounce about one (``status`` set)."""

    id: str
    hash: str
    bounce: bool = False
    status: str = ""


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Header and body, line ends normalised to LF."""
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return head, body


def body_hash(raw: bytes) -> str:
    """sha256, 16 hex digits, of the body without trailing newlines."""
    return hashlib.sha256(split(raw)[1].rstrip(b"\n")).hexdigest()[:16]


def header_id(header: bytes) -> str:
    """The drill's message id in a header block, or an empty string."""
    found = _ID.search(header)
    return found[1].decode("ascii", "replace") if found else ""


def recognise(raw: bytes) -> Seen | None:
    """What this received message is; None if it is no business of the drill.

    A report that says other than "failed" (delayed, relayed ...: RFC 3464 section 2.3.3) is no bounce.
    """
    head, body = split(raw)
    if _REPORT.search(head):
        about, status, action = header_id(body), _STATUS.search(body), _ACTION.search(body)
        if action and action[1].lower() != b"failed":
            return None
        return Seen(about, "", True, status[1].decode() if status else "") if about else None
    own = header_id(head)
    return Seen(own, body_hash(raw)) if own else None


def build(rng: random.Random, id: str, stream: str, sender: str, rcpt: str, size: int) -> Message:
    """A message of about ``size`` bytes with a random printable body drawn from ``rng``."""
    head = (
        f"From: <{sender}>\r\nTo: <{rcpt}>\r\nSubject: drill {id}\r\nDate: {formatdate()}\r\n"
        f"Message-Id: <{id}@{sender.rpartition('@')[2]}>\r\nX-Maildrill-Id: {id}\r\n\r\n"
    ).encode()
    raw = base64.encodebytes(rng.randbytes(max(16, (size - len(head)) * 3 // 4 * 76 // 78)))
    data = head + raw.replace(b"\n", b"\r\n")
    return Message(id, stream, sender, rcpt, data, body_hash(data))
