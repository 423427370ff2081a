"""Times of messages: recovery point (RPA), catch-up, latency, delay debt, and the harness's own lateness."""

from __future__ import annotations

import polars as pl

from maildrill.measure.faults import first_effect
from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.ledger import HEADLINE_STREAMS
from maildrill.measure.result import FaultLife, Lateness, Quantiles, Rpa, Service
from maildrill.measure.services import SCHEDULED

PHASES = ("warm-up", "baseline", "timeline", "settle", "drain")
_NOT_VISIBLE = ("lost", "held", "unresolved")


def recovery_point(table: pl.DataFrame, faults: list[FaultLife]) -> Rpa:
    """How far back acknowledged mail was lost: first effect minus earliest loss, all streams."""
    lost = table.filter(pl.col("fate") == "lost")
    accepted = int(table["accepted_at"].is_not_null().sum())
    if lost.is_empty():
        bound = min(1.0, 3 / accepted) if accepted else None
        return Rpa(seconds=0.0, messages=0, bytes=0, accepted=accepted, bound=bound)
    effect, earliest = first_effect(faults), lost.select(pl.col("accepted_at").min()).item()
    seconds = None if effect is None else max(0.0, effect - float(earliest))
    return Rpa(seconds=seconds, messages=len(lost), bytes=int(lost["size"].sum()), accepted=accepted, bound=None)


def catch_up(table: pl.DataFrame, services: dict[str, Service], faults: list[FaultLife]) -> tuple[float | None, int]:
    """(seconds from the last service's return until the backlog was visible, messages never visible).

    None when a service is not back, or no fault was effective, or mail accepted before that never
    became visible. Bounced mail is not waited for.
    """
    triggered = [outage for s in services.values() for outage in s.outages if outage.trigger and outage.failed]
    uppers = [outage.upper for outage in triggered if outage.upper is not None]
    zero = max(uppers) if uppers else first_effect(faults)
    if zero is None:
        return None, 0
    before = table.filter(pl.col("stream").is_in(HEADLINE_STREAMS) & (pl.col("accepted_at") <= zero))
    missing = int(before["fate"].is_in(_NOT_VISIBLE).sum())
    if missing or len(uppers) < len(triggered):
        return None, missing
    visible = before.filter(pl.col("own_copies") > 0).select(pl.coalesce("seen_at", "census_at").max()).item()
    return (0.0 if visible is None else max(0.0, float(visible) - zero)), 0


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


def delay_debt(latency: pl.DataFrame, by_phase: dict[str, Quantiles]) -> float:
    """Message-minutes of delay beyond the baseline's median."""
    usual = by_phase["baseline"].p50 if "baseline" in by_phase else 0.0
    return float(latency.select((pl.col("latency") - usual).clip(lower_bound=0.0).sum()).item() or 0.0) / 60.0


def lateness(frames: Frames) -> Lateness:
    """How late messages and probes began, compared with when they were due."""
    offers = frames["offer"]["late"].quantile(0.99, "nearest")
    scheduled = frames["probe"].filter(pl.col("service").is_in(SCHEDULED))
    probes = (scheduled["begin"] - scheduled["t"]).quantile(0.99, "nearest")
    return Lateness(offers_p99_s=offers, probes_p99_s=probes)
