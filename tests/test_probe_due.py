"""Real probes, on a route that is slow: an event is stamped with when its probe was due."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import Message
from maildrill.traffic.probes import Probes
from maildrill.traffic.reader import Watch
from maildrill.traffic.transaction import Limits, Tried

TAKES_S, EVERY_S = 0.25, 0.05
CONFIG: dict[str, Any] = {
    "accounts": [["user1@example.test", "secret"]], "outside_domain": "outside.test", "drill": "d", "seed": 1,
    "probes": {"deadline": 3.0, "every": EVERY_S},
    "traffic": {"retry": {"connect_timeout": 1.0, "command_timeout": 1.0}},
}  # fmt: skip


class SlowRoute:
    """Refuses everything, after a while."""

    async def once(self, message: Message, limits: Limits) -> Tried:
        begin = time.monotonic()
        await asyncio.sleep(TAKES_S)
        return Tried("mx", begin, time.monotonic(), None, "broken", 0, "refused")


class NoDoor:
    """Nobody can log in."""

    async def session(self, account: str, password: str, timeout: float = 0.0) -> Any:
        await asyncio.sleep(TAKES_S)
        raise ConnectionRefusedError("closed")


async def probe_for(seconds: float) -> list[dict[str, Any]]:
    written: list[bytes] = []
    emitter = Emitter(written.append)
    probes = Probes(emitter, Watch(), SlowRoute(), SlowRoute(), NoDoor(), CONFIG)  # type: ignore[arg-type]
    probes.start()
    await asyncio.sleep(seconds)
    await probes.stop()
    emitter.flush()
    events = [json.loads(line) for line in b"".join(written).splitlines()]
    return [event for event in events if event["e"] == "probe"]


def test_probes_are_stamped_with_when_they_were_due() -> None:
    probes = asyncio.run(probe_for(0.6))
    for service in ("inbound", "submission", "mailbox"):
        seen = sorted((one for one in probes if one["service"] == service), key=lambda one: float(one["t"]))
        assert len(seen) > 5
        assert all(not one["ok"] and one["end"] - one["t"] >= TAKES_S for one in seen)
        steps = [b["t"] - a["t"] for a, b in itertools.pairwise(seen)]
        assert all(abs(step - EVERY_S) < 1e-5 for step in steps), "dues are on the schedule, whatever the loop did"
