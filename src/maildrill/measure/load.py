"""Whether the machine had processors to spare: servers that wait for one look like servers that fail."""

from __future__ import annotations

import polars as pl
from pydantic import Field

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.part import Part

FULL = 0.95


class MachineLoad(Part):
    """What the processors of the engine's machine did, from the baseline to the drain phase."""

    cores: int
    busy: float = Field(description="processors at work, with whatever, on average")
    full: float = Field(description=f"part of that time in which {FULL:.0%} of them or more were at work")


def machine_load(frames: Frames) -> MachineLoad | None:
    """From the looks of each second; None if nobody looked, as in a journal of an older version."""
    begin, end = phase_start(frames, "baseline"), phase_start(frames, "drain")
    looks = frames["load"].filter(pl.col("t") >= (begin or 0.0), pl.col("t") <= (float("inf") if end is None else end))
    if looks.is_empty():
        return None
    full = pl.col("busy") >= FULL * pl.col("cores")
    cores, busy, part = looks.select(pl.col("cores").max(), pl.col("busy").mean(), full.mean().alias("full")).row(0)
    return MachineLoad(cores=cores, busy=busy, full=part)
