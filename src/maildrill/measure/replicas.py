"""Replicas: how long messages took from one store to the others, what a store lacked, and when all had the same.

Lags are differences of when a message was seen. Convergence counts the messages that any store had when the last
fault was healed: its lower end asks when each that certainly was there by then was last certainly missing somewhere,
its upper end when each that may have been there by then had been seen everywhere. What a store had and lost has to
be seen there again.
"""

from __future__ import annotations

import polars as pl

from maildrill.measure.copies import Direction, Lag, Replicas, Store
from maildrill.measure.faults import first_effect
from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.interval import Censored, Interval
from maildrill.measure.result import FaultLife
from maildrill.measure.sights import Seen, Sight, read_sights

PHASES = ("warm-up", "baseline", "timeline", "settle", "drain", "census")
TOLD = PHASES[1:4]
MOST_IDS = 100
NEVER = Sight(float("inf"), float("inf"))


def measure_replicas(frames: Frames, faults: list[FaultLife], every: float, whole: bool) -> Replicas | None:
    """None if nobody looked at the stores. ``every``: time between looks, s; ``whole``: the journal is."""
    if frames["replica"].is_empty() and frames["replica-census"].is_empty():
        return None
    seen = read_sights(frames)
    if not seen.stores:
        return None
    equal, healed = _equal(seen, whole), _healed(faults)
    effect, lacking = first_effect(faults), _lacking(seen)
    return Replicas(
        every_s=every,
        error_s=pl.Series(seen.looks, dtype=pl.Float64).quantile(0.95, "nearest"),
        lags=_lags(seen, frames),
        stores=[_store(name, seen, lacking[name], effect) for name in seen.stores],
        lacking_ids=sorted(set().union(*lacking.values()))[:MOST_IDS],
        equal=equal,
        healed_at=healed,
        convergence_s=None if equal is None else _convergence(seen, healed),
    )


def _equal(seen: Seen, whole: bool) -> bool | None:
    """A difference is one, whatever else could not be read; that there is none is only known when all was."""
    found: dict[str, list[list[str]]] = {}
    for (_, mailbox), ids in seen.boxes.items():
        found.setdefault(mailbox, []).extend([] if ids is None else [ids])
    if any(one != lists[0] for lists in found.values() for one in lists):
        return False
    return True if whole and found and seen.complete() else None


def _healed(faults: list[FaultLife]) -> float | None:
    """When the last fault was healed, s; None if one that took effect never was."""
    heals = [life.verified_healed_at or life.healed_at for life in faults if life.effective_at is not None]
    return None if None in heals else max((heal for heal in heals if heal is not None), default=None)


def _lags(seen: Seen, frames: Frames) -> list[Direction]:
    """Of every message that came to all stores: from the first to the last of them, by when the first had it."""
    begins = [(t, name) for name in PHASES if (t := phase_start(frames, name)) is not None]
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for sights in seen.first.values():
        if len(sights) == len(seen.stores) > 1:
            order = sorted((sight.seen, store) for store, sight in sights.items())
            (begin, first), (end, last) = order[0], order[-1]
            phase = max(((t, name) for t, name in begins if t <= begin), default=(0.0, "up"))[1]
            found.setdefault((first, last), {}).setdefault(phase, []).append(end - begin)
    return [
        Direction(first=first, last=last, phases={name: _lag(phases[name]) for name in TOLD if name in phases})
        for (first, last), phases in sorted(found.items())
    ]


def _lag(lags: list[float]) -> Lag:
    """Quantiles by nearest rank."""
    series = pl.Series(lags, dtype=pl.Float64)
    p50, p95 = (float(series.quantile(part, "nearest") or 0.0) for part in (0.5, 0.95))
    return Lag(messages=len(lags), p50=p50, p95=p95, max=max(lags))


def _lacking(seen: Seen) -> dict[str, set[str]]:
    """What the census found of a mailbox on another store, and not on this one."""
    found: dict[str, set[str]] = {store: set() for store in seen.stores}
    for (store, mailbox), ids in seen.boxes.items():
        for (other, same), theirs in seen.boxes.items():
            if ids is not None and theirs is not None and other != store and same == mailbox:
                found[store] |= set(theirs) - set(ids)
    return found


def _store(name: str, seen: Seen, lacking: set[str], effect: float | None) -> Store:
    held = [ids for (store, _), ids in seen.boxes.items() if store == name]
    ids = [id for box in held for id in box or []]
    surely, perhaps = (0, []) if effect is None else _behind(name, seen, effect)
    return Store(
        name=name,
        behind_at_least=surely,
        behind_at_most=len(perhaps),
        behind_s=effect - min(perhaps) if effect is not None and perhaps else None,
        messages=len(set(ids)),
        lacks=len(lacking),
        twice=len(ids) - len(set(ids)),
        not_read=sorted(box for (store, box), found in seen.boxes.items() if store == name and found is None),
    )


def _behind(name: str, seen: Seen, effect: float) -> tuple[int, list[float]]:
    """How many messages another store had at the effect and this one surely not, and since when perhaps not."""
    surely, perhaps = 0, []
    for sights in seen.first.values():
        own = sights.get(name, NEVER)
        others = [sight for store, sight in sights.items() if store != name]
        surely += any(other.seen <= effect <= own.since for other in others)
        since = min((other.since for other in others), default=effect)
        if since < effect < own.seen:
            perhaps.append(since)
    return surely, perhaps


def _convergence(seen: Seen, healed: float | None) -> Interval | Censored | None:
    """What no store has at the end was not kept from any of them. None without a heal before the census."""
    if healed is None or seen.ended is None or healed >= seen.ended:
        return None
    lower = upper = healed
    for id, first in seen.first.items():
        lasting = [seen.lasting.get(id, {}).get(store, NEVER) for store in seen.stores]
        if all(sight is NEVER for sight in lasting) or min(sight.since for sight in first.values()) >= healed:
            continue
        if NEVER in lasting:
            return Censored(at_least_s=seen.ended - healed)
        upper = max(upper, *(sight.seen for sight in lasting))
        if min(sight.seen for sight in first.values()) <= healed:
            lower = max(lower, *(sight.since for sight in lasting))
    return Interval(lower=lower - healed, upper=upper - healed)
