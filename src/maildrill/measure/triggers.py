"""What an outage is counted from: the verified effect of a fault, or the request to heal one.

Of an outage that began before the effect was verified, the true onset lies between its first failure (not before the
fault was requested) and that verification. Where several may have caused it, the onset is anywhere between the
earliest and the latest of them: only a probe that succeeded afterwards rules one out.
"""

from __future__ import annotations

from dataclasses import dataclass

from maildrill.measure.interval import Interval
from maildrill.measure.result import FaultLife, Trigger
from maildrill.measure.runs import Run

BY_CHANCE = 2
"""So many probe intervals after an effect a success says nothing against it: the next may be the first to fail."""
QUICK_S = 1.0
"""So long a good probe may be under way when a fault hits it; one that hung for longer, something else had hit, s."""


@dataclass(frozen=True)
class Cause:
    """A trigger, and when its fault was requested (s); None for the request to heal it."""

    trigger: Trigger
    asked: float | None


def causes_of(faults: list[FaultLife]) -> list[Cause]:
    """Everything an outage can be counted from, in the order of the moments."""
    found = []
    for life in faults:
        for state, at in (("effective", life.effective_at), ("heal-requested", life.heal_requested_at)):
            if at is not None:
                asked = life.requested_at if state == "effective" else None
                found.append(Cause(Trigger(fault=life.kind, name=life.name, state=state, effective=at), asked))
    return sorted(found, key=lambda cause: (cause.trigger.effective, cause.trigger.name, cause.trigger.state))


def possible_causes(
    first: Run, seen_up: float, until: float, faults: list[FaultLife], deadline: float, every: float
) -> list[Cause]:
    """All that the outage may be due to; empty if nothing was broken by ``until``, its end (s).

    Those of before its ``first`` run, unless a probe due later (``seen_up``: the last that succeeded) rules them out;
    and those requested before the first failed probe had ended. Without either, or if that probe hung already when
    these were requested, the latest of before; or else the first effect that fell into the outage. ``deadline`` of a
    probe, and ``every``: the time between two, s.
    """
    before, early, inside, is_explained = [], [], [], False
    for cause in causes_of(faults):
        effective, asked = cause.trigger.effective, cause.asked
        if effective <= first.first:
            before.append(cause)
        elif asked is not None and asked - deadline <= first.first and asked <= first.end:
            early.append(cause)
            is_explained |= first.ok is None or asked <= first.first + QUICK_S
        elif cause.trigger.state == "effective" and effective <= until:
            inside.append(cause)
    near = [cause for cause in before if cause.trigger.effective >= seen_up - BY_CHANCE * every]
    likely = near if near or is_explained else before[-1:]
    return [*likely, *early] or inside[:1]


def onset_of(start: float, failed: float | None, cause: Cause, need: float) -> Interval:
    """The moments between which lies the one that an outage is counted from, if this was its cause.

    ``failed``: its first failure (s). ``need``: how long success must last; an outage that began longer after the
    cause is counted from its own start, s.
    """
    effective = cause.trigger.effective
    if start < effective:
        noticed = effective if failed is None else max(failed, failed if cause.asked is None else cause.asked)
        return Interval(lower=min(noticed, effective), upper=effective)
    if start < effective + need:
        return Interval(lower=effective, upper=effective)
    return Interval(lower=start, upper=start)
