"""Accepted messages per second into Postfix's smtp-sink: our senders against bare aiosmtplib and smtp-source.

    python tests/bench/throughput.py [ROUNDS] [SECONDS]

Every sender opens a connection for each message, as an MTA that meets a server for the first time does,
ten at a time. Rounds are interleaved; the table gives the median of each, and all ratios are of one run.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiosmtplib
import uvloop
from smtp_sink import smtp_sink

from maildrill.journal.events import Event
from maildrill.journal.writer import JournalWriter
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import Message, build
from maildrill.traffic.mta import over_addresses, send
from maildrill.traffic.transaction import Limits, Security, Tried, unverified

WORKERS, SIZE = 10, 2000
SENDER, RCPT = "a@outside.test", "b@example.test"
RETRY = {"first": 1.0, "max": 5.0}
LIMITS = Limits(5.0, 5.0)
ROWS = ("smtp-source", "bare aiosmtplib", "maildrill, no journal", "maildrill, everything on")


class Silent(Emitter):
    """No journal: events are made and dropped."""

    def event(self, event: Event) -> None:
        """Drop it."""


class Direct:
    """A route without DNS."""

    def __init__(self, emitter: Emitter, address: str) -> None:
        self._emitter, self._addresses, self._security = emitter, [address], Security(unverified())

    async def once(self, message: Message, limits: Limits) -> Tried:
        """One try."""
        return await over_addresses(self._emitter, message, self._addresses, 25, limits, self._security)


async def closed_loop(work: Callable[[], Awaitable[None]], seconds: float) -> float:
    """Calls of ``work`` per second, ``WORKERS`` at a time."""
    begin, count = time.perf_counter(), itertools.count()

    async def worker() -> None:
        while time.perf_counter() - begin < seconds:
            await work()
            next(count)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    return next(count) / (time.perf_counter() - begin)


async def bare(address: str, seconds: float) -> float:
    """aiosmtplib's own ``send``; the same message again and again."""
    data = build(random.Random(1), "x-1", "inbound", SENDER, RCPT, SIZE).data

    async def work() -> None:
        await aiosmtplib.send(data, sender=SENDER, recipients=[RCPT], hostname=address, port=25, start_tls=False)

    return await closed_loop(work, seconds)


async def ours(address: str, seconds: float, emitter: Emitter) -> float:
    """Ids, bodies, hashes, retries; and the journal, if the emitter has one."""
    rng, numbers, never, route = random.Random(1), itertools.count(), asyncio.Event(), Direct(emitter, address)

    async def work() -> None:
        message = build(rng, f"bench-i-{next(numbers):06d}", "inbound", SENDER, RCPT, SIZE)
        accepted = await send(emitter, route, message, time.monotonic(), RETRY, LIMITS, never)
        assert accepted

    return await closed_loop(work, seconds)


async def recorded(address: str, seconds: float, folder: Path, number: int) -> float:
    """Ours with the real journal on a real disk."""
    journal = JournalWriter(folder / f"{number}.ndjson")
    rate = await ours(address, seconds, Emitter(lambda data: journal.write_lines(data.decode().splitlines())))
    journal.close()
    return rate


def source(container: object, messages: int) -> float:
    """Postfix's own load generator, inside the sink's container."""
    command = f"smtp-source -s {WORKERS} -m {messages} -l {SIZE} -f {SENDER} -t {RCPT} 127.0.0.1:25"
    begin = time.perf_counter()
    code, output = container.exec_run(["sh", "-c", command])  # type: ignore[attr-defined]
    assert code == 0, output
    return messages / (time.perf_counter() - begin)


def main(rounds: int, seconds: float) -> None:
    """Print the table."""
    found: dict[str, list[float]] = {name: [] for name in ROWS}
    uv = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with smtp_sink() as (container, address), tempfile.TemporaryDirectory() as folder, uv as runner:
        runner.run(bare(address, 0.5))
        for number in range(rounds):
            found[ROWS[0]].append(source(container, 5000))
            found[ROWS[1]].append(runner.run(bare(address, seconds)))
            found[ROWS[2]].append(runner.run(ours(address, seconds, Silent(lambda _: None))))
            found[ROWS[3]].append(runner.run(recorded(address, seconds, Path(folder), number)))
    table(found, rounds, seconds)


def table(found: dict[str, list[float]], rounds: int, seconds: float) -> None:
    """Medians, spreads and the two ratios that have goals."""
    middle = {name: statistics.median(rates) for name, rates in found.items()}
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, uvloop"
    print(
        f"{where}, load {os.getloadavg()[0]:.1f}; {rounds} rounds of {seconds:g} s, {WORKERS} at a time, {SIZE} bytes"
    )
    for name in ROWS:
        spread = f"{min(found[name]):.0f} to {max(found[name]):.0f}"
        print(
            f"{name:<26}{middle[name]:8.0f} msg/s  ({spread})  {middle[name] / middle[ROWS[1]]:.2f} of bare aiosmtplib"
        )
    everything = [on / off for on, off in zip(found[ROWS[3]], found[ROWS[1]], strict=True)]
    recording = [1 - on / off for on, off in zip(found[ROWS[3]], found[ROWS[2]], strict=True)]
    print(f"everything on: {statistics.median(everything):.2f} of bare aiosmtplib (goal: at least 0.80)")
    print(
        f"recording costs {statistics.median(recording):.0%} of the throughput without a journal (goal: at most 20 %)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, float(sys.argv[2]) if len(sys.argv) > 2 else 2.0)
