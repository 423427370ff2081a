"""Changes of mailbox state (flags, moves, deletions), each written down when asked for and when acknowledged.

They happen in folders of their own, on messages of their own, so the ledger of messages never sees them.
"""

from __future__ import annotations

import asyncio
import itertools
import random

from maildrill.journal.mailbox_events import Change, StateCensus
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.imap import Imap, ImapError
from maildrill.traffic.messages import build, header_id
from maildrill.traffic.reader import FAILURES, ID_HEADER, Door, persist

FOLDER, ARCHIVE = "Drill", "Drill-Archive"
ACTIONS = ("flag", "move", "delete")
SIZE = 400


class StateChanges:
    """Makes changes one after the other in the accounts in turn; one lasting session an account."""

    def __init__(self, emitter: Emitter, door: Door, accounts: list[tuple[str, str]], drill: str) -> None:
        self._emitter, self._door, self._accounts, self._drill = emitter, door, accounts, drill
        self._rng = random.Random(f"{drill}-state")
        self._count = itertools.count()
        self._sessions: dict[str, Imap] = {}
        self._busy: dict[str, asyncio.Lock] = {account: asyncio.Lock() for account, _ in accounts}

    async def change(self, due: float) -> None:
        """One message, and one change of it; ``due`` is when, in monotonic seconds (a schedule's work)."""
        n = next(self._count)
        account, password = self._accounts[n // len(ACTIONS) % len(self._accounts)]
        action, id = ACTIONS[n % len(ACTIONS)], f"{self._drill}-m-{n:06d}"
        async with self._busy[account]:
            try:
                imap = await self._session(account, password)
                uid = await imap.append(FOLDER, build(self._rng, id, "state", account, account, SIZE).data)
                self._report(id, account, action, "asked")
                await _perform(imap, action, uid)
            except FAILURES as problem:
                self._report(id, account, action, "failed", f"{type(problem).__name__}: {problem}"[:200])
                if account in self._sessions:
                    self._sessions.pop(account).close()
            else:
                self._report(id, account, action, "acknowledged")

    def _report(self, id: str, account: str, action: str, state: str, detail: str = "") -> None:
        self._emitter.event(Change(self._emitter.now(), id, account, action, state, detail))

    async def _session(self, account: str, password: str) -> Imap:
        if account not in self._sessions:
            imap = await self._door.session(account, password)
            try:
                for folder in (FOLDER, ARCHIVE):
                    await _create(imap, folder)
                await imap.select(FOLDER)
            except BaseException:
                imap.close()
                raise
            self._sessions[account] = imap
        return self._sessions[account]

    async def census(self, deadline: float) -> None:
        """A StateCensus event for each account and folder."""
        looks = [self._look(a, p, folder, deadline) for a, p in self._accounts for folder in (FOLDER, ARCHIVE)]
        await asyncio.gather(*looks)

    async def _look(self, account: str, password: str, folder: str, deadline: float) -> None:
        found, error = await persist(lambda: listed(self._door, account, password, folder), deadline)
        if found is None:
            self._emitter.event(StateCensus(self._emitter.now(), account, folder, False, error, [], []))
            return
        ids, flags = [id for id, _ in found], [flags for _, flags in found]
        self._emitter.event(StateCensus(self._emitter.now(), account, folder, True, "", ids, flags))


async def _create(imap: Imap, folder: str) -> None:
    try:
        await imap.command(f"CREATE {folder}")
    except ImapError as problem:
        if "exist" not in str(problem).lower():
            raise


async def _perform(imap: Imap, action: str, uid: int) -> None:
    if action == "flag":
        await imap.command(f"UID STORE {uid} +FLAGS.SILENT (\\Flagged)")
    elif action == "move":
        await imap.command(f"UID MOVE {uid} {ARCHIVE}")
    else:
        await imap.command(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        await imap.command(f"UID EXPUNGE {uid}")


async def listed(door: Door, account: str, password: str, folder: str) -> list[tuple[str, str]]:
    """(id, flags) of every message; a folder that is not there holds none."""
    imap = await door.session(account, password, 10.0)
    try:
        if not await imap.has(folder):
            return []
        exists = (await imap.select(folder)).exists
        found = await imap.listing("1:*", ID_HEADER) if exists else {}
        if len(found) < exists:
            raise ImapError(f"{len(found)} of {exists} messages listed")
        return [(header_id(seen.literal), seen.flags) for _, seen in sorted(found.items())]
    finally:
        imap.close()
