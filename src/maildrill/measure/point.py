"""The recovery point: how far back from its loss what was acknowledged may reach."""

from __future__ import annotations

import math

import polars as pl

from maildrill.measure.interval import Interval
from maildrill.measure.result import FaultLife


def point_before(gone: pl.Series, faults: list[FaultLife], horizon: float) -> Interval | None:
    """Seconds from the earliest of ``gone`` (moments of acknowledgement, s) to what took it; None without an effect.

    The bounds are equal for what one fault took that was acknowledged before it. They differ where several faults, or
    one at any time until it was healed, may have taken it.
    """
    lives = [life for life in faults if life.effective_at is not None]
    if not lives:
        return None
    upper = _at_most(gone, lives, horizon)
    return Interval(lower=min(_at_least(gone, lives), upper), upper=upper)


def _at_most(gone: pl.Series, lives: list[FaultLife], horizon: float) -> float:
    """What was acknowledged before the last effect is counted to that, what came later to when all were healed, and
    what came later still, or while one was never healed, to the end of observation (``horizon``).
    """
    effect = max(life.effective_at or 0.0 for life in lives)
    healed = max(horizon if life.healed_at is None else life.healed_at for life in lives)
    found, begin = [], -math.inf
    for end in (effect, max(effect, healed), max(horizon, _latest(gone))):
        found.append(_reach(gone, begin, end))
        begin = end
    return max(found)


def _at_least(gone: pl.Series, lives: list[FaultLife]) -> float:
    """What was acknowledged while nothing was broken is counted to the next effect, all else not at all."""
    found, whole_since = [0.0], -math.inf
    for effect, healed in sorted((life.effective_at or 0.0, life.verified_healed_at or math.inf) for life in lives):
        found.append(_reach(gone, whole_since, effect))
        whole_since = max(whole_since, healed)
    return max(found)


def _reach(gone: pl.Series, begin: float, end: float) -> float:
    """From the earliest of ``gone`` after ``begin`` to ``end``, s; 0 if none is between them."""
    inside = gone.filter((gone > begin) & (gone <= end))
    return end - float(inside.sort()[0]) if len(inside) else 0.0


def _latest(moments: pl.Series) -> float:
    return float(moments.sort()[-1]) if len(moments) else -math.inf
