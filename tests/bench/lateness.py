"""How late messages begin at a fixed rate, into Postfix's smtp-sink, everything on.

python tests/bench/lateness.py [RATE] [SECONDS]
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
import tempfile
from pathlib import Path

import uvloop
from smtp_sink import smtp_sink
from throughput import LIMITS, RCPT, RETRY, SENDER, SIZE, Direct

from maildrill.journal.writer import JournalWriter
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import build
from maildrill.traffic.mta import send
from maildrill.traffic.schedule import Schedule


async def offer(address: str, rate: float, seconds: float, path: Path) -> None:
    """One open-loop sender."""
    journal = JournalWriter(path)
    emitter = Emitter(lambda data: journal.write_lines(data.decode().splitlines()))
    rng, numbers, never, route = random.Random(1), itertools.count(), asyncio.Event(), Direct(emitter, address)

    async def work(due: float) -> bool:
        message = build(rng, f"bench-i-{next(numbers):06d}", "inbound", SENDER, RCPT, SIZE)
        return await send(emitter, route, message, due, RETRY, LIMITS, never)

    schedule = Schedule(1 / rate, work)
    schedule.start()
    await asyncio.sleep(seconds)
    schedule.stop()
    await schedule.finished()
    emitter.flush()
    journal.close()


def main(rate: float, seconds: float) -> None:
    """Print the quantiles."""
    with smtp_sink() as (_, address), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.ndjson"
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(offer(address, rate, seconds, path))
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    late = sorted(line["late"] for line in lines if line["e"] == "offer")
    p50, p99 = (late[int(len(late) * q)] * 1000 for q in (0.5, 0.99))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}: {len(late)} messages at {rate:g}/s began late by "
          f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, at most {late[-1] * 1000:.2f} ms (goal: p99 at most 5 ms)")  # fmt: skip


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 200.0, float(sys.argv[2]) if len(sys.argv) > 2 else 10.0)
