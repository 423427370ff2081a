"""A drill without containers: the real probes, senders and readers against the simulated system.

What they write goes through the real journal; the folder is measured as any other drill's.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from doors import Door
from system import DOMAIN, HOST, OUTSIDE, Fate, System

from maildrill.journal.event import Event
from maildrill.journal.events import Clock, Fault, Held, Note, Phase, Start
from maildrill.journal.reader import read_journal
from maildrill.journal.writer import JournalWriter
from maildrill.measure import Result, measure
from maildrill.scenario.model import Scenario
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.vantage import Vantage

DRILL = "cal"
SCENARIO = {
    "scenario": "calibration", "title": "Planted truth", "objectives": {"lost": 0},
    "timeline": [{"at": 0, "fault": "freeze", "target": {"role": "mx"}}],
}  # fmt: skip


class Rehearsal:
    """One drill; ``at`` and everything planted is in seconds of the drill's clock.

    ``server``: the address of a real SMTP server on port 25 that takes the place of the simulated one.
    """

    def __init__(self, folder: Path, *, fates: dict[str, Fate] | None = None, every: float = 0.04,
                 deadline: float = 0.3, services: tuple[str, ...] | None = None, rate: float = 10.0,
                 changes: float = 0.0, window: float = 1.0, relapse: float = 1.0,
                 server: str = "") -> None:  # fmt: skip
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.probes: dict[str, Any] = {"every": every, "deadline": deadline}
        if services:
            self.probes["services"] = list(services)
        self.scenario = SCENARIO | {"probes": self.probes, "sustained": {"window": window, "relapse": relapse}}
        self.fates, self.rate, self.changes, self.server = fates or {}, rate, changes, server
        self.retry = {"first": 0.2, "max": 0.4, "connect_timeout": 1.0, "command_timeout": 1.0}
        self.zero = time.monotonic() - 500.0
        """The drill's clock differs from the machine's, as it does for a vantage elsewhere."""

    def now(self) -> float:
        """The drill's time, s."""
        return round(time.monotonic() - self.zero, 6)

    def write(self, *events: Event) -> None:
        """Into the journal."""
        self.journal.write(*events)

    async def until(self, at: float) -> None:
        """Sleep until ``at`` s after the timeline began."""
        await asyncio.sleep(max(0.0, self.begin + at - self.now()))

    async def outage(
        self, door: Door, mode: str, at: float, seconds: float, name: str = "", asked: bool = True
    ) -> None:
        """Plant one outage, and journal it as a fault that is proven the moment it begins."""
        await self.until(at)
        fault = ("freeze", name or mode, "plant")
        if asked:
            self.write(Fault(self.now(), *fault, "requested", ""))
        await door.set(mode)
        if asked:
            self.write(Fault(self.now(), *fault, "injected", ""), Fault(self.now(), *fault, "effective", mode))
        await self.until(at + seconds)
        await door.set("open")
        if asked:
            self.write(Fault(self.now(), *fault, "healed", ""), Fault(self.now(), *fault, "heal-verified", ""))

    async def run(self, script: Callable[[Rehearsal], Awaitable[Any]], *, baseline: float = 1.0,
                  settle: float = 2.5, drain: float = 3.0) -> Result:  # fmt: skip
        """All phases; ``script`` is the timeline."""
        self.journal = JournalWriter(self.folder / "journal.ndjson")
        self.write(Start(self.now(), 1, DRILL, "calibration", "plant", 1, "2026-01-01T00:00:00Z"))
        emitter = Emitter(lambda data: self.journal.write_lines(data.decode().splitlines()))
        emitter.offset = -self.zero
        reserved = Door()  # its port stays bound and is never listened on: the sink listens there
        sink_port = reserved.port
        self.system = System(2, self.fates, sink_port, self.server or "127.0.0.1")
        await self.system.open()
        self.write(Phase(self.now(), "up"), Clock(self.now(), "vantage", 0.0))
        vantage = Vantage(emitter, self._config(sink_port))
        await vantage.start()
        self.write(Phase(self.now(), "baseline"))
        vantage.offer()
        await asyncio.sleep(baseline)
        self.begin = self.now()
        self.write(Phase(self.begin, "timeline"))
        await script(self)
        self.write(Phase(self.now(), "settle"))
        await asyncio.sleep(settle)
        self.write(Phase(self.now(), "drain"))
        vantage.stop_offering()
        await vantage.stop_probes()
        await asyncio.sleep(drain)
        await vantage.give_up(10.0)
        await asyncio.sleep(0.1)
        self.write(Phase(self.now(), "census"), Held(self.now(), "plant", "queue", "live", "", self.system.queue))
        await vantage.census(5.0)
        emitter.flush()
        self.write(Phase(self.now(), "teardown"), Note(self.now(), "clean", "", 0.0), Phase(self.now(), "end"))
        self.journal.close()
        return measure(read_journal(self.folder / "journal.ndjson"), Scenario.model_validate(self.scenario))

    def _config(self, sink_port: int) -> dict[str, Any]:
        stream = {"rate": self.rate, "size": 900}
        ports = {"dns": self.system.dns_port, "mx": 25 if self.server else self.system.mx.port,
                 "submission": self.system.submission.port,
                 "imaps": self.system.imap.port, "sink": sink_port}  # fmt: skip
        return {
            "domain": DOMAIN, "outside_domain": OUTSIDE, "resolver": "127.0.0.1", "mail_host": HOST, "ports": ports,
            "ca_pem": self.system.ca_pem, "accounts": self.system.accounts, "probes": self.probes, "seed": 1,
            "drill": DRILL,
            "traffic": {"inbound": stream, "submission": stream, "outbound": stream, "changes": self.changes,
                        "retry": self.retry},
        }  # fmt: skip

    def events(self, kind: str) -> list[dict[str, Any]]:
        """What the journal says of one kind."""
        lines = (self.folder / "journal.ndjson").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["e"] == kind]
