"""One transaction of one service on demand: for faults that prove themselves on real traffic.

Nothing of it is written to the journal as traffic: its messages are never part of the ledger.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable

from maildrill.traffic.messages import Message, build
from maildrill.traffic.mta import Route
from maildrill.traffic.reader import FAILURES, Door, Watch, visit
from maildrill.traffic.transaction import Limits

SIZE = 600


class Attempts:
    """Transactions of the five services; ``mta`` and ``user`` write to no journal."""

    def __init__(
        self,
        mta: Route,
        user: Route,
        door: Door,
        watch: Watch,
        accounts: list[tuple[str, str]],
        outside: str,
        drill: str,
        outside_read: bool = True,
    ) -> None:
        self._mta, self._user, self._door, self._watch = mta, user, door, watch
        self._accounts, self._outside, self._drill = accounts, outside, drill
        self._stranger = f"probe@{outside}" if outside_read else accounts[-1][0]
        self._count = itertools.count()
        self._rng = random.Random(drill)

    async def once(self, service: str, deadline: float) -> tuple[bool, float, str]:
        """(success, seconds, what was said otherwise); LookupError for an unknown service."""
        works: dict[str, Callable[[float], Awaitable[str]]] = {
            "inbound": lambda limit: self._inbound(limit, wait=False),
            "delivery": lambda limit: self._inbound(limit, wait=True),
            "submission": lambda limit: self._outbound(limit, wait=False),
            "outbound": lambda limit: self._outbound(limit, wait=True),
            "mailbox": self._mailbox,
        }
        if service not in works:
            raise LookupError(f"no service {service}; known: {', '.join(works)}")
        begin = time.monotonic()
        try:
            async with asyncio.timeout(deadline):
                error = await works[service](deadline)
        except FAILURES as problem:
            error = f"{type(problem).__name__}: {problem}"
        return not error, time.monotonic() - begin, error

    def _message(self, sender: str, rcpt: str) -> Message:
        return build(self._rng, f"{self._drill}-t-{next(self._count):06d}", "attempt", sender, rcpt, SIZE)

    async def _inbound(self, limit: float, wait: bool) -> str:
        message = self._message(f"probe@{self._outside}", self._accounts[0][0])
        return await self._send(self._mta, message, limit, wait)

    async def _outbound(self, limit: float, wait: bool) -> str:
        message = self._message(self._accounts[0][0], self._stranger)
        return await self._send(self._user, message, limit, wait)

    async def _send(self, route: Route, message: Message, limit: float, wait: bool) -> str:
        tried = await route.once(message, Limits(limit, limit, limit))
        if tried.outcome != "accepted":
            return f"{tried.outcome} {tried.code} {tried.reply}"
        return "" if not wait or await self._watch.wait(message.id, limit) else "accepted and not visible"

    async def _mailbox(self, limit: float) -> str:
        await visit(self._door, *self._accounts[0], limit)
        return ""
