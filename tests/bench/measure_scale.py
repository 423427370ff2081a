"""Journal to result, at scale: time, peak memory, and whether twice the mail takes twice as long.

    .venv/bin/python tests/bench/measure_scale.py [MESSAGES ...]        (default: 200000 1000000)

Makes a journal of each size (three events a message: offer, attempt, copy; a census of every mailbox; probes;
one killed server, 0.1 % of the mail lost, 1 % delivered twice), sealed every ten lines as a busy drill would, and
measures each in a process of its own. Targets: a million messages from journal to result in at most 5 s and 1 GiB,
and time linear in messages. Only on a machine that does nothing else does the time mean anything.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

RATE = 1000.0
BOXES = 1000
SEAL_EVERY = 10
SCENARIO = """\
scenario: scale
title: Scale
timeline: [{at: 0, fault: kill, target: {role: mx}}]
objectives: {inbound: {rto: 60s}, lost: 1000000000}
"""


def message(i: int, start: float) -> list[str]:
    """The three events of message ``i``."""
    due = start + i / RATE
    id, box = f"7a3b9c1d-i-{i:06d}", f"user{i % BOXES}@example.test"
    digest = f"{i * 2654435761 % 2**64:016x}"
    return [
        f'{{"e":"offer","t":{due:.6f},"id":"{id}","stream":"inbound","sender":"stranger-{i % 97}@outside.test",'
        f'"rcpt":"{box}","size":2000,"hash":"{digest}","late":0.000{i % 900 + 100}}}',
        f'{{"e":"attempt","t":{due + 0.001:.6f},"id":"{id}","n":1,"host":"10.213.128.4","end":{due + 0.02:.6f},'
        f'"dot":{due + 0.015:.6f},"outcome":"accepted","code":250,"reply":"2.0.0 Ok: queued as {i:012X}"}}',
        f'{{"e":"copy","t":{due + 0.08:.6f},"id":"{id}","mailbox":"{box}","uid":{i // BOXES + 1},"uidvalidity":1,'
        f'"hash":"{digest}"}}',
    ]


def census(box: int, messages: int, at: float) -> str:
    """The final look at one mailbox: every thousandth message is gone, every hundredth is there twice."""
    found = [i for i in range(box, messages, BOXES) if i // BOXES % 1000 != 7]
    found += found[::100]
    return json.dumps({
        "e": "census", "t": round(at, 6), "mailbox": f"user{box}@example.test", "whole": True, "error": "",
        "ids": [f"7a3b9c1d-i-{i:06d}" for i in found], "uids": list(range(1, len(found) + 1)),
        "hashes": [f"{i * 2654435761 % 2**64:016x}" for i in found],
    }, separators=(",", ":"))  # fmt: skip


def lines(messages: int) -> Iterator[str]:
    """The whole drill, line by line."""
    seconds = messages / RATE
    begin, end = 10.0, 10.0 + seconds
    down = (begin + seconds / 2, begin + seconds / 2 + 3)
    yield '{"e":"start","t":0.0,"version":1,"drill":"scale","scenario":"s","cluster":"c","seed":1,"wall":"2026-01-01"}'
    for t, name in ((0.0, "up"), (begin, "baseline"), (down[0] - 1, "timeline"), (down[1], "settle")):
        yield f'{{"e":"phase","t":{t},"name":"{name}"}}'
    for before, state in ((0.3, "requested"), (0.1, "injected"), (0.0, "effective")):
        what = '"fault":"kill","name":"k","target":"mx1"'
        yield f'{{"e":"fault","t":{down[0] - before},{what},"state":"{state}","detail":""}}'
    for i in range(messages):
        yield from message(i, begin)
        if i % int(RATE / 10) == 0:
            t = begin + i / RATE
            bad = down[0] <= t < down[1]
            for service in ("inbound", "submission", "mailbox", "delivery", "outbound"):
                ok, error = ("false", "refused") if bad and service == "inbound" else ("true", "")
                yield (
                    f'{{"e":"probe","t":{t:.6f},"service":"{service}","begin":{t + 0.001:.6f},"end":{t + 0.05:.6f},'
                    f'"ok":{ok},"error":"{error}"}}'
                )
    for i, name in enumerate(("drain", "census")):
        yield f'{{"e":"phase","t":{end + i},"name":"{name}"}}'
    for box in range(BOXES):
        yield census(box, messages, end + 1.5)
    yield f'{{"e":"note","t":{end + 2},"name":"clean","detail":"","value":0.0}}'
    yield f'{{"e":"phase","t":{end + 3},"name":"end"}}'


def write_journal(path: Path, messages: int) -> None:
    """A sealed journal of that many messages."""
    crc, batch = 0, []
    with path.open("wb") as file:

        def seal() -> None:
            nonlocal crc
            body = "".join(batch).encode()
            crc = zlib.crc32(body, crc)
            mark = f'{{"e":"seal","lines":{len(batch)},"crc":"{crc:08x}"}}\n'.encode()
            file.write(body + mark)
            crc = zlib.crc32(mark, crc)
            batch.clear()

        for line in lines(messages):
            batch.append(line + "\n")
            if len(batch) >= SEAL_EVERY:
                seal()
        if batch:
            seal()


def measured(folder: Path) -> dict[str, float]:
    """What measuring a folder takes in a fresh process; ``whole`` has the interpreter and its imports in it."""
    began = time.monotonic()
    command = [sys.executable, __file__, "--measure", str(folder)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {"whole": time.monotonic() - began, **json.loads(answer.stdout)}


def measure(folder: Path) -> None:
    """Measure as ``maildrill measure`` does; print seconds to the result, to the page, and peak memory in MiB."""
    from maildrill.journal.reader import read_journal
    from maildrill.measure.measure import measure_with_tables
    from maildrill.report.html import html
    from maildrill.scenario.document import check, read_yaml
    from maildrill.scenario.model import Scenario

    began, cpu = time.monotonic(), time.process_time()
    scenario = check(Scenario, read_yaml(folder / "scenario.yaml"))
    measured = measure_with_tables(read_journal(folder / "journal.ndjson"), scenario)
    ledger = measured.result.ledger
    assert measured.result.text()
    assert ledger.identity
    assert ledger.lost == sum(1 for k in range(ledger.offered // BOXES) if k % 1000 == 7) * BOXES
    took = {"result": time.monotonic() - began, "cpu": time.process_time() - cpu}
    took["MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    html(measured, scenario)
    print(json.dumps(took))


def main() -> None:
    """One line a size, then the ratio of each to the first."""
    sizes = [int(size) for size in sys.argv[1:]] or [200_000, 1_000_000]
    first: tuple[int, float] | None = None
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "scenario.yaml").write_text(SCENARIO)
            write_journal(folder / "journal.ndjson", size)
            megabytes = (folder / "journal.ndjson").stat().st_size / 1e6
            took = measured(folder)
        first = first or (size, took["result"])
        linear = took["result"] / first[1] / (size / first[0])
        print(
            f"{size:>9} messages, {megabytes:7.1f} MB: result in {took['result']:6.2f} s"
            f" (processor {took['cpu']:.2f} s), with imports and page {took['whole']:6.2f} s,"
            f" peak {took['MiB']:5.0f} MiB, {linear:.2f} of linear from {first[0]}",
            flush=True,
        )


if __name__ == "__main__":
    measure(Path(sys.argv[2])) if sys.argv[1:2] == ["--measure"] else main()
