"""The journal's event types: what the left side of the picture may write down.

Here are those of the drill and of its mail; those of the mailboxes behind it are in mailbox_events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from maildrill.journal.event import Event
from maildrill.journal.mailbox_events import Change, Recall, Replica, ReplicaCensus, Session, StateCensus

JOURNAL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Start(Event):
    """First event: which drill this is, and the only wall-clock time (ISO 8601, UTC).

    ``plan``, ``system``: SHA-256 of the scenario file and of the cluster file as run, so that neither objectives nor
    what was drilled can be changed afterwards; "" if not known.
    """

    kind: ClassVar[str] = "start"
    version: int
    drill: str
    scenario: str
    cluster: str
    seed: int
    wall: str
    plan: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class Phase(Event):
    """A phase begins: up, warm-up, baseline, timeline, settle, drain, census, teardown, end."""

    kind: ClassVar[str] = "phase"
    name: str


@dataclass(frozen=True, slots=True)
class Clock(Event):
    """The vantage's clock was compared with ours: its offset was removed, this error remains."""

    kind: ClassVar[str] = "clock"
    vantage: str
    error_s: float


@dataclass(frozen=True, slots=True)
class Offer(Event):
    """A message was offered. ``t`` is the moment it was due, ``late`` how late it really began.

    ``stream``: inbound, submission (user to user), outbound (user to the outside),
    or probe-inbound / probe-outbound.
    """

    kind: ClassVar[str] = "offer"
    id: str
    stream: str
    sender: str
    rcpt: str
    size: int
    hash: str
    late: float


@dataclass(frozen=True, slots=True)
class Attempt(Event):
    """One try at one address. ``t`` is its start, ``end`` its end, ``dot`` the final dot or None.

    ``outcome``: accepted (250 after the dot), temporary (4xx), permanent (5xx),
    broken (connection or deadline, before the dot), ambiguous (after the dot, before a reply).
    """

    kind: ClassVar[str] = "attempt"
    id: str
    n: int
    host: str
    end: float
    dot: float | None
    outcome: str
    code: int
    reply: str


@dataclass(frozen=True, slots=True)
class GaveUp(Event):
    """The sender stopped trying."""

    kind: ClassVar[str] = "gave-up"
    id: str


@dataclass(frozen=True, slots=True)
class Copy(Event):
    """A copy was seen for the first time by a reader (or by the outside world's server)."""

    kind: ClassVar[str] = "copy"
    id: str
    mailbox: str
    uid: int
    uidvalidity: int
    hash: str


@dataclass(frozen=True, slots=True)
class Census(Event):
    """The final look at one mailbox through the front door; ``whole`` false if it failed."""

    kind: ClassVar[str] = "census"
    mailbox: str
    whole: bool
    error: str
    ids: list[str]
    uids: list[int]
    hashes: list[str]


@dataclass(frozen=True, slots=True)
class Bounce(Event):
    """A delivery status notification (RFC 3464) about message ``id`` reached ``mailbox``."""

    kind: ClassVar[str] = "bounce"
    id: str
    mailbox: str
    status: str


@dataclass(frozen=True, slots=True)
class Held(Event):
    """Messages found on a volume of a node: queues and stores that are not the front door."""

    kind: ClassVar[str] = "held"
    node: str
    volume: str
    state: str
    error: str
    ids: list[str]


@dataclass(frozen=True, slots=True)
class Probe(Event):
    """One synthetic transaction of a service. ``t`` is when it was due, never when it began."""

    kind: ClassVar[str] = "probe"
    service: str
    begin: float
    end: float
    ok: bool
    error: str


@dataclass(frozen=True, slots=True)
class Fault(Event):
    """A fault's life: requested, injected, effective, heal-requested, healed, heal-verified,
    not-effective, heal-failed; with other faults on the same node also masked, injected-again, verify-later,
    heal-later (another stood in the way; tried again when one of them is healed)."""

    kind: ClassVar[str] = "fault"
    fault: str
    name: str
    target: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Recovery(Event):
    """A recovery step of the plan: requested, done, failed. ``action``: heal, command, ask."""

    kind: ClassVar[str] = "recovery"
    action: str
    name: str
    target: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Node(Event):
    """A node was seen in a state: created, started, ready, dead, gone."""

    kind: ClassVar[str] = "node"
    node: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Served(Event):
    """Sessions that a proxy gave to a server within one second of the drill's clock.

    ``t``: when the server took the first of them; without any, when the first began that it did not take.
    ``sessions``: taken; ``not_taken``: never connected. ``server`` is "" where the proxy had none left.
    ``backup``: gets sessions only when no other server is left. Each server that the proxy knows is told of
    once more, at 0 s and without sessions. Sessions that were still open at teardown are in no event.
    """

    kind: ClassVar[str] = "served"
    proxy: str
    backend: str
    server: str
    backup: bool
    sessions: int
    not_taken: int


@dataclass(frozen=True, slots=True)
class Load(Event):
    """How many of the ``cores`` of the engine's machine were busy, with whatever, in the second before ``t``."""

    kind: ClassVar[str] = "load"
    busy: float
    cores: int


@dataclass(frozen=True, slots=True)
class Note(Event):
    """Something about the drill itself: interrupted, error, stopped-early, clean, not-clean, target (whom an
    entry hit, and why), harness timings."""

    kind: ClassVar[str] = "note"
    name: str
    detail: str
    value: float


EVENT_TYPES: tuple[type[Event], ...] = (
    Start, Phase, Clock, Offer, Attempt, GaveUp, Copy, Census, Bounce, Held, Probe, Fault, Recovery, Node, Note,
    Session, Change, StateCensus, Recall, Served, Load, Replica, ReplicaCensus,
)  # fmt: skip
