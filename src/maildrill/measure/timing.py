"""Times of messages: recovery point (RPA), catch-up, latency, delay debt, and the harness's own lateness."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from maildrill.measure.faults import first_effect
from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.ledger import HEADLINE_STREAMS
from maildrill.measure.point import point_before
from maildrill.measure.result import FaultLife, Lateness, Quantiles, Rpa, Service
from maildrill.measure.services import SCHEDULED

PHASES = ("warm-up", "baseline", "timeline", "settle", "drain")
_NOT_VISIBLE = ("lost", "held", "unresolved")
_FATE_OPEN = ("held", "unresolved")


def recovery_point(table: pl.DataFrame, faults: list[FaultLife], horizon: float) -> Rpa:
    """How far back acknowledged mail was lost, all streams."""
    lost = table.filter(pl.col("fate") == "lost")
    accepted = table.filter(pl.col("accepted_at").is_not_null())
    known = len(accepted) - int(accepted["fate"].is_in(_FATE_OPEN).sum())
    counts = {"messages": len(lost), "bytes": int(lost["size"].sum()), "accepted": len(accepted), "known": known}
    if lost.is_empty():
        return Rpa(at_least_s=0.0, seconds=0.0, bound=min(1.0, 3 / known) if known else None, **counts)
    reach = point_before(lost["accepted_at"], faults, horizon)
    least, most = (reach.lower, reach.upper) if reach else (None, None)
    return Rpa(at_least_s=least, seconds=most, bound=None, **counts)


@dataclass(frozen=True)
class CatchUp:
    """``seconds`` from the last service's return until the backlog was visible; None when a service is not back, no
    fault was effective, or mail accepted before that never became visible (``never_visible``; ``lost`` of them are
    lost). ``waited_s``: from that return until the census; None if a service is not back.
    """

    seconds: float | None
    never_visible: int = 0
    lost: int = 0
    waited_s: float | None = None


def catch_up(
    table: pl.DataFrame, services: dict[str, Service], faults: list[FaultLife], census: float | None
) -> CatchUp:
    """When the backlog was visible. Bounced mail is not waited for. ``census``: when that phase began, s."""
    triggered = [outage for s in services.values() for outage in s.outages if outage.trigger and outage.failed]
    uppers = [outage.upper for outage in triggered if outage.upper is not None]
    zero = max(uppers) if uppers else first_effect(faults)
    if zero is None:
        return CatchUp(None)
    before = table.filter(pl.col("stream").is_in(HEADLINE_STREAMS) & (pl.col("accepted_at") <= zero))
    missing, lost = (int(before["fate"].is_in(fates).sum()) for fates in (_NOT_VISIBLE, ["lost"]))
    if len(uppers) < len(triggered):
        return CatchUp(None, missing, lost)
    if missing:
        return CatchUp(None, missing, lost, None if census is None else max(0.0, census - zero))
    visible = before.filter(pl.col("own_copies") > 0).select(pl.coalesce("seen_at", "census_at").max()).item()
    return CatchUp(0.0 if visible is None else max(0.0, float(visible) - zero))


def message_latency(table: pl.DataFrame, frames: Frames) -> pl.DataFrame:
    """id, stream, accepted_at, latency (s), phase of each headline message that was accepted and seen."""
    phase = pl.lit("up")
    for name in PHASES:
        start = phase_start(frames, name)
        if start is not None:
            phase = pl.when(pl.col("accepted_at") >= start).then(pl.lit(name)).otherwise(phase)
    seen = table.filter(
        pl.col("stream").is_in(HEADLINE_STREAMS) & pl.col("accepted_at").is_not_null() & pl.col("seen_at").is_not_null()
    )
    latency = (pl.col("seen_at") - pl.col("accepted_at")).clip(lower_bound=0.0)
    return seen.select("id", "stream", "accepted_at", latency=latency, phase=phase).sort("accepted_at", "id")


def latency_by_phase(latency: pl.DataFrame) -> dict[str, Quantiles]:
    """Quantiles of each phase's messages (nearest rank)."""
    found = {}
    for (phase,), part in latency.group_by("phase"):
        column = part["latency"]
        p50, p95, p99 = (float(column.quantile(q, "nearest") or 0.0) for q in (0.5, 0.95, 0.99))
        top = float(part.select(pl.col("latency").max()).item())
        found[str(phase)] = Quantiles(messages=len(part), p50=p50, p95=p95, p99=p99, max=top)
    return found


def delay_debt(
    table: pl.DataFrame, latency: pl.DataFrame, by_phase: dict[str, Quantiles], census: float | None
) -> float:
    """Message-minutes of delay beyond the baseline's median; what still waits, until the census began (s)."""
    usual = by_phase["baseline"].p50 if "baseline" in by_phase else 0.0
    held = (pl.col("fate") == "held") & pl.col("stream").is_in(HEADLINE_STREAMS) & pl.col("accepted_at").is_not_null()
    waiting = table.filter(held)["accepted_at"]
    delays = [latency["latency"], *([] if census is None else [census - waiting])]
    return sum(float((delay - usual).clip(lower_bound=0.0).sum()) for delay in delays) / 60.0


def lateness(frames: Frames) -> Lateness:
    """How late messages and probes began, compared with when they were due."""
    offers = frames["offer"]["late"].quantile(0.99, "nearest")
    scheduled = frames["probe"].filter(pl.col("service").is_in(SCHEDULED))
    probes = (scheduled["begin"] - scheduled["t"]).quantile(0.99, "nearest")
    return Lateness(offers_p99_s=offers, probes_p99_s=probes)
