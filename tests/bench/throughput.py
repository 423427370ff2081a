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
from dataclasses import dataclass
from pathlib import Path

import aiosmtplib
import uvloop
from smtp_sink import smtp_sink

from maildrill.journal.event import Event
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


@dataclass(frozen=True)
class Rate:
    """Messages per second, and the sender's CPU time for each, in microseconds (0: not measured)."""

    per_second: float
    cpu_us: float


async def closed_loop(work: Callable[[], Awaitable[None]], seconds: float) -> Rate:
    """Call ``work`` again and again, ``WORKERS`` at a time."""
    begin, count, used = time.perf_counter(), itertools.count(), time.process_time()

    async def worker() -> None:
        while time.perf_counter() - begin < seconds:
            await work()
            next(count)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    done = next(count)
    return Rate(done / (time.perf_counter() - begin), (time.process_time() - used) / done * 1e6)


async def bare(address: str, seconds: float) -> Rate:
    """aiosmtplib's own ``send``; the same message again and again."""
    data = build(random.Random(1), "x-1", "inbound", SENDER, RCPT, SIZE).data

    async def work() -> None:
        await aiosmtplib.send(data, sender=SENDER, recipients=[RCPT], hostname=address, port=25, start_tls=False)

    return await closed_loop(work, seconds)


async def ours(address: str, seconds: float, emitter: Emitter) -> Rate:
    """Ids, bodies, hashes, retries; and the journal, if the emitter has one."""
    rng, numbers, never, route = random.Random(1), itertools.count(), asyncio.Event(), Direct(emitter, address)

    async def work() -> None:
        message = build(rng, f"bench-i-{next(numbers):06d}", "inbound", SENDER, RCPT, SIZE)
        accepted = await send(emitter, route, message, time.monotonic(), RETRY, LIMITS, never)
        assert accepted

    return await closed_loop(work, seconds)


async def recorded(address: str, seconds: float, folder: Path, number: int) -> Rate:
    """Ours with the real journal on a real disk."""
    journal = JournalWriter(folder / f"{number}.ndjson")
    rate = await ours(address, seconds, Emitter(lambda data: journal.write_lines(data.decode().splitlines())))
    journal.close()
    return rate


def source(container: object, messages: int) -> Rate:
    """Postfix's own load generator, inside the sink's container."""
    command = f"smtp-source -s {WORKERS} -m {messages} -l {SIZE} -f {SENDER} -t {RCPT} 127.0.0.1:25"
    begin = time.perf_counter()
    code, output = container.exec_run(["sh", "-c", command])  # type: ignore[attr-defined]
    assert code == 0, output
    return Rate(messages / (time.perf_counter() - begin), 0.0)


def main(rounds: int, seconds: float) -> None:
    """Print the table."""
    found: dict[str, list[Rate]] = {name: [] for name in ROWS}
    uv = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with smtp_sink() as (container, address), tempfile.TemporaryDirectory() as folder, uv as runner:
        runner.run(bare(address, 0.5))
        for number in range(rounds):
            found[ROWS[0]].append(source(container, 5000))
            found[ROWS[1]].append(runner.run(bare(address, seconds)))
            found[ROWS[2]].append(runner.run(ours(address, seconds, Silent(lambda _: None))))
            found[ROWS[3]].append(runner.run(recorded(address, seconds, Path(folder), number)))
    table(found, rounds, seconds)


def table(found: dict[str, list[Rate]], rounds: int, seconds: float) -> None:
    """Medians, spreads and the two ratios that have goals."""
    middle = {name: statistics.median(rate.per_second for rate in rates) for name, rates in found.items()}
    cpu = {name: statistics.median(rate.cpu_us for rate in rates) for name, rates in found.items()}
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, uvloop"
    print(f"{where}, load {os.getloadavg()[0]:.1f}; {rounds} rounds of {seconds:g} s, {WORKERS} senders, {SIZE} bytes")
    for name in ROWS:
        rates = [rate.per_second for rate in found[name]]
        spread, share = f"({min(rates):.0f} to {max(rates):.0f})", middle[name] / middle[ROWS[1]]
        used = f"{cpu[name]:.0f} us CPU a message" if cpu[name] else ""
        print(f"{name:<26}{middle[name]:6.0f} msg/s {spread:<16} {share:.2f} of bare aiosmtplib  {used}")
    bare_cpu, silent_cpu, all_cpu = (cpu[name] for name in ROWS[1:])
    print(f"everything on: {_ratio(found, 3, 1):.2f} of bare aiosmtplib (goal: at least 0.80); "
          f"by CPU time, which a busy machine disturbs less: {bare_cpu / all_cpu:.2f}")  # fmt: skip
    cost = 1 - _ratio(found, 3, 2)
    print(f"recording costs {cost:.0%} of the throughput without a journal (goal: at most 20 %); "
          f"by CPU time: {1 - silent_cpu / all_cpu:.0%}")  # fmt: skip


def _ratio(found: dict[str, list[Rate]], this: int, other: int) -> float:
    """Median over the rounds of one row's rate by another's."""
    pairs = zip(found[ROWS[this]], found[ROWS[other]], strict=True)
    return statistics.median(a.per_second / b.per_second for a, b in pairs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, float(sys.argv[2]) if len(sys.argv) > 2 else 2.0)
