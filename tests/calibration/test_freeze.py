"""A real container frozen for exactly 3.000 s, ten times in a row, measured by the real probes in real time.

A frozen server still accepts TCP, so a probe that waits out the thaw succeeds: patience and interval
bound the error of the lower end, the server's own return the error of the upper end.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rehearsal import Rehearsal
from smtp_sink import smtp_sink

from maildrill.journal.events import Fault
from maildrill.measure import Result

pytestmark = [pytest.mark.integration]
FROZEN, TIMES, TOLERANCE = 3.0, 10, 0.05
EVERY, DEADLINE, SUSTAINED = 0.01, 0.09, 0.4
"""A reply is waited for a third of the deadline, s."""
HALF_A_CALL = 0.01
"""What the engine usually takes for half of its work, s; what it really took is measured."""


@pytest.fixture
def server() -> Iterator[tuple[Any, str]]:
    """A container with Postfix's smtp-sink, and its address."""
    with smtp_sink() as running:
        yield running


async def _at(moment: float, act: Callable[[], Any]) -> float:
    """Call the engine so that the middle of the call is about at ``moment``; where the middle really was."""
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
    before = time.monotonic()
    await asyncio.to_thread(act)
    return (before + time.monotonic()) / 2


async def _freeze(drill: Rehearsal, container: Any, n: int) -> float:
    """Freeze and thaw once; how long it really was by the drill's clock, s."""
    what = ("freeze", f"freeze-{n}", "sink")
    drill.write(Fault(drill.now(), *what, "requested", ""))
    begun = await _at(time.monotonic(), container.pause)
    drill.write(Fault(round(begun - drill.zero, 6), *what, "effective", "paused"))
    ended = await _at(begun + FROZEN - HALF_A_CALL, container.unpause)
    return ended - begun


def test_a_freeze_of_three_seconds_is_measured_ten_times(server: tuple[Any, str], tmp_path: Path) -> None:
    container, address = server
    planted: list[float] = []

    async def script(drill: Rehearsal) -> None:
        for n in range(TIMES):
            planted.append(await _freeze(drill, container, n))
            await asyncio.sleep(2.6 * SUSTAINED)

    async def scene() -> Result:
        drill = Rehearsal(tmp_path / "freeze", every=EVERY, deadline=DEADLINE, services=("inbound",), rate=0,
                          window=SUSTAINED, relapse=SUSTAINED, server=address)  # fmt: skip
        return await drill.run(script, baseline=0.5, settle=0.2, drain=0.1)

    result = asyncio.run(scene())
    outages = [outage for outage in result.services["inbound"].outages if outage.trigger]
    errors = [
        (round(o.lower - o.trigger.effective - real, 4), round((o.upper or 0) - o.trigger.effective - real, 4))
        for o, real in zip(outages, planted, strict=True)
        if o.trigger
    ]
    print("planted:", [round(real, 4) for real in planted], "errors of [lower, upper], s:", errors)
    assert planted == pytest.approx([FROZEN] * TIMES, abs=0.02)
    assert len(outages) == TIMES
    for low, high in errors:
        assert -TOLERANCE <= low <= TOLERANCE / 5, errors
        assert -TOLERANCE / 5 <= high <= TOLERANCE, errors
