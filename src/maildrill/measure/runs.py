"""Probes of one service folded into runs: consecutive probes of one outcome, and stretches without any.

A stretch without samples longer than ``unseen_after`` is a run of its own: a service that nobody looked at is
not known to be up. Where a fault took effect meanwhile, a shorter one counts as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Run:
    """``first`` and ``last``: when its first and last probe were due; ``end``: the earliest end of any (s).

    ``ok`` is None for a stretch without probes, from ``first`` to ``last``; ``count`` is then 0.
    """

    ok: bool | None
    first: float
    last: float
    end: float
    count: int


def unseen_after(every: float) -> float:
    """How long without a sample (s) means "not observed": ten probe intervals, and at least a second."""
    return max(10 * every, 1.0)


BRIEF = 0.3
"""A stretch of this part of ``unseen_after`` counts if a fault took effect in it: the service may have been away."""


def fold(probes: pl.DataFrame, unseen: float) -> dict[str, list[Run]]:
    """The runs of each service, from probes sorted by ``t`` (when due)."""
    ordered = probes.sort("service", "t", "end", "ok").with_columns(gap=pl.col("t").diff().over("service"))
    cut = (pl.col("gap") > BRIEF * unseen).fill_null(False).cum_sum()
    runs = (
        ordered.with_columns(run=pl.struct("service", "ok", cut.alias("cut")).rle_id())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("service", "ok").first(),
            first=pl.col("t").first(),
            last=pl.col("t").last(),
            end=pl.col("end").min(),
            count=pl.len(),
        )
    )
    found: dict[str, list[Run]] = {}
    for _, service, ok, first, last, end, count in runs.iter_rows():
        found.setdefault(service, []).append(Run(ok, first, last, end, count))
    return found


def with_gaps(
    runs: Iterable[Run], begin: float, horizon: float, unseen: float, effects: Collection[float] = ()
) -> list[Run]:
    """The same runs with the stretches without samples between them, from ``begin`` to ``horizon`` (s).

    ``effects``: when faults took effect.
    """

    def unknown(since: float, until: float) -> bool:
        brief = any(since <= effect < until for effect in effects)
        return until - since > (BRIEF * unseen if brief else unseen)

    full: list[Run] = []
    seen = begin
    for run in runs:
        if unknown(seen, run.first):
            full.append(_gap(seen, run.first))
        full.append(run)
        seen = max(seen, run.last)
    if unknown(seen, horizon):
        full.append(_gap(seen, horizon))
    return full


def _gap(begin: float, end: float) -> Run:
    return Run(None, begin, end, end, 0)
