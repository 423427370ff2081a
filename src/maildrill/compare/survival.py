"""Distributions with censoring: the Kaplan-Meier estimate of the share that has come back by time t."""

from __future__ import annotations

from dataclasses import dataclass

from maildrill.compare.observation import Observation


@dataclass(frozen=True)
class StepPoint:
    """At ``t`` (s) the share has risen to ``share``; ``mark``: here something stopped being observed."""

    t: float
    share: float
    mark: bool = False


def come_back(values: list[Observation]) -> list[StepPoint]:
    """The estimate as steps from (0, 0); without censoring it is the empirical distribution."""
    at_risk, still_down = len(values), 1.0
    points = [StepPoint(0.0, 0.0)]
    for t in sorted({one.value for one in values}):
        back = sum(one.value == t and not one.censored for one in values)
        gone = sum(one.value == t and one.censored for one in values)
        if back:
            still_down *= 1 - back / at_risk
            points.append(StepPoint(t, 1 - still_down))
        if gone:
            points.append(StepPoint(t, 1 - still_down, mark=True))
        at_risk -= back + gone
    return points
