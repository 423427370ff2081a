"""Changes of mailbox state that were acknowledged, and what the final look at the folders says of them.

flag: lost when the message is gone or not flagged. move: lost when it is not in the archive, resurrected
when it is (also) where it came from. delete: lost and resurrected when it is still or again there.
Changes that were not acknowledged are never counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from maildrill.measure.frames import Frames
from maildrill.measure.interval import Interval
from maildrill.measure.mailboxes import Changes, State
from maildrill.measure.point import point_before
from maildrill.measure.result import FaultLife

FOLDER, ARCHIVE = "Drill", "Drill-Archive"
NAMES = {"flag": "flags", "move": "moves", "delete": "deletions"}


@dataclass
class _Tally:
    counts: dict[str, Changes] = field(default_factory=lambda: {name: Changes() for name in NAMES.values()})
    unresolved: int = 0
    wrong: list[tuple[float, str]] = field(default_factory=list)


def _folders(frames: Frames) -> dict[tuple[str, str], dict[str, str] | None]:
    """Flags by id of each account's folder; None if it was not read to the end."""
    found: dict[tuple[str, str], dict[str, str] | None] = {}
    for row in frames["state-census"].iter_rows(named=True):
        ids = dict(zip(row["ids"], row["flags"], strict=False)) if row["whole"] else None
        found[row["account"], row["folder"]] = ids
    return found


def _fate(action: str, id: str, here: dict[str, str], there: dict[str, str]) -> tuple[bool, bool]:
    """(lost, resurrected) of one acknowledged change."""
    if action == "flag":
        return "\\Flagged" not in here.get(id, "").split(), False
    if action == "move":
        return id not in there, id in here
    return id in here, id in here


def measure_state(frames: Frames, faults: list[FaultLife], horizon: float) -> tuple[State, float | None]:
    """The counts, and the state's recovery point (s): how far back changes reach that did not last.

    The latter is 0 when every one lasted, None when that is unknown or no fault was effective.
    """
    folders, tally = _folders(frames), _Tally()
    acknowledged = frames["change"].filter(pl.col("state") == "acknowledged").select("t", "id", "account", "action")
    for t, id, account, action in acknowledged.iter_rows():
        counts = tally.counts[NAMES[action]]
        counts.acknowledged += 1
        here, there = folders.get((account, FOLDER)), folders.get((account, ARCHIVE))
        if here is None or there is None:
            tally.unresolved += 1
            continue
        lost, resurrected = _fate(action, id, here, there)
        counts.lost += lost
        counts.resurrected += resurrected
        if lost or resurrected:
            tally.wrong.append((t, id))
    reach, lost_ids = _recovery_point(tally, faults, horizon), sorted(id for _, id in tally.wrong)[:100]
    least, most = (reach.lower, reach.upper) if reach else (None, None)
    return State(**tally.counts, unresolved=tally.unresolved, lost_ids=lost_ids, rpa_at_least_s=least), most


def _recovery_point(tally: _Tally, faults: list[FaultLife], horizon: float) -> Interval | None:
    if tally.wrong:
        return point_before(pl.Series([t for t, _ in tally.wrong]), faults, horizon)
    return None if tally.unresolved else Interval(lower=0.0, upper=0.0)
