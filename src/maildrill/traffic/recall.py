"""Recall: whether each user can still read the oldest mail, in a new session and with the user's own password.

A mailbox that opens may be an empty one: after a restore this says when a user's mail is really back.
"""

from __future__ import annotations

import asyncio
import itertools
import time

from maildrill.journal.mailbox_events import Recall
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import recognise
from maildrill.traffic.reader import FAILURES, Door, Watch
from maildrill.traffic.schedule import Schedule


class Recalls:
    """Looks at one account after the other, each every ``every`` s; ``deadline`` (s) is the patience of one look."""

    def __init__(
        self,
        emitter: Emitter,
        watch: Watch,
        door: Door,
        accounts: list[tuple[str, str]],
        every: float,
        deadline: float,
    ) -> None:
        self._emitter, self._watch, self._door, self._accounts = emitter, watch, door, accounts
        self._deadline, self._count = deadline, itertools.count()
        self._schedule = Schedule(every / len(accounts), self._look) if every else None

    def start(self) -> None:
        """Begin; accounts that never had mail are passed over."""
        if self._schedule:
            self._schedule.start()

    async def stop(self) -> None:
        """No more looks; returns when the outstanding ones ended."""
        if self._schedule:
            self._schedule.stop()
            await self._schedule.finished()

    async def _look(self, due: float) -> None:
        account, password = self._accounts[next(self._count) % len(self._accounts)]
        if (oldest := self._watch.oldest.get(account)) is None:
            return
        id, hash = oldest
        begin, error = time.monotonic(), ""
        try:
            async with asyncio.timeout(self._deadline):
                error = await self._read(account, password, id, hash)
        except FAILURES as problem:
            error = f"{type(problem).__name__}: {problem}"[:200]
        e = self._emitter
        e.event(Recall(e.at(due), account, id, e.at(begin), e.now(), not error, error))

    async def _read(self, account: str, password: str, id: str, hash: str) -> str:
        """What is wrong with the message, empty if it is whole."""
        imap = await self._door.session(account, password, self._deadline)
        try:
            exists = (await imap.select()).exists
            found = await imap.search(f"HEADER X-Maildrill-Id {id}") if exists else []
            if not found:
                return f"not among {exists} messages"
            copies = (await imap.fetch(",".join(map(str, found)))).values()
            await imap.logout()
        finally:
            imap.close()
        whole = any(seen and not seen.bounce and seen.hash == hash for seen in map(recognise, copies))
        return "" if whole else "there, but not as it was"
