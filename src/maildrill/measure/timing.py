"""Times of messages: recovery point (RPA), latency, delay debt, and the harness's own lateness."""

from __future__ import annotations

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.ledger import HEADLINE_STREAMS
from maildrill.measure.point import point_before
from maildrill.measure.result import FaultLife, Lateness, Quantiles, Rpa
from maildrill.measure.services import SCHEDULED

PHASES = ("warm-up", "baseline", "timeline", "settle", "drain")
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
    """Message-minutes of delay beyond the baseline's median.

    Of what only the census found: until then; of what still waits: until the census began (``census``, s).
    """
    usual = by_phase["baseline"].p50 if "baseline" in by_phase else 0.0
    main = table.filter(pl.col("stream").is_in(HEADLINE_STREAMS) & pl.col("accepted_at").is_not_null())
    waiting = main.filter(pl.col("fate") == "held")["accepted_at"]
    found = main.filter(pl.col("seen_at").is_null() & (pl.col("own_copies") > 0))
    delays = [latency["latency"], found["census_at"] - found["accepted_at"]]
    delays += [] if census is None else [census - waiting]
    return sum(float((delay - usual).clip(lower_bound=0.0).sum()) for delay in delays) / 60.0


def lateness(frames: Frames) -> Lateness:
    """How late messages and probes began, compared with when they were due."""
    offers = frames["offer"]["late"].quantile(0.99, "nearest")
    scheduled = frames["probe"].filter(pl.col("service").is_in(SCHEDULED))
    probes = (scheduled["begin"] - scheduled["t"]).quantile(0.99, "nearest")
    return Lateness(offers_p99_s=offers, probes_p99_s=probes)
