"""Existing sessions: an IMAP IDLE client that is connected before the fault and notices by itself.

What it knows (UIDVALIDITY, UIDs, flags) is written down when its session is found dead, and again
from the next session, so that the two can be compared.
"""

from __future__ import annotations

import asyncio

from maildrill.journal.mailbox_events import Session
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.imap import Imap, Listed, Selected
from maildrill.traffic.reader import BACK_OFF, FAILURES, Door

KEEP_ALIVE = 2.0
"""Time between two ends of IDLE, s. RFC 2177 allows 29 minutes; scaled so that a drill sees it."""


class LastingSession:
    """One account's client; it marks the newest message \\\\Seen at each keep-alive, so there are flags to lose."""

    def __init__(self, emitter: Emitter, door: Door, account: str, password: str) -> None:
        self._emitter, self._door, self._account, self._password = emitter, door, account, password
        self._known: dict[int, Listed] = {}
        self._validity = 0
        self._open = False

    async def run(self) -> None:
        """Stay connected until cancelled, through any number of broken sessions."""
        while True:
            try:
                await self._session()
            except FAILURES as problem:
                if self._open:
                    by = "keep-alive" if isinstance(problem, TimeoutError) else "connection"
                    self._report("lost", by, f"{type(problem).__name__}: {problem}"[:200])
                await asyncio.sleep(BACK_OFF)

    def _report(self, state: str, by: str = "", detail: str = "") -> None:
        self._open = state == "open"
        uids = sorted(self._known)
        flags = [self._known[uid].flags for uid in uids]
        self._emitter.event(Session(self._emitter.now(), self._account, state, by, detail, self._validity, uids, flags))

    async def _session(self) -> None:
        imap = await self._door.session(self._account, self._password)
        try:
            selected: Selected = await imap.select()
            self._validity = selected.uidvalidity
            self._known = await imap.listing("1:*") if selected.exists else {}
            self._report("open")
            while True:
                await imap.idle(KEEP_ALIVE)
                await self._look(imap)
        finally:
            imap.close()

    async def _look(self, imap: Imap) -> None:
        """Learn what came and mark the newest of it."""
        last = max(self._known, default=0)
        if imap.exists <= len(self._known):
            return
        found = {uid: seen for uid, seen in (await imap.listing(f"{last + 1}:*")).items() if uid > last}
        if found:
            await imap.command(f"UID STORE {max(found)} +FLAGS.SILENT (\\Seen)")
            found |= await imap.listing(str(max(found)))
        self._known |= found
