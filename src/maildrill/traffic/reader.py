"""Readers: one lasting IMAP session per account that notices every new message and bounce."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from maildrill.journal.events import Bounce, Census, Copy
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.imap import IMAP_FAILURES, Imap, ImapError
from maildrill.traffic.messages import Seen, header_id, recognise
from maildrill.traffic.resolve import DnsTrouble, NoSuchDomain, Resolver

NOOP_EVERY = 0.05
BACK_OFF = 0.1
COMMAND_TIMEOUT = 2.0
FETCH_AT_ONCE = 50
ID_HEADER = "BODY.PEEK[HEADER.FIELDS (X-Maildrill-Id)]"
FAILURES = (*IMAP_FAILURES, DnsTrouble, NoSuchDomain)
T = TypeVar("T")


class Watch:
    """When ids were first seen (monotonic s), who waits for them, and the oldest (id, hash) of each account."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.oldest: dict[str, tuple[str, str]] = {}
        self._waiters: dict[str, asyncio.Event] = {}

    def saw(self, id: str) -> None:
        """A copy of ``id`` is visible now."""
        if id not in self.first:
            self.first[id] = time.monotonic()
        if waiter := self._waiters.pop(id, None):
            waiter.set()

    async def wait(self, id: str, seconds: float) -> bool:
        """Whether ``id`` is seen within ``seconds`` from now."""
        if id in self.first:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._waiters.setdefault(id, asyncio.Event()).wait()
        except TimeoutError:
            self._waiters.pop(id, None)
        return id in self.first


class Door:
    """A door for mail users, such as the mail host: an IMAPS port by name, verified; or one server's own ``address``,
    its certificate verified under that name all the same."""

    def __init__(
        self, resolver: Resolver, host: str, context: ssl.SSLContext | None, port: int = 993, address: str | None = None
    ) -> None:
        self._resolver, self._host, self._context, self._port = resolver, host, context, port
        self._address = address

    async def session(self, account: str, password: str, timeout: float = COMMAND_TIMEOUT) -> Imap:
        """A logged-in session."""
        addresses = [self._address] if self._address else await self._resolver.addresses(self._host)
        if not addresses:
            raise ImapError(f"{self._host} has no address")
        imap = await Imap.open(addresses[0], self._port, self._context, self._host, timeout)
        try:
            await imap.login(account, password)
        except BaseException:
            imap.close()
            raise
        return imap


async def visit(door: Door, account: str, password: str, timeout: float) -> None:
    """What a user does: log in, open the inbox, look at the last message, log out. Raises one of FAILURES."""
    imap = await door.session(account, password, timeout)
    try:
        if (await imap.select()).exists:
            await imap.fetch("*", "BODY.PEEK[HEADER]")
        await imap.logout()
    finally:
        imap.close()


class Follower:
    """Follows one inbox, with a look every ``every`` s; a message is new by (uidvalidity, uid, id).

    ``watching``: the inbox has been open. ``looked``: when the last whole look began, s on the drill's clock; 0 before.
    """

    what = "BODY.PEEK[]"
    """What is fetched of each new message."""
    read_only = False

    def __init__(self, emitter: Emitter, door: Door, account: str, password: str, every: float = NOOP_EVERY) -> None:
        self._emitter, self._door = emitter, door
        self._account, self._password = account, password
        self._every = every
        self._seen: set[tuple[int, int, str]] = set()
        self._last = 0
        self.looked = 0.0
        self.watching = asyncio.Event()

    def found(self, seen: Seen, uid: int, validity: int) -> None:
        """A new message of the drill, or a new bounce."""
        raise NotImplementedError

    def listed(self, ids: set[str]) -> None:
        """Everything that is there, by id, at the beginning of a session, before what is new of it is fetched."""

    async def pause(self) -> None:
        """Until the next look is due."""
        await asyncio.sleep(self._every)

    async def run(self) -> None:
        """Watch until cancelled, through any number of broken sessions."""
        while True:
            try:
                await self._session()
            except FAILURES:
                await asyncio.sleep(max(BACK_OFF, self._every))

    async def _session(self) -> None:
        imap = await self._door.session(self._account, self._password)
        try:
            begun = self._emitter.now()
            selected = await imap.select(read_only=self.read_only)
            self._last = 0
            arrivals = 0
            await self._catch_up(imap, selected.uidvalidity)
            self.watching.set()
            while True:
                if imap.arrivals != arrivals:
                    arrivals = imap.arrivals
                    await self._news(imap, selected.uidvalidity)
                self.looked = begun
                await self.pause()
                begun = self._emitter.now()
                await imap.noop()
        finally:
            imap.close()

    async def _catch_up(self, imap: Imap, validity: int) -> None:
        """List everything and fetch what was never seen: another replica may answer this time."""
        heads = await imap.fetch("1:*", ID_HEADER) if imap.exists else {}
        ids = {uid: header_id(head) for uid, head in sorted(heads.items())}
        self.listed(set(ids.values()))
        new = [uid for uid, id in ids.items() if (validity, uid, id) not in self._seen]
        for i in range(0, len(new), FETCH_AT_ONCE):
            self._take(validity, await imap.fetch(",".join(map(str, new[i : i + FETCH_AT_ONCE])), self.what))
        self._last = max(heads, default=0)

    async def _news(self, imap: Imap, validity: int) -> None:
        found = await imap.fetch(f"{self._last + 1}:*", self.what)
        self._take(validity, {uid: raw for uid, raw in found.items() if uid > self._last})
        self._last = max([self._last, *found])

    def _take(self, validity: int, messages: dict[int, bytes]) -> None:
        for uid, raw in sorted(messages.items()):
            seen = recognise(raw)
            key = (validity, uid, "" if seen is None or seen.bounce else seen.id)
            if key in self._seen:
                continue
            self._seen.add(key)
            if seen is not None:
                self.found(seen, uid, validity)


class Reader(Follower):
    """Watches one account for its user: tells of every copy and bounce."""

    def __init__(self, emitter: Emitter, watch: Watch, door: Door, account: str, password: str) -> None:
        super().__init__(emitter, door, account, password)
        self._watch = watch

    def found(self, seen: Seen, uid: int, validity: int) -> None:
        """Write it down, and tell who waits for it."""
        t = self._emitter.now()
        if seen.bounce:
            self._emitter.event(Bounce(t, seen.id, self._account, seen.status))
            return
        self._emitter.event(Copy(t, seen.id, self._account, uid, validity, seen.hash))
        self._watch.saw(seen.id)
        self._watch.oldest.setdefault(self._account, (seen.id, seen.hash))


async def persist(work: Callable[[], Awaitable[T]], deadline: float) -> tuple[T | None, str]:
    """What ``work`` gives, tried again and again until ``deadline`` s passed; then None, and what was wrong last."""
    error = "no try"
    try:
        async with asyncio.timeout(deadline):
            while True:
                try:
                    return await work(), ""
                except FAILURES as problem:
                    error = f"{type(problem).__name__}: {problem}"[:200]
                    await asyncio.sleep(BACK_OFF)
    except TimeoutError:
        return None, error


async def census(emitter: Emitter, door: Door, account: str, password: str, deadline: float) -> None:
    """List a whole mailbox through a fresh session."""
    messages, error = await persist(lambda: _listing(door, account, password), deadline)
    if messages is None:
        emitter.event(Census(emitter.now(), account, False, error, [], [], []))
        return
    known = [(uid, seen) for uid, raw in sorted(messages.items()) if (seen := recognise(raw)) and not seen.bounce]
    emitter.event(Census(emitter.now(), account, True, "", [s.id for _, s in known], [uid for uid, _ in known],
                         [s.hash for _, s in known]))  # fmt: skip


async def _listing(door: Door, account: str, password: str) -> dict[int, bytes]:
    """Every message of the inbox that can be read; ImapError unless as many came as exist.

    A message whose fetch fails twice, alone and in a fresh session, cannot be read: it is as good as gone.
    (After a power loss without fsync a message may be an empty file, and reading it ends the session.)
    """
    imap = await door.session(account, password, 10.0)
    try:
        exists = (await imap.select()).exists
        uids = sorted(await imap.fetch("1:*", "FLAGS")) if exists else []
        batches = [uids[i : i + 200] for i in range(0, len(uids), 200)]
        found: dict[int, bytes] = {}
        suspects: list[int] = []
        while batches:
            batch = batches.pop()
            try:
                found |= await imap.fetch(",".join(map(str, batch)))
            except FAILURES:
                imap.close()
                imap = await door.session(account, password, 10.0)
                await imap.select()
                if len(batch) > 1:
                    batches += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
                elif suspects.count(batch[0]) == 0:
                    batches.append(batch)
                suspects += batch if len(batch) == 1 else []
        unreadable = set(suspects) - set(found)
        if len(found) + len(unreadable) < exists:
            raise ImapError(f"{len(found)} of {exists} messages fetched")
        return found
    finally:
        imap.close()
