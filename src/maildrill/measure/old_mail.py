"""Old mail: what users had before the disaster, and when and whether they could read it again.

A mailbox lost sight of its mail if a look at its oldest message (recall), due at or after the first request of a
fault that took effect, failed. It is back with the first success after the last failure: ``lower`` is when that
failure was due, ``upper`` the end of the success. They are counted from the latest, and from the earliest, of the
faults that may have taken it: requested before the first failure ended, and with no success since their effect.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

import polars as pl

from maildrill.measure.frames import Frames
from maildrill.measure.interval import Interval
from maildrill.measure.ledger import Messages
from maildrill.measure.mailboxes import OldMail
from maildrill.measure.result import FaultLife, RecoveryStep

SNAPSHOT = re.compile(r"\bsnapshot \S+ taken (?P<at>\S+?)(?P<fraction>\.\d+)?(?P<zone>Z|[+-]\d\d:\d\d)\b")
"""What a recovery command says of the snapshot it restored from: its name, and when it was taken (RFC 3339)."""


def measure_old_mail(
    frames: Frames, messages: Messages, faults: list[FaultLife], steps: list[RecoveryStep]
) -> OldMail | None:
    """None without a fault that took effect."""
    effects = sorted((_onset(life), _effect(life)) for life in faults if life.effective_at is not None)
    if not effects:
        return None
    onset = effects[0][0]
    looks = _looks(frames, onset)
    backs = [_back(rows, effects) for rows in looks.values() if not all(row["ok"] for row in rows)]
    intervals = sorted((back for back in backs if back is not None), key=lambda back: (back.upper, back.lower))
    return OldMail(
        watched=len(looks),
        lost_sight=len(backs),
        not_back=sum(back is None for back in backs),
        not_back_s=max((_vain(rows, effects) for rows in looks.values() if not rows[-1]["ok"]), default=None),
        first_back_s=intervals[0] if intervals else None,
        last_back_s=intervals[-1] if intervals and len(intervals) == len(backs) else None,
        snapshot_age_s=_snapshot_age(frames, steps, effects),
        **_hashes(messages, onset),
    )


def _effect(life: FaultLife) -> float:
    assert life.effective_at is not None
    return life.effective_at


def _onset(life: FaultLife) -> float:
    """From when on something may be noticed of the fault: its request, or its effect if that is not known."""
    effect = _effect(life)
    return effect if life.requested_at is None else min(effect, life.requested_at)


def _latest(effects: list[tuple[float, float]], t: float) -> float:
    """The effect of the last fault that set in by ``t``; of the first, if none had."""
    return max((effect for onset, effect in effects if onset <= t), default=effects[0][1])


def _looks(frames: Frames, onset: float) -> dict[str, list[dict[str, Any]]]:
    """The looks of each account from the onset on, by when they were due."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in frames["recall"].filter(pl.col("t") >= onset).iter_rows(named=True):
        found.setdefault(row["account"], []).append(row)
    return found


def _taken(rows: list[dict[str, Any]], effects: list[tuple[float, float]]) -> Interval:
    """The moments between which lies the one that a loss of sight is counted from.

    Of a fault whose effect was proven after the first failure was due: from that on, but not before its request.
    """
    first = next(row for row in rows if not row["ok"])
    seen = max((row["t"] for row in rows if row["ok"] and row["t"] < first["t"]), default=-math.inf)
    before = [(onset, effect) for onset, effect in effects if onset <= first["end"]]
    likely = [one for one in before if one[1] >= seen] or [max(before, key=lambda one: one[1])]
    since = [min(effect, max(first["t"], onset)) for onset, effect in likely]
    return Interval(lower=min(since), upper=max(effect for _, effect in likely))


def _back(rows: list[dict[str, Any]], effects: list[tuple[float, float]]) -> Interval | None:
    taken, failed = _taken(rows, effects), max(row["t"] for row in rows if not row["ok"])
    ends = [row["end"] for row in rows if row["ok"] and row["t"] > failed]
    if not ends:
        return None
    return Interval(lower=max(0.0, failed - taken.upper), upper=max(0.0, min(ends) - taken.lower))


def _vain(rows: list[dict[str, Any]], effects: list[tuple[float, float]]) -> float:
    """How long at least a mailbox that is not back was looked for, s."""
    return max(0.0, float(rows[-1]["end"]) - _taken(rows, effects).upper)


def _snapshot_age(frames: Frames, steps: list[RecoveryStep], effects: list[tuple[float, float]]) -> float | None:
    """Age of the oldest snapshot that a recovery step restored from, at the effect before that step, s."""
    if frames["start"].is_empty():
        return None
    zero = datetime.fromisoformat(frames["start"]["wall"][0])
    ages = []
    for step in steps:
        for found in SNAPSHOT.finditer(step.detail):
            taken = datetime.fromisoformat(found["at"] + found["zone"].replace("Z", "+00:00"))
            effect = _latest(effects, step.requested_at or 0.0)
            ages.append(effect - (taken - zero).total_seconds() - float(found["fraction"] or 0))
    return max(ages, default=None)


def _hashes(messages: Messages, onset: float) -> dict[str, int]:
    """Of the messages that users had seen by the onset, what the final look through IMAP found."""
    before = messages.table.filter((pl.col("seen_at") < onset) & pl.col("census_whole")).select("m")
    own = messages.copies.filter(pl.col("mailbox") == pl.col("rcpt"))
    right = own.group_by("m").agg(right=(pl.col("found_hash") == pl.col("hash")).any().fill_null(False))
    found = before.join(right, on="m", how="left")["right"]
    return {
        "checked": len(before),
        "right": int(found.fill_null(False).sum()),
        "wrong": int((~found).fill_null(False).sum()),
        "missing": found.null_count(),
    }
