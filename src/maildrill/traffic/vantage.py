"""Everything a configured vantage point runs: sink, readers, probes, senders, census."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import ssl
import time
from collections.abc import Callable, Coroutine
from typing import Any

from maildrill.traffic.attempt import Attempts
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.load import EVERY_S, LoadMeter
from maildrill.traffic.messages import build
from maildrill.traffic.mta import Mta, Route, send
from maildrill.traffic.probes import Probes
from maildrill.traffic.reader import Door, Reader, Watch, census
from maildrill.traffic.recall import Recalls
from maildrill.traffic.replicas import Replicas
from maildrill.traffic.resolve import Resolver
from maildrill.traffic.schedule import Schedule
from maildrill.traffic.sessions import LastingSession
from maildrill.traffic.sink import Sink
from maildrill.traffic.state import StateChanges
from maildrill.traffic.submission import Submission
from maildrill.traffic.transaction import Limits

OUTSIDE_USERS = 4
OPEN_DEADLINE_S = 10.0
LASTING_SESSIONS = 2
"""How many accounts have an IMAP IDLE client; there may be fewer accounts."""
PORTS = {"dns": 53, "mx": 25, "submission": 587, "imaps": 993, "sink": 25}
"""Where a cluster answers, and where the outside world does (``sink``); ``config`` may name others."""


class Vantage:
    """One vantage point; made from the ``config`` command.

    A cluster of ours is reached by its mail host's name and by MX. ``submission_host``, ``inbound_host`` and
    ``ports`` say otherwise; with ``outside_read`` false no mail for the outside world is sent.
    """

    def __init__(self, emitter: Emitter, config: dict[str, Any]) -> None:
        self._emitter, self._config, self._watch = emitter, config, Watch()
        self._rng = random.Random(config["seed"])
        self._accounts: list[tuple[str, str]] = [(a, p) for a, p in config["accounts"]]
        outside = config["outside_domain"]
        self._friends = [f"friend-{i}@{outside}" for i in range(OUTSIDE_USERS)]
        self._ports: dict[str, int] = PORTS | config.get("ports", {})
        resolver = Resolver(config["resolver"], self._rng, port=self._ports["dns"])
        context = ssl.create_default_context(cadata=config["ca_pem"])
        self._outside_read: bool = config.get("outside_read", True)
        self._door = Door(resolver, config["mail_host"], context, self._ports["imaps"])
        self._mta, self._user = self._make_routes(emitter, resolver, context)
        self._sink = Sink(emitter, self._watch, outside, [*self._friends, f"probe@{outside}"])
        self._probes = Probes(emitter, self._watch, self._mta, self._user, self._door, config)
        every, deadline = float(config["probes"].get("recall", 0)), float(config["probes"]["deadline"])
        self._recalls = Recalls(emitter, self._watch, self._door, self._accounts, every, deadline)
        self._replicas = self._make_replicas(resolver, context)
        self._attempts = self._make_attempts(resolver, context)
        self._meter = Schedule(EVERY_S, LoadMeter(emitter).look)
        self._state = StateChanges(emitter, self._door, self._accounts, config["drill"])
        self._give_up = asyncio.Event()
        self._senders: list[Schedule] = []
        self._readers: list[asyncio.Task[None]] = []

    def _make_routes(self, emitter: Emitter, resolver: Resolver, context: ssl.SSLContext) -> tuple[Mta, Submission]:
        host, passwords = self._config.get("submission_host") or self._config["mail_host"], dict(self._accounts)
        user = Submission(emitter, resolver, host, context, passwords, self._ports["submission"])
        return Mta(emitter, resolver, self._ports["mx"], self._config.get("inbound_host")), user

    def _make_attempts(self, resolver: Resolver, context: ssl.SSLContext) -> Attempts:
        mta, user = self._make_routes(Emitter(lambda _: None), resolver, context)
        outside, drill = self._config["outside_domain"], self._config["drill"]
        return Attempts(mta, user, self._door, self._watch, self._accounts, outside, drill, self._outside_read)

    def _make_replicas(self, resolver: Resolver, context: ssl.SSLContext) -> Replicas:
        doors = {
            store["name"]: Door(resolver, store["host"], context, store["port"], store["address"])
            for store in self._config.get("stores", [])
        }
        return Replicas(self._emitter, doors, self._accounts, float(self._config["probes"].get("replicas", 0)))

    async def attempt(self, service: str, deadline: float) -> tuple[bool, float, str]:
        """One transaction on demand: (success, seconds, what was said otherwise)."""
        return await self._attempts.once(service, deadline)

    async def start(self) -> None:
        """Sink, readers, then probes: a server makes an inbox when it is first opened, and mail waits for that.

        An inbox that is not open within ``OPEN_DEADLINE_S`` is for the probes to tell.
        """
        if self._outside_read:
            await self._sink.listen(port=self._ports["sink"])
        readers = [Reader(self._emitter, self._watch, self._door, *account) for account in self._accounts]
        self._readers = [asyncio.create_task(reader.run()) for reader in readers]
        await asyncio.wait([asyncio.create_task(one.watching.wait()) for one in readers], timeout=OPEN_DEADLINE_S)
        for account, password in self._accounts[:LASTING_SESSIONS]:
            session = LastingSession(self._emitter, self._door, account, password)
            self._readers.append(asyncio.create_task(session.run()))
        self._probes.start()
        self._recalls.start()
        self._meter.start()

    def offer(self) -> None:
        """Begin the three streams of mail, and the changes of mailbox state; and to look at the stores themselves.

        Not before: a mailbox that is first opened on a replica is made there a second time.
        """
        self._replicas.start()
        traffic = self._config["traffic"]
        retry = traffic["retry"]
        connect, command = float(retry["connect_timeout"]), float(retry["command_timeout"])
        mta, user = Limits(connect, command), Limits(connect, command, connect + 4 * command)
        routes: dict[str, tuple[str, Route, Limits]] = {
            "inbound": ("i", self._mta, mta),
            "submission": ("s", self._user, user),
            "outbound": ("o", self._user, user),
        }
        for stream, (letter, route, limits) in routes.items():
            rate = float(traffic[stream]["rate"])
            if rate > 0 and (stream != "outbound" or self._outside_read):
                work = self._sender(stream, letter, route, limits, int(traffic[stream]["size"]))
                self._senders.append(Schedule(1 / rate, work))
                self._senders[-1].start()
        if (rate := float(traffic["changes"])) > 0:
            self._senders.append(Schedule(1 / rate, self._state.change))
            self._senders[-1].start()

    def _sender(
        self, stream: str, letter: str, route: Route, limits: Limits, size: int
    ) -> Callable[[float], Coroutine[Any, Any, bool]]:
        retry, count = self._config["traffic"]["retry"], itertools.count()
        rng = random.Random(f"{self._config['seed']}-{stream}")
        users = [account for account, _ in self._accounts]

        async def work(due: float) -> bool:
            sender = rng.choice(self._friends if stream == "inbound" else users)
            rcpt = rng.choice(self._friends if stream == "outbound" else users)
            id = f"{self._config['drill']}-{letter}-{next(count):06d}"
            message = build(rng, id, stream, sender, rcpt, size)
            return await send(self._emitter, route, message, due, retry, limits, self._give_up)

        return work

    def stop_offering(self) -> None:
        """No new messages; retries continue."""
        for sender in self._senders:
            sender.stop()

    async def give_up(self, deadline: float) -> None:
        """Waiting messages are given up; returns when the tries under way have ended, or after ``deadline`` s."""
        self.stop_offering()
        self._give_up.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                await asyncio.gather(*(sender.finished() for sender in self._senders))

    async def stop_probes(self) -> None:
        """No new probes; returns when the outstanding ones ended."""
        self._meter.stop()
        await asyncio.gather(self._probes.stop(), self._recalls.stop())

    async def census(self, deadline: float) -> None:
        """A Census event per account (front door) and per outside mailbox (memory); folders of state changes too.

        Last, the mailboxes on the stores themselves: what is on its way between them has had its time by then.
        """
        until = time.monotonic() + deadline
        await asyncio.gather(*(census(self._emitter, self._door, a, p, deadline) for a, p in self._accounts))
        await self._state.census(max(1.0, until - time.monotonic()))
        await self._replicas.census(max(1.0, until - time.monotonic()))
        if self._outside_read:
            self._sink.census()
