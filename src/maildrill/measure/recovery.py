"""The recovery time of a service taken apart: effect, detected, switched, first success, sustained, backlog clear.

Parts that follow each other and add up to the whole; each is an upper bound. "Detected" is known where a proxy's log
says so (a node event whose detail begins with proxy:), or where somebody began to act: a recovery step of the plan was
requested, other than to heal. "Switched" is known where a proxy's log tells who served, or keepalived took the address:
the first session that another server took than those that were hit. It may come before the detection (a proxy tries
another server by itself): then it took no time.
"""

from __future__ import annotations

import polars as pl

from maildrill.measure.frames import Frames
from maildrill.measure.result import FaultLife, Outage, Recovery, Trigger

BACKENDS = {"mailbox": "imaps", "submission": "submission", "delivery": "lmtp"}
"""The backend of the proxies through which a service goes."""
DETECTORS = ("proxy",)
NOTICED = ("down", "holds-address")
"""States that a proxy writes down when it notices that something is away."""
ACTED = ("command", "ask")
"""Recovery steps by which somebody reacts to the disaster; to heal is to end it."""


def _deciding(outages: list[Outage]) -> Outage | None:
    """The outage that makes the RTA: one that did not end, or else the one longest after its onset."""

    def length(outage: Outage) -> float:
        assert outage.onset is not None
        return float("inf") if outage.upper is None else outage.upper - outage.onset.lower

    triggered = [outage for outage in outages if outage.onset is not None]
    longest = max(triggered, key=length, default=None)
    return longest if longest is not None and length(longest) > 0 else None


def _detected(frames: Frames, asked: float, begin: float, end: float | None) -> float | None:
    """When something in the cluster first noticed, or somebody acted, within [begin, end] (s).

    What a proxy noticed after the fault was ``asked`` for (s), before its effect was verified, it noticed at once.
    """
    nodes, steps = frames["node"], frames["recovery"]
    seen = pl.col("state").is_in(NOTICED) & pl.col("detail").str.extract(r"^(\w+):").is_in(DETECTORS)
    noticed = nodes.filter(seen & (pl.col("t") >= asked))["t"].clip(lower_bound=begin)
    acted = steps.filter(pl.col("action").is_in(ACTED), pl.col("state") == "requested")["t"]
    return _first([noticed, acted], begin, end)


def _first(moments: list[pl.Series], begin: float, end: float | None) -> float | None:
    """The first of the moments that is within [begin, end], s; None if none is."""
    found = pl.concat(moments)
    found = found.filter((found >= begin) & (found <= (float("inf") if end is None else end)))
    return float(found.min()) if len(found) else None  # type: ignore[arg-type]


def _switched(service: str, outage: Outage, faults: list[FaultLife], frames: Frames, end: float | None) -> float | None:
    """When another server (or proxy) first served after the onset, s; None if the journal does not say.

    A server that served all the time, in turns with the one that was hit, counts from its next second on.
    """
    trigger, onset = outage.trigger, outage.onset
    if trigger is None or onset is None or trigger.state != "effective":
        return None
    hit = {life.target for life in faults if _in_force(life, trigger.effective)}
    nodes, found = frames["node"], frames["served"].filter(pl.col("backend") == BACKENDS.get(service, ""))
    moved = [nodes.filter(pl.col("state") == "holds-address", ~pl.col("node").is_in(hit))["t"]]
    if hit & set(found["server"]):
        others = found.filter(pl.col("sessions") > 0, ~pl.col("server").is_in(hit))["t"]
        moved.append(others)
    return _first(moved, onset.lower, end)


def _in_force(life: FaultLife, t: float) -> bool:
    return life.effective_at is not None and life.effective_at <= t and (life.healed_at is None or life.healed_at > t)


def parts_between(begin: float, moments: list[float | None]) -> list[float | None]:
    """How long each moment was after the latest before it; one that is not known flows into the next, s."""
    parts: list[float | None] = []
    for moment in moments:
        parts.append(None if moment is None else max(0.0, moment - begin))
        begin = begin if moment is None else max(begin, moment)
    return parts


def _asked(trigger: Trigger, effect: float, faults: list[FaultLife]) -> float:
    """From when on a proxy may have noticed the outage: its fault's request, but for one that began long after, s."""
    if trigger.state != "effective" or effect > trigger.effective:
        return effect
    asked = [life.requested_at for life in faults if life.name == trigger.name and life.requested_at is not None]
    return min(asked, default=effect)


def recovery_of(service: str, outages: list[Outage], faults: list[FaultLife], frames: Frames) -> Recovery | None:
    """The parts up to sustained success; None if no outage followed a fault."""
    outage = _deciding(outages)
    if outage is None or outage.trigger is None or outage.onset is None:
        return None
    effect, success = outage.onset.lower, outage.first_success
    moments = [
        _detected(frames, _asked(outage.trigger, effect, faults), effect, success),
        _switched(service, outage, faults, frames, success),
        success,
        outage.upper,
    ]
    parts = parts_between(effect, moments)
    return Recovery(
        since=outage.trigger,
        onset=effect,
        detected_s=parts[0],
        switched_s=parts[1],
        first_success_s=parts[2],
        sustained_s=parts[3],
        backlog_s=None,
        whole_s=None if None in moments[2:] else sum(part for part in parts if part is not None),
    )
