"""A machine without a processor to spare: seen by the vantage, measured, and never blamed on the mail system."""

from __future__ import annotations

import asyncio
import json

import pytest
from planted_drill import census, frame_of_drill, message, run, scenario

from maildrill.journal.events import Load
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.load import LoadMeter

STAT = "cpu  {user} 0 0 {idle} {iowait} 0 0 {steal} 50 50\ncpu0 1 0 0 1 0 0 0 0 0 0\ncpu1 1 0 0 1 0 0 0 0 0 0\nintr 5\n"


def stat(user: int, idle: int, iowait: int = 0, steal: int = 0) -> str:
    return STAT.format(user=user, idle=idle, iowait=iowait, steal=steal)


def seen(*texts: str) -> list[float]:
    """Busy processors as the meter writes them, from these looks at two processors."""
    lines, looks = [], iter(texts)

    async def look() -> None:
        emitter = Emitter(lines.append)
        meter = LoadMeter(emitter, lambda: next(looks))
        for second in range(len(texts)):
            await meter.look(float(second))
        emitter.flush()

    asyncio.run(look())
    return [json.loads(line)["busy"] for line in b"".join(lines).decode().splitlines()]


def test_the_meter_counts_work_and_what_a_host_took_away_but_not_waiting_for_disks() -> None:
    start = stat(100, 100)
    assert seen(start, stat(200, 100)) == [2.0]
    assert seen(start, stat(100, 300)) == [0.0]
    assert seen(start, stat(150, 100, iowait=50)) == [1.0]
    assert seen(start, stat(100, 150, steal=150)) == [1.5]
    assert seen(start, stat(150, 150), stat(250, 150)) == [1.0, 2.0]
    assert seen(start) == []


def test_where_the_kernel_tells_no_times_nothing_is_written() -> None:
    def read() -> str:
        raise FileNotFoundError("/proc/stat")

    asyncio.run(LoadMeter(Emitter(pytest.fail), read).look(0.0))


def loads(busy: float, part: float) -> list[Load]:
    """Two processors, ``busy`` of them in this part of the time from baseline to drain, one otherwise."""
    return [Load(t, busy if (t - 1) / 29 < part else 1.0, 2) for t in range(1, 30)]


@pytest.mark.parametrize(
    ("busy", "part", "rto", "verdict"),
    [(2.0, 0.8, 0, "inconclusive"), (1.91, 0.8, 0, "inconclusive"), (1.8, 0.8, 0, "fail"), (2.0, 0.4, 0, "fail"),
     (2.0, 0.8, 9, "pass")],
)  # fmt: skip
def test_a_busy_machine_takes_the_proof_from_a_fail_and_not_from_a_pass(
    busy: float, part: float, rto: float, verdict: str
) -> None:
    result = run([*frame_of_drill(), *census({}), *loads(busy, part)], scenario(inbound={"rto": rto}))
    assert result.verdict == verdict
    assert ("MACHINE_BUSY" in {one.code for one in result.diagnostics}) == (verdict == "inconclusive")
    assert result.load is not None
    assert result.load.cores == 2
    assert result.load.full == pytest.approx(part if busy > 1.9 else 0, abs=0.04)
    assert result.load.busy == pytest.approx(busy * part + 1 - part, abs=0.05)


def test_a_busy_machine_excuses_no_lost_mail() -> None:
    """A processor that is not free makes mail late; it does not make it go away."""
    mail = message("m1", "accepted", t=5.0)
    result = run([*frame_of_drill(), *mail, *census({}), *loads(2.0, 0.8)], scenario(inbound={"rto": 0}, lost=0))
    assert result.verdict == "fail"
    assert {one.about for one in result.diagnostics} == {"inbound", "lost"}


def test_looks_before_the_mail_and_after_it_do_not_count() -> None:
    outside = [Load(0.5, 2.0, 2), Load(31.0, 2.0, 2)]
    result = run([*frame_of_drill(), *outside, Load(5.0, 0.5, 2)])
    assert result.load is not None
    assert (result.load.busy, result.load.full) == (0.5, 0.0)
    assert run([*frame_of_drill(), *outside]).load is None
