"""Services: outages, and the recovery time achieved (RTA), from probes stamped with when they were due.

A failed probe is evidence of "down" at the moment it was due. An outage begins with a failure and
lasts until the first success s such that nothing fails in [s, s + W + R]. ``lower`` is when the last
failed probe was due; ``upper`` the earliest end of a success due at or after s.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.result import Censored, FaultLife, Interval, Outage, Service, Trigger
from maildrill.scenario.model import SERVICES, Scenario


@dataclass(frozen=True)
class Seen:
    """One probe: due, end (s), and whether it succeeded."""

    due: float
    end: float
    ok: bool


def horizon_of(frames: Frames) -> float:
    """When observation ended: the drain phase began, or else the last probe was due (s)."""
    drain = phase_start(frames, "drain")
    due = frames["probe"]["t"]
    return drain if drain is not None else (float(due[-1]) if len(due) else 0.0)


def triggers_of(faults: list[FaultLife]) -> list[tuple[Trigger, float | None]]:
    """Everything an outage can be counted from, with when that fault was requested."""
    found: list[tuple[Trigger, float | None]] = []
    for life in faults:
        for state, at in (("effective", life.effective_at), ("heal-requested", life.heal_requested_at)):
            if at is not None:
                asked = life.requested_at if state == "effective" else None
                found.append((Trigger(fault=life.kind, name=life.name, state=state, effective=at), asked))
    return sorted(found, key=lambda pair: (pair[0].effective, pair[0].name, pair[0].state))


def _trigger(first: Seen, lower: float, faults: list[FaultLife], deadline: float) -> Trigger | None:
    """The latest trigger the outage can be due to; else the first effect that fell into it."""
    best = None
    for trigger, asked in triggers_of(faults):
        early = asked is not None and asked <= first.end and trigger.effective - deadline <= first.due
        if trigger.effective <= first.due or early:
            best = trigger
        elif best is None and trigger.state == "effective" and trigger.effective <= lower:
            return trigger
    return best


def _groups(probes: list[Seen], need: float) -> list[tuple[int, int]]:
    """(first failure, last failure) of each outage, as positions in ``probes``."""
    groups: list[tuple[int, int]] = []
    success: float | None = None
    for i, probe in enumerate(probes):
        if probe.ok:
            success = probe.due if success is None else success
            continue
        if groups and (success is None or probe.due <= success + need):
            groups[-1] = (groups[-1][0], i)
        else:
            groups.append((i, i))
        success = None
    return groups


def find_outages(probes: list[Seen], faults: list[FaultLife], horizon: float, scenario: Scenario) -> list[Outage]:
    """All outages of one service, from its probes in the order they were due."""
    window, relapse = scenario.sustained.window, scenario.sustained.relapse
    outages = []
    for first, last in _groups(probes, window + relapse):
        after = [probe for probe in probes[last + 1 :] if probe.ok]
        observed = max(0.0, horizon - after[0].due) if after else 0.0
        back = bool(after) and observed >= window
        outages.append(
            Outage(
                start=probes[first].due,
                lower=probes[last].due,
                upper=min(probe.end for probe in after) if back else None,
                trigger=_trigger(probes[first], probes[last].due, faults, scenario.probes.deadline),
                failed=sum(not probe.ok for probe in probes[first : last + 1]),
                observed_s=observed,
            )
        )
    return outages


def _rta(outages: list[Outage]) -> Interval | Censored:
    """The longest recovery, counted from each outage's trigger."""
    lower, upper, censored = 0.0, 0.0, False
    for outage in outages:
        if outage.trigger is not None:
            zero = outage.trigger.effective
            lower = max(lower, outage.lower - zero)
            upper = max(upper, (outage.upper or 0.0) - zero)
            censored = censored or outage.upper is None
    return Censored(at_least_s=lower) if censored else Interval(lower=lower, upper=max(lower, upper))


def _judge(rta: Interval | Censored | None, rto: float | None) -> str:
    if rto is None:
        return "none"
    if rta is None:
        return "inconclusive"
    if isinstance(rta, Censored):
        return "fail" if rta.at_least_s >= rto else "inconclusive"
    return "pass" if rta.upper <= rto else "fail"


def _baseline(probes: list[Seen], frames: Frames) -> float | None:
    """Share of successful probes that ended within the baseline; None without any."""
    begin, end = phase_start(frames, "baseline"), phase_start(frames, "timeline")
    if begin is None:
        return None
    found = [probe.ok for probe in probes if begin <= probe.due and (end is None or probe.end < end)]
    return sum(found) / len(found) if found else None


def rto_of(scenario: Scenario, service: str) -> float | None:
    """The recovery time objective of a service, s; None if it has none."""
    objective = getattr(scenario.objectives, service)
    return objective.rto if objective else None


def measure_services(frames: Frames, faults: list[FaultLife], scenario: Scenario) -> dict[str, Service]:
    """Every service that was probed or has an objective."""
    horizon = horizon_of(frames)
    services = {}
    for name in SERVICES:
        rows = frames["probe"].filter((pl.col("service") == name) & (pl.col("t") <= horizon))
        probes = [Seen(*row) for row in rows.select("t", "end", "ok").iter_rows()]
        rto = rto_of(scenario, name)
        if not probes and rto is None:
            continue
        outages = find_outages(probes, faults, horizon, scenario)
        rta = _rta(outages) if probes else None
        services[name] = Service(
            rto_s=rto,
            rta_s=rta,
            outages=outages,
            probes=len(probes),
            failed=sum(not probe.ok for probe in probes),
            baseline_ok=_baseline(probes, frames),
            verdict=_judge(rta, rto),
        )
    return services
