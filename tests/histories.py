"""Generated histories of messages, many in one journal, and an oracle that classifies them in plain Python.

Two hundred histories that share nothing but the clock (each has its own ids and mailboxes) are measured in one
call and checked one by one: ten thousand take seconds, and each is as independent as if it were alone.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from maildrill.journal.event import Event
from maildrill.journal.events import Attempt, Bounce, Census, Copy, GaveUp, Held, Offer, Phase

SIZE = 200
"""Histories in one journal."""
BATCHES = 50
"""SIZE times this makes the ten thousand histories of a property."""
CENSUS_AT = 40.0
OUTCOMES = ("accepted", "accepted", "temporary", "permanent", "broken", "ambiguous")
SHARED: list[Event] = [
    Phase(t, name)
    for t, name in ((1.0, "baseline"), (6.0, "timeline"), (12.0, "settle"), (30.0, "drain"), (CENSUS_AT, "census"))
]


@dataclass
class History:
    """A few messages between two mailboxes, and everything that was seen of them."""

    name: str
    events: list[Event]

    def boxes(self) -> tuple[str, str]:
        """Its two mailboxes."""
        return f"{self.name}-a@example.test", f"{self.name}-b@example.test"


def make(name: str, rng: random.Random) -> History:
    """One random history: 0 to 5 messages, each with its tries, copies, bounces and looks."""
    history = History(name, [])
    found: dict[str, list[str]] = {box: [] for box in history.boxes()}
    for i in range(rng.randrange(6)):
        _message(history, f"{name}-m{i}", rng, found)
    for box, ids in found.items():
        for whole in rng.choice(((True,), (True,), (True,), (False,), (False, True), ())):
            kept = ids if whole else ids[: rng.randrange(len(ids) + 1)]
            uids, hashes = list(range(len(kept))), [rng.choice("hhhx") for _ in kept]
            history.events.append(Census(41.0 + whole, box, whole, "" if whole else "cut", kept, uids, hashes))
    return history


def _message(history: History, id: str, rng: random.Random, found: dict[str, list[str]]) -> None:
    t, here = round(rng.uniform(2, 25), 1), rng.choice(history.boxes())
    history.events.append(Offer(t, id, rng.choice(("inbound", "submission", "probe-inbound")), "s@x.test", here, 500,
                                "h", 0.0))  # fmt: skip
    for n in range(rng.randrange(4)):
        at = round(t + rng.choice((n, n, 0)), 1)
        outcome = rng.choice(OUTCOMES)
        history.events.append(Attempt(at, id, n + 1, "mx", at + 0.1, None, outcome, 0, rng.choice(('"', "250, ok,"))))
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2, 3))):
        found[rng.choice((here, here, here, history.boxes()[1]))].append(id)
    for uid in range(rng.choice((0, 1, 1, 2))):
        history.events.append(Copy(round(rng.uniform(3, 39), 1), id, rng.choice(history.boxes()), uid, 1, "h"))
    if rng.random() < 0.15:
        history.events.append(Bounce(20.0, id, "s@x.test", rng.choice(("5.1.1", "4.4.7", "5.4.7", ""))))
    for at in (14.0, CENSUS_AT, 45.0):
        if rng.random() < 0.15:
            history.events.append(Held(at, f"{history.name}-mx", "queue", "running", "", [id]))
    if rng.random() < 0.2:
        history.events.append(GaveUp(39.0, id))


def batch(seed: int, size: int = SIZE) -> list[History]:
    """That many histories; the same for the same seed."""
    rng = random.Random(seed)
    return [make(f"h{i}", rng) for i in range(size)]


def lines(events: Iterable[Event]) -> bytes:
    """Event lines without seals."""
    return "".join(event.line() + "\n" for event in events).encode()


def sealed(events: list[Event], rng: random.Random) -> bytes:
    """A sealed journal, in batches of random length."""
    data, at = b"", 0
    while at < len(events):
        part = events[at : at + rng.randrange(1, 40)]
        data += lines(part)
        data += f'{{"e":"seal","lines":{len(part)},"crc":"{zlib.crc32(data):08x}"}}\n'.encode()
        at += len(part)
    return data


def oracle(events: list[Event]) -> dict[str, str]:
    """The class of each message, by the definition of the ledger, one message at a time."""
    offers = [event for event in events if isinstance(event, Offer)]
    counting = any(isinstance(event, Phase) and event.name == "census" for event in events)
    last: dict[str, Census] = {}
    for event in events:
        if isinstance(event, Census) and (event.mailbox not in last or event.t >= last[event.mailbox].t):
            last[event.mailbox] = event
    return {offer.id: _class(offer, events, last.get(offer.rcpt), counting) for offer in offers}


def _class(offer: Offer, events: list[Event], census: Census | None, counting: bool) -> str:
    mine = [event for event in events if getattr(event, "id", None) == offer.id]
    tries = sorted((event for event in mine if isinstance(event, Attempt)), key=lambda one: (one.t, one.n))
    outcomes = [one.outcome for one in tries]
    accepted, ambiguous = "accepted" in outcomes, "ambiguous" in outcomes
    if census is not None and offer.id in census.ids:
        return "delivered" if accepted else "ambiguous_delivered"
    if any(isinstance(event, Bounce) for event in mine):
        return "bounced"
    held = [event for event in events if isinstance(event, Held) and event.t >= CENSUS_AT and offer.id in event.ids]
    if held and counting:
        return "held"
    if (accepted or ambiguous) and (census is None or not census.whole):
        return "unresolved"
    if accepted:
        return "lost"
    if ambiguous:
        return "ambiguous_missing"
    if outcomes[-1:] == ["permanent"]:
        return "refused_permanent"
    sure = census is not None and census.whole
    return "refused_temporary" if sure or any(isinstance(event, GaveUp) for event in mine) else "unresolved"
