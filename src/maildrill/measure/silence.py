"""Write outage and read outage: the longest time without one acknowledged success, whatever the reason."""

from __future__ import annotations

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.result import Gap

WRITES = {"inbound": ("inbound", "probe-inbound"), "submission": ("submission", "outbound", "probe-outbound")}


def longest_gap(times: pl.Series, begin: float, end: float) -> Gap:
    """The longest stretch of [begin, end] (s) without any of ``times``."""
    inside = times.filter((times > begin) & (times < end))
    marks = pl.concat([pl.Series([begin]), inside.sort(), pl.Series([max(begin, end)])])
    at = int((marks.diff().arg_max()) or 1)
    return Gap(start=float(marks[at - 1]), end=float(marks[at]))


def write_outage(table: pl.DataFrame, frames: Frames, horizon: float) -> dict[str, Gap]:
    """For each way to hand mail over that was used: the longest gap between acknowledgements."""
    begin, found = phase_start(frames, "baseline"), {}
    for name, streams in WRITES.items():
        mail = table.filter(pl.col("stream").is_in(streams))
        if begin is not None and len(mail):
            found[name] = longest_gap(mail["accepted_at"].drop_nulls(), begin, horizon)
    return found


def read_outage(frames: Frames, horizon: float) -> Gap | None:
    """The longest gap between successful mailbox probes; None if there were no such probes."""
    begin = phase_start(frames, "baseline")
    probes = frames["probe"].filter(pl.col("service") == "mailbox")
    if begin is None or probes.is_empty():
        return None
    return longest_gap(probes.filter("ok")["end"], begin, horizon)
