"""The recovery point: how far back from its loss what was acknowledged may reach."""

from __future__ import annotations

import math

import polars as pl

from maildrill.measure.result import FaultLife


def point_before(gone: pl.Series, faults: list[FaultLife], horizon: float) -> float | None:
    """Seconds from the earliest of ``gone`` (moments of acknowledgement, s) to what took it; None without an effect.

    An upper bound where several things may have: what was acknowledged before the last effect is counted to that,
    what came later to the last healing after it, and what came later still to the end of observation (``horizon``).
    """
    effect = max((life.effective_at for life in faults if life.effective_at is not None), default=None)
    if effect is None:
        return None
    healed = max((life.heal_requested_at or effect for life in faults), default=effect)
    found, begin = [], -math.inf
    for end in (effect, max(effect, healed), max(horizon, _latest(gone))):
        inside = gone.filter((gone > begin) & (gone <= end))
        if len(inside):
            found.append(end - float(inside.sort()[0]))
        begin = end
    return max(found, default=0.0)


def _latest(moments: pl.Series) -> float:
    return float(moments.sort()[-1]) if len(moments) else -math.inf
