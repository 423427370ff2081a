"""The recovery time of a service taken apart: effect, detected, first success, sustained, backlog clear.

Parts that follow each other and add up to the whole; each is an upper bound. "Detected" is known only where
the journal holds a node event that says so: its detail begins with proxy:, dns: or replication:.
"""

from __future__ import annotations

import polars as pl

from maildrill.measure.result import Outage, Recovery, Service

DETECTORS = ("proxy", "dns", "replication")


def _deciding(outages: list[Outage]) -> Outage | None:
    """The outage that makes the RTA: one that did not end, or else the one longest after its trigger."""

    def length(outage: Outage) -> float:
        assert outage.trigger is not None
        return float("inf") if outage.upper is None else outage.upper - outage.trigger.effective

    triggered = [outage for outage in outages if outage.trigger is not None]
    longest = max(triggered, key=length, default=None)
    return longest if longest is not None and length(longest) > 0 else None


def _detected(nodes: pl.DataFrame, begin: float, end: float | None) -> float | None:
    """When something in the cluster first noticed, within [begin, end] (s)."""
    found = nodes.filter(pl.col("t") >= begin, pl.col("detail").str.extract(r"^(\w+):").is_in(DETECTORS))
    if end is not None:
        found = found.filter(pl.col("t") <= end)
    return float(found["t"].min()) if len(found) else None  # type: ignore[arg-type]


def recovery_of(outages: list[Outage], nodes: pl.DataFrame) -> Recovery | None:
    """The parts up to sustained success; None if no outage followed a fault."""
    outage = _deciding(outages)
    if outage is None or outage.trigger is None:
        return None
    effect, success = outage.trigger.effective, outage.first_success
    detected = _detected(nodes, effect, success)
    begin = effect if detected is None else detected
    first = None if success is None else max(0.0, success - begin)
    sustained = None if success is None or outage.upper is None else max(0.0, outage.upper - max(success, begin))
    return Recovery(
        since=outage.trigger,
        detected_s=None if detected is None else detected - effect,
        first_success_s=first,
        sustained_s=sustained,
        backlog_s=None,
        whole_s=None if first is None or sustained is None else begin - effect + first + sustained,
    )


def with_backlog(services: dict[str, Service], catch_up_s: float | None) -> dict[str, Service]:
    """The services with the last part added: from its own return until the drill's backlog was visible."""
    outages = [outage for service in services.values() for outage in service.outages]
    uppers = [outage.upper for outage in outages if outage.trigger and outage.failed and outage.upper]
    if catch_up_s is None or not uppers:
        return services
    clear = max(uppers) + catch_up_s
    return {name: _cleared(service, clear) for name, service in services.items()}


def _cleared(service: Service, clear: float) -> Service:
    recovery = service.recovery
    if recovery is None or recovery.whole_s is None:
        return service
    backlog = max(0.0, clear - (recovery.since.effective + recovery.whole_s))
    done = recovery.model_copy(update={"backlog_s": backlog, "whole_s": recovery.whole_s + backlog})
    return service.model_copy(update={"recovery": done})
