"""Replicas: when a message is first seen on each store itself, and what each store holds in the end.

The front door shows one store at a time; whether another one could take over with the same mail is only seen there.
"""

from __future__ import annotations

import asyncio
import time

from maildrill.journal.mailbox_events import Replica, ReplicaCensus
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import Seen
from maildrill.traffic.reader import ID_HEADER, Door, Follower, persist
from maildrill.traffic.state import listed

INBOX = "INBOX"
OPEN_S = 1.0
"""How long the next session waits for one to open, s."""


class ReplicaFollower(Follower):
    """Watches one account on one store; a message that is there twice is told of once."""

    what, read_only = ID_HEADER, True

    def __init__(self, emitter: Emitter, store: str, door: Door, account: str, password: str, every: float) -> None:
        super().__init__(emitter, door, account, password, every)
        self._store = store
        self._there: set[str] = set()

    async def pause(self) -> None:
        """All look in the same moments: of two stores, the one looked at earlier must not seem to have less."""
        await asyncio.sleep(self._every - time.monotonic() % self._every)

    def found(self, seen: Seen, uid: int, validity: int) -> None:
        """Write it down, the first time."""
        if seen.id not in self._there:
            self._there.add(seen.id)
            self._tell(seen.id, "seen")

    def listed(self, ids: set[str]) -> None:
        """What is not there any more, as after a store lost its disk, is gone; and new, should it come back."""
        for id in sorted(self._there - ids):
            self._tell(id, "gone")
        self._seen = {key for key in self._seen if key[2] not in self._there - ids}
        self._there &= ids

    def _tell(self, id: str, state: str) -> None:
        e = self._emitter
        e.event(Replica(e.now(), id, self._store, self._account, state, self.looked))


class Replicas:
    """Watches all accounts on all stores (name -> door), each every ``every`` s; 0: nothing is watched."""

    def __init__(
        self, emitter: Emitter, stores: dict[str, Door], accounts: list[tuple[str, str]], every: float
    ) -> None:
        self._emitter, self._every = emitter, every
        self._boxes = [(store, door, *account) for store, door in stores.items() for account in accounts if every]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; a store that is down is tried again and again."""
        self._tasks.append(asyncio.create_task(self._open()))

    async def _open(self) -> None:
        """One session after the other: all logins at once are a load of their own."""
        for box in self._boxes:
            follower = ReplicaFollower(self._emitter, *box, self._every)
            self._tasks.append(asyncio.create_task(follower.run()))
            await asyncio.wait([asyncio.create_task(follower.watching.wait())], timeout=OPEN_S)

    async def census(self, deadline: float) -> None:
        """A ReplicaCensus event for each account and store."""
        await asyncio.gather(*(self._look(*box, deadline) for box in self._boxes))

    async def _look(self, store: str, door: Door, account: str, password: str, deadline: float) -> None:
        found, error = await persist(lambda: listed(door, account, password, INBOX), deadline)
        ids = [id for id, _ in found or [] if id]
        e = self._emitter
        e.event(ReplicaCensus(e.now(), store, account, found is not None, error, ids))
