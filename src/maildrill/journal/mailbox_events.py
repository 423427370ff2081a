"""Events of the mailboxes behind the mail: lasting sessions, changes, old mail, and each store's own copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from maildrill.journal.event import Event


@dataclass(frozen=True, slots=True)
class Session(Event):
    """A lasting IMAP session (IDLE) came up or was found dead; ``uids`` and ``flags`` as last seen in it.

    ``state``: open, lost. ``by``: for lost, what told: connection (closed, reset) or keep-alive (no answer).
    """

    kind: ClassVar[str] = "session"
    account: str
    state: str
    by: str
    detail: str
    uidvalidity: int
    uids: list[int]
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Change(Event):
    """A change of mailbox state: asked for, acknowledged or failed (no answer, or NO).

    ``action``: flag (set \\Flagged), move (to the archive folder), delete (expunged). Each message is
    changed once; its id is in no offer.
    """

    kind: ClassVar[str] = "change"
    id: str
    account: str
    action: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class StateCensus(Event):
    """The final look at one of the folders that changes were made in: ids, and each one's flags."""

    kind: ClassVar[str] = "state-census"
    account: str
    folder: str
    whole: bool
    error: str
    ids: list[str]
    flags: list[str]


@dataclass(frozen=True, slots=True)
class Recall(Event):
    """A user looked for the oldest message ``id`` in a new session; ok: it is there, its body as it was.

    ``t`` is when the look was due.
    """

    kind: ClassVar[str] = "recall"
    account: str
    id: str
    begin: float
    end: float
    ok: bool
    error: str


@dataclass(frozen=True, slots=True)
class Replica(Event):
    """One store's own copy of a message, looked for at the store itself. ``state``: seen, for the first time; gone,
    for a message that was seen and is in the mailbox no more.

    ``since``: when the last look began that still found it otherwise; 0 if nobody had looked before.
    """

    kind: ClassVar[str] = "replica"
    id: str
    store: str
    mailbox: str
    state: str
    since: float


@dataclass(frozen=True, slots=True)
class ReplicaCensus(Event):
    """The final look at one mailbox on one store, not through the front door; ``whole`` false if it failed."""

    kind: ClassVar[str] = "replica-census"
    store: str
    mailbox: str
    whole: bool
    error: str
    ids: list[str]
