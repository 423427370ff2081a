"""Catch-up: from the return of the services until the mail accepted before it was visible.

Outages of several services that overlap are one episode, and its end is the return of the last of them. Each episode
has a backlog of its own; the longest catch-up is the drill's.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from maildrill.measure.faults import first_effect
from maildrill.measure.ledger import HEADLINE_STREAMS
from maildrill.measure.result import FaultLife, Outage, Service

_GONE = ("lost", "held")
EXACT_S = 1e-6
"""Sums of parts are compared with moments to this, s."""


@dataclass(frozen=True)
class CatchUp:
    """``seconds`` from a return until its backlog was visible, the longest; None when a service is not back, no fault
    was effective, mail accepted before that never became visible (``never_visible``; ``lost`` of them are lost), or
    that is not known. ``waited_s``: from the last return until the census; None if a service is not back.
    ``clear``: return of each episode -> when its backlog was visible, s.
    """

    seconds: float | None
    never_visible: int = 0
    lost: int = 0
    waited_s: float | None = None
    clear: tuple[tuple[float, float], ...] = ()


def _returns(services: dict[str, Service]) -> list[float | None]:
    """When the last service of each episode was back; None for one that did not end."""
    outages = [outage for one in services.values() for outage in one.outages if outage.trigger and outage.failed]
    found: list[list[Outage]] = []
    for outage in sorted(outages, key=lambda one: one.start):
        end = _end(found[-1]) if found else None
        if found and (end is None or outage.start <= end):
            found[-1].append(outage)
        else:
            found.append([outage])
    return [_end(episode) for episode in found]


def _end(episode: list[Outage]) -> float | None:
    uppers = [outage.upper for outage in episode if outage.upper is not None]
    return max(uppers) if len(uppers) == len(episode) else None


def catch_up(
    table: pl.DataFrame, services: dict[str, Service], faults: list[FaultLife], census: float | None
) -> CatchUp:
    """When the backlog was visible. Bounced mail is not waited for. ``census``: when that phase began, s."""
    returns = _returns(services) or [first_effect(faults)]
    back = [end for end in returns if end is not None]
    if not back:
        return CatchUp(None)
    before = table.filter(pl.col("stream").is_in(HEADLINE_STREAMS) & (pl.col("accepted_at") <= max(back)))
    unseen = before.filter(pl.col("seen_at").is_null())
    missing, lost, unknown = (int(unseen["fate"].is_in(fates).sum()) for fates in (_GONE, ["lost"], ["unresolved"]))
    if len(back) < len(returns):
        return CatchUp(None, missing, lost)
    if missing or unknown:
        return CatchUp(None, missing, lost, None if census is None else max(0.0, census - max(back)))
    clear = tuple((end, _visible(before, end)) for end in back)
    return CatchUp(max(until - end for end, until in clear), clear=clear)


def _visible(before: pl.DataFrame, end: float) -> float:
    """When all that was accepted by ``end`` had been seen; no earlier than ``end``, s."""
    found = before.filter(
        (pl.col("accepted_at") <= end) & (pl.col("seen_at").is_not_null() | (pl.col("own_copies") > 0))
    )
    last = found.select(pl.coalesce("seen_at", "census_at").max()).item()
    return end if last is None else max(end, float(last))


def with_backlog(services: dict[str, Service], found: CatchUp) -> dict[str, Service]:
    """The services with the last part added: from its own return until the backlog of its episode was visible.

    A stretch that nobody looked at is in no episode: what was backlog of it is not known.
    """
    return {name: _cleared(service, found) for name, service in services.items()}


def _cleared(service: Service, found: CatchUp) -> Service:
    recovery = service.recovery
    if recovery is None or recovery.whole_s is None:
        return service
    back = recovery.onset + recovery.whole_s
    seen = any(one.failed and one.upper is not None and abs(one.upper - back) < EXACT_S for one in service.outages)
    clear = [until for end, until in found.clear if end >= back - EXACT_S]
    if not (seen and clear):
        return service
    backlog = max(0.0, clear[0] - back)
    done = recovery.model_copy(update={"backlog_s": backlog, "whole_s": recovery.whole_s + backlog})
    return service.model_copy(update={"recovery": done})
