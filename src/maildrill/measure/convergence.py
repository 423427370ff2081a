"""Whether the stores became equal in time: an objective, or a doubt where nobody could tell."""

from __future__ import annotations

from maildrill.measure.copies import Replicas
from maildrill.measure.interval import Censored

NOT_KNOWN = "REPLICAS_NOT_KNOWN"
NAME = "convergence"


def missed_convergence(goal: float | None, replicas: Replicas | None) -> list[tuple[str, str]]:
    """(objective, by how much), if it was missed: too late, or not equal in the end."""
    if goal is None or replicas is None:
        return []
    if replicas.equal is False:
        lacks = ", ".join(f"{one.name} lacks {one.lacks}, holds {one.twice} copies too many" for one in replicas.stores)
        return [(NAME, f"the stores were not equal at the end: {lacks}")]
    took = replicas.convergence_s
    if isinstance(took, Censored):
        text = f"not within {took.at_least_s:.2f} s; {goal:g} s were asked"
        return [(NAME, text)] if took.at_least_s >= goal else []
    if took is not None and took.upper > goal:
        return [(NAME, f"the stores were equal after {took.upper:.2f} s, {took.upper - goal:.2f} s over {goal:g} s")]
    return []


def doubted_convergence(goal: float | None, replicas: Replicas | None) -> list[tuple[str, str]]:
    """(code, why), if it cannot be said whether the objective was met."""
    if goal is None or missed_convergence(goal, replicas):
        return []
    if replicas is None:
        return [(NOT_KNOWN, "convergence: no store was looked at (probes: replicas)")]
    unread = [f"{box} on {one.name}" for one in replicas.stores for box in one.not_read]
    if replicas.equal is None:
        return [(NOT_KNOWN, f"convergence: not read to the end: {', '.join(unread) or 'some of the stores'}")]
    if replicas.convergence_s is None:
        return [(NOT_KNOWN, "convergence: no fault was healed before the end, so there is nothing to count from")]
    if isinstance(replicas.convergence_s, Censored):
        seen = replicas.convergence_s.at_least_s
        return [(NOT_KNOWN, f"convergence: only {seen:.2f} s were seen after the last heal")]
    return []
