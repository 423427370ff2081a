"""What was seen of each message on each store: the looks of the whole drill, and the census as the last of them.

A message came to a store after the look that did not find it yet (``since``; never before it was offered) and by
the look that found it (``seen``). Only messages of this drill count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from maildrill.measure.frames import Frames, phase_start

Boxes = dict[tuple[str, str], list[str] | None]
"""(store, mailbox) -> the ids at the census, sorted; None: not read to the end."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A message on a store: came after ``since``, was ``seen`` then, s."""

    since: float
    seen: float


Sights = dict[str, dict[str, Sight]]
"""By id, then by store."""


@dataclass(frozen=True)
class Seen:
    """``first``: when each message first came to each store; ``lasting``: when it came to stay, if it is still there.

    ``looks``: the time between the look that found a message and the one before, s, from the baseline on. ``ended``:
    when the census was.
    """

    stores: list[str]
    boxes: Boxes
    first: Sights
    lasting: Sights
    looks: list[float]
    ended: float | None

    def complete(self) -> bool:
        """Whether every mailbox was read to the end on each of at least two stores."""
        mailboxes = {mailbox for _, mailbox in self.boxes}
        return len(self.stores) > 1 and all(self.boxes.get((s, m)) is not None for s in self.stores for m in mailboxes)


Look = tuple[float, str, str, str, float]
"""t, id, state, store, since."""


def read_sights(frames: Frames) -> Seen:
    """Everything that was seen; without stores if nobody looked at them."""
    offered = dict(frames["offer"].group_by("id").agg(pl.col("t").min()).iter_rows())
    events = frames["replica"].filter(pl.col("id").is_in(list(offered)))
    looks: list[Look] = sorted(events.select("t", "id", "state", "store", "since").iter_rows())
    census = {(row["store"], row["mailbox"]): row for row in frames["replica-census"].iter_rows(named=True)}
    boxes: Boxes = {
        box: sorted(id for id in row["ids"] if id in offered) if row["whole"] else None for box, row in census.items()
    }
    first: Sights = {}
    lasting: Sights = {}
    for t, id, state, store, since in [*looks, *_last_looks(events, boxes, frames)]:
        if state == "gone":
            lasting.get(id, {}).pop(store, None)
            continue
        sight = Sight(min(t, max(since, offered[id])), t)
        for sights in (first, lasting):
            sights.setdefault(id, {}).setdefault(store, sight)
    begin = phase_start(frames, "baseline") or 0.0
    return Seen(
        stores=sorted({store for store, _ in boxes} | set(events["store"])),
        boxes=boxes,
        first=first,
        lasting=lasting,
        looks=[t - since for t, _, state, _, since in looks if state == "seen" and since > begin],
        ended=min((row["t"] for row in census.values()), default=None),
    )


def _last_looks(events: pl.DataFrame, boxes: Boxes, frames: Frames) -> Iterator[Look]:
    """The census finds what nobody had seen, and misses what is there no more."""
    times = {(store, box): t for t, store, box in frames["replica-census"].select("t", "store", "mailbox").iter_rows()}
    seen: dict[tuple[str, str], set[str]] = {}
    for store, mailbox, id in events.select("store", "mailbox", "id").iter_rows():
        seen.setdefault((store, mailbox), set()).add(id)
    for box, ids in boxes.items():
        if ids is not None:
            yield from ((times[box], id, "seen", box[0], 0.0) for id in set(ids))
            yield from ((times[box], id, "gone", box[0], 0.0) for id in seen.get(box, set()) - set(ids))
