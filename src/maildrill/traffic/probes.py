"""Synthetic transactions of the five services, open-loop: a probe due at t is stamped t."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from typing import Any

from maildrill.journal.events import GaveUp, Probe
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import Message, build
from maildrill.traffic.mta import Route, offer
from maildrill.traffic.reader import FAILURES, Door, Watch, visit
from maildrill.traffic.schedule import Schedule
from maildrill.traffic.transaction import Limits, Tried

PROBE_SIZE = 600
SERVICES = ("inbound", "submission", "mailbox", "delivery", "outbound")


class Probes:
    """All probes of one vantage point."""

    def __init__(
        self, emitter: Emitter, watch: Watch, mta: Route, submission: Route, door: Door, config: dict[str, Any],
    ) -> None:  # fmt: skip
        self._emitter, self._watch, self._mta, self._submission, self._door = emitter, watch, mta, submission, door
        self._accounts: list[tuple[str, str]] = [(a, p) for a, p in config["accounts"]]
        self._outside, self._drill = config["outside_domain"], config["drill"]
        self._deadline, every = float(config["probes"]["deadline"]), float(config["probes"]["every"])
        retry, share = config["traffic"]["retry"], self._deadline / 3
        self._mta_limits = Limits(
            min(float(retry["connect_timeout"]), share), min(float(retry["command_timeout"]), share), self._deadline
        )
        self._user_limits = Limits(self._deadline, self._deadline, self._deadline)
        self._rng = random.Random(f"{config['seed']}-probes")
        self._counts = [itertools.count() for _ in range(3)]
        self._outside_read: bool = config.get("outside_read", True)
        unread = frozenset() if self._outside_read else frozenset(("outbound",))
        self._wanted = frozenset(config["probes"].get("services") or SERVICES) - unread
        works = ((self._inbound, "delivery"), (self._outbound, "outbound"), (self._mailbox, "mailbox"))
        leads_to = {"inbound": "delivery", "submission": "outbound"}
        wanted = {leads_to.get(service, service) for service in self._wanted}
        self._schedules = [
            Schedule(every, work, i * every / 3) for i, (work, about) in enumerate(works) if about in wanted
        ]

    def start(self) -> None:
        """Begin all schedules, spread over one period."""
        for schedule in self._schedules:
            schedule.start()

    async def stop(self) -> None:
        """No more probes; returns when the outstanding ones ended."""
        for schedule in self._schedules:
            schedule.stop()
        for schedule in self._schedules:
            await schedule.finished()

    def _probe(self, service: str, due: float, begin: float, ok: bool, error: str) -> None:
        if service not in self._wanted:
            return
        e = self._emitter
        e.event(Probe(e.at(due), service, e.at(begin), e.now(), ok, "" if ok else error[:200]))

    async def _send(self, route: Route, message: Message, limits: Limits, service: str, due: float) -> Tried:
        begin = time.monotonic()
        offer(self._emitter, message, due)
        tried = await route.once(message, limits)
        ok = tried.outcome == "accepted"
        self._probe(service, due, begin, ok, f"{tried.outcome} {tried.code} {tried.reply}")
        if not ok:
            self._emitter.event(GaveUp(self._emitter.now(), message.id))
        return tried

    async def _seen(self, service: str, message: Message, due: float, accepted: float) -> None:
        if service not in self._wanted:
            return
        left = max(0.0, accepted + self._deadline - time.monotonic())
        ok = await self._watch.wait(message.id, left)
        self._probe(service, due, accepted, ok, f"not visible within {self._deadline:g} s")

    async def _inbound(self, due: float) -> None:
        n = next(self._counts[0])
        rcpt = self._accounts[n % len(self._accounts)][0]
        id, sender = f"{self._drill}-pi-{n:06d}", f"probe@{self._outside}"
        message = build(self._rng, id, "probe-inbound", sender, rcpt, PROBE_SIZE)
        tried = await self._send(self._mta, message, self._mta_limits, "inbound", due)
        if tried.outcome == "accepted":
            await self._seen("delivery", message, due, tried.end)

    async def _outbound(self, due: float) -> None:
        n = next(self._counts[1])
        sender = self._accounts[n % len(self._accounts)][0]
        # Where nobody reads what leaves, users write to each other.
        rcpt = f"probe@{self._outside}" if self._outside_read else self._accounts[(n + 1) % len(self._accounts)][0]
        id = f"{self._drill}-po-{n:06d}"
        message = build(self._rng, id, "probe-outbound", sender, rcpt, PROBE_SIZE)
        tried = await self._send(self._submission, message, self._user_limits, "submission", due)
        if tried.outcome == "accepted":
            await self._seen("outbound", message, due, tried.end)

    async def _mailbox(self, due: float) -> None:
        account, password = self._accounts[next(self._counts[2]) % len(self._accounts)]
        begin, error = time.monotonic(), ""
        try:
            async with asyncio.timeout(self._deadline):
                await visit(self._door, account, password, self._deadline)
        except FAILURES as problem:
            error = f"{type(problem).__name__}: {problem}"
        self._probe("mailbox", due, begin, not error, error)
