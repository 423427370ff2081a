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


def read_sights(frames: Frames) -> Seen:
    """Everything that was seen; without stores if nobody looked at them."""
    offered = {id: t for id, t in frames["offer"].group_by("id").agg(pl.col("t").min()).iter_rows()}
    begin = phase_start(frames, "baseline") or 0.0
    rows = [row for row in frames["replica"].iter_rows(named=True) if row["id"] in offered]
    census = {(row["store"], row["mailbox"]): row for row in frames["replica-census"].iter_rows(named=True)}
    boxes: Boxes = {
        box: sorted(id for id in row["ids"] if id in offered) if row["whole"] else None for box, row in census.items()
    }
    first: Sights = {}
    lasting: Sights = {}
    for t, id, store, state, since in [*_looks(rows), *_last_look(rows, boxes, {b: r["t"] for b, r in census.items()})]:
        if state == "gone":
            lasting.get(id, {}).pop(store, None)
            continue
        sight = Sight(min(t, max(since, offered[id])), t)
        for sights in (first, lasting):
            sights.setdefault(id, {}).setdefault(store, sight)
    return Seen(
        stores=sorted({store for store, _ in boxes} | {row["store"] for row in rows}),
        boxes=boxes,
        first=first,
        lasting=lasting,
        looks=[row["t"] - row["since"] for row in rows if row["state"] == "seen" and row["since"] > max(0.0, begin)],
        ended=min((row["t"] for row in census.values()), default=None),
    )


Look = tuple[float, str, str, str, float]
"""t, id, store, state, since."""


def _looks(rows: list[dict[str, object]]) -> list[Look]:
    return sorted((row["t"], row["id"], row["store"], row["state"], row["since"]) for row in rows)  # type: ignore


def _last_look(rows: list[dict[str, object]], boxes: Boxes, times: dict[tuple[str, str], float]) -> Iterator[Look]:
    """The census finds what nobody had seen, and misses what is there no more."""
    seen: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        seen.setdefault((str(row["store"]), str(row["mailbox"])), set()).add(str(row["id"]))
    for box, ids in sorted(boxes.items()):
        if ids is not None:
            yield from ((times[box], id, box[0], "seen", 0.0) for id in sorted(set(ids)))
            yield from ((times[box], id, box[0], "gone", 0.0) for id in sorted(seen.get(box, set()) - set(ids)))
