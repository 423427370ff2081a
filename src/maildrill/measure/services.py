"""Services: outages, and the recovery time achieved (RTA), from probes stamped with when they were due.

A failed probe is evidence of "down" at the moment it was due; one that the harness itself began late is evidence of
that moment only. An outage begins with a failure and lasts until the first success s such that nothing
fails, and nothing goes unobserved, in [s, s + W + R]. ``lower`` is when the last failed probe was due; ``upper`` the
earliest end of a success due at or after s. A stretch without samples is no evidence of down, but none of up either:
it can only widen the interval.

An outage is counted from what caused it (see ``triggers``): what came back for W + R and failed again later is an
outage of its own, counted from its own start.
"""

from __future__ import annotations

import math

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.interval import Censored, Interval
from maildrill.measure.recovery import recovery_of
from maildrill.measure.result import FaultLife, Gap, Outage, Service, Trigger
from maildrill.measure.runs import Run, fold, unseen_after, with_gaps
from maildrill.measure.triggers import QUICK_S, Cause, onset_of, possible_causes
from maildrill.scenario.model import SERVICES, Scenario

SCHEDULED = ("inbound", "submission", "mailbox")
"""Services whose probes begin on their own schedule; delivery and outbound begin when these accept."""


def horizon_of(frames: Frames) -> float:
    """When observation ended: the drain phase began, or else the last probe was due (s)."""
    drain = phase_start(frames, "drain")
    due = frames["probe"]["t"]
    return drain if drain is not None else (float(due[-1]) if len(due) else 0.0)


def clock_error(frames: Frames) -> float:
    """By how much the vantage's clock, which stamps probes and mail, may differ from that of the faults, s."""
    return max((abs(float(error)) for error in frames["clock"]["error_s"]), default=0.0)


def _begins_by(run: Run, limit: float) -> bool:
    """Whether something bad happened up to and with ``limit`` (s); nothing is missing yet where a gap begins."""
    return run.first < limit or (run.ok is False and run.first == limit)


def _groups(runs: list[Run], need: float) -> list[tuple[int, int]]:
    """(first, last) position of each stretch that is not sustained success: it begins and ends with a bad run."""
    groups: list[tuple[int, int]] = []
    success: float | None = None
    for i, run in enumerate(runs):
        if run.ok:
            success = run.first if success is None else success
            continue
        if groups and (success is None or _begins_by(run, success + need)):
            groups[-1] = (groups[-1][0], i)
        else:
            groups.append((i, i))
        success = None
    return groups


def _outage(runs: list[Run], group: tuple[int, int], faults: list[FaultLife], horizon: float, plan: Scenario) -> Outage:
    first, last = group
    inside = runs[first : last + 1]
    after = [run for run in runs[last + 1 :] if run.ok]
    failures = [run for run in inside if run.ok is False]
    observed = max(0.0, horizon - after[0].first) if after else 0.0
    lower = failures[-1].last if failures else inside[0].first
    back = bool(after) and observed >= plan.sustained.window
    upper = min(run.end for run in after) if back else None
    start, seen_up = inside[0].first, runs[first - 1].last if first and runs[first - 1].ok else -math.inf
    until, probes = horizon if upper is None else upper, plan.probes
    causes = possible_causes(inside[0], seen_up, until, faults, probes.deadline, probes.every)
    need = plan.sustained.window + plan.sustained.relapse
    onset, trigger = _onset(start, failures[0].first if failures else None, causes, need)
    zero = max(start, onset.lower) if onset else start
    successes = [max(run.end, zero) for run in [*inside, *after] if run.ok and run.last >= zero]
    success = min(successes, default=None)
    return Outage(
        start=start,
        lower=lower,
        upper=upper,
        first_success=success if success is None or upper is None else min(success, upper),
        trigger=trigger,
        onset=onset,
        failed=sum(run.count for run in failures),
        unobserved_s=sum(run.last - run.first for run in inside if run.ok is None),
        observed_s=observed,
    )


def _onset(
    start: float, failed: float | None, causes: list[Cause], need: float
) -> tuple[Interval, Trigger] | tuple[None, None]:
    """Between which moments the outage's onset lies, whichever caused it, and the earliest that may have."""
    if not causes:
        return None, None
    each = [onset_of(start, failed, cause, need) for cause in causes]
    earliest = min(zip(each, causes, strict=True), key=lambda pair: pair[0].lower)
    return Interval(lower=earliest[0].lower, upper=max(one.upper for one in each)), earliest[1].trigger


def find_outages(runs: list[Run], faults: list[FaultLife], horizon: float, scenario: Scenario) -> list[Outage]:
    """All outages of one service, from its runs (gaps included) in the order they were due."""
    need = scenario.sustained.window + scenario.sustained.relapse
    return [_outage(runs, group, faults, horizon, scenario) for group in _groups(runs, need)]


def _rta(outages: list[Outage]) -> Interval | Censored | None:
    """The longest recovery, counted from each outage's onset; None if nobody looked when it mattered."""
    lower, upper, censored, failed = 0.0, 0.0, False, False
    for outage in outages:
        if outage.onset is not None:
            failed = failed or outage.failed > 0
            lower = max(lower, outage.lower - outage.onset.upper) if outage.failed else lower
            upper = max(upper, (outage.upper or 0.0) - outage.onset.lower)
            censored = censored or outage.upper is None
    if censored:
        return Censored(at_least_s=lower) if failed else None
    return Interval(lower=lower, upper=max(lower, upper))


def _judge(rta: Interval | Censored | None, rto: float | None, outages: list[Outage]) -> str:
    """By the upper bound; but if only a stretch without samples put that over the RTO, nothing is proven."""
    if rto is None:
        return "none"
    if rta is None:
        return "inconclusive"
    if isinstance(rta, Censored):
        return "fail" if rta.at_least_s >= rto else "inconclusive"
    if rta.upper <= rto:
        return "pass"
    return "fail" if any(_proven(outage, rto) for outage in outages) else "inconclusive"


def _proven(outage: Outage, rto: float) -> bool:
    """Whether this outage was longer than the RTO, unobserved stretches taken in the service's favour."""
    if outage.onset is None or outage.upper is None or outage.upper - outage.onset.lower <= rto:
        return False
    return outage.unobserved_s == 0 or (outage.failed > 0 and outage.lower - outage.onset.upper > rto)


def _baseline(probes: pl.DataFrame, frames: Frames) -> float | None:
    """Share of successful probes of those due from the baseline until the first fault was requested; None without any.

    A probe that failed after that does not count if it was under way no longer than a good one may be: the fault may
    have hit it.
    """
    begin, end = phase_start(frames, "baseline"), phase_start(frames, "timeline")
    if begin is None:
        return None
    asked = frames["fault"].filter(pl.col("state") == "requested")["t"]
    end = float(asked[0]) if len(asked) else end
    found = probes.filter(pl.col("t") >= begin)
    if end is not None:
        found = found.filter(pl.col("t") < end)
        usual = found.filter("ok").select((pl.col("end") - pl.col("begin")).max()).item() or 0.0
        hit = ~pl.col("ok") & (pl.col("end") >= end) & (end - pl.col("begin") <= max(usual, QUICK_S))
        found = found.filter(~hit)
    return float(found["ok"].sum()) / len(found) if len(found) else None


def _seen(probes: pl.DataFrame, every: float) -> pl.DataFrame:
    """All probes; those that the harness began late, by more than two intervals, stamped with their begin."""
    starved = pl.col("service").cast(pl.String).is_in(SCHEDULED) & (pl.col("begin") - pl.col("t") > 2 * every)
    return probes.with_columns(t=pl.when(starved).then("begin").otherwise("t")).sort("t", "end", "ok")


def rto_of(scenario: Scenario, service: str) -> float | None:
    """The recovery time objective of a service, s; None if it has none."""
    objective = getattr(scenario.objectives, service)
    return objective.rto if objective else None


def measure_services(frames: Frames, faults: list[FaultLife], scenario: Scenario) -> dict[str, Service]:
    """Every service that was probed or has an objective; what was due before the baseline is no evidence."""
    horizon, unseen = horizon_of(frames), unseen_after(scenario.probes.every)
    probes, begin = (
        _seen(frames["probe"], scenario.probes.every).filter(pl.col("t") <= horizon),
        phase_start(frames, "baseline"),
    )
    if begin is None:
        begin = float(probes["t"][0]) if len(probes) else horizon
    probes = probes.filter(pl.col("t") >= begin)
    runs = fold(probes, unseen)
    effects = [life.effective_at for life in faults if life.effective_at is not None]
    services = {}
    for name in SERVICES:
        if name not in runs and rto_of(scenario, name) is None:
            continue
        full = with_gaps(runs.get(name, []), begin, horizon, unseen, effects)
        services[name] = _service(full, probes.filter(pl.col("service") == name), name, faults, frames, scenario)
    return services


def _service(
    runs: list[Run], probes: pl.DataFrame, name: str, faults: list[FaultLife], frames: Frames, scenario: Scenario
) -> Service:
    outages = find_outages(runs, faults, horizon_of(frames), scenario) if len(probes) else []
    rta, rto = _rta(outages) if len(probes) else None, rto_of(scenario, name)
    return Service(
        rto_s=rto,
        rta_s=rta,
        recovery=recovery_of(name, outages, faults, frames),
        outages=outages,
        unobserved=[Gap(start=run.first, end=run.last) for run in runs if run.ok is None],
        probes=len(probes),
        failed=int((~probes["ok"]).sum()),
        baseline_ok=_baseline(probes, frames),
        verdict=_judge(rta, rto, outages),
    )
