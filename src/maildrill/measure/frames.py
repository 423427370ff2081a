"""The journal as one polars frame per kind of event, typed by the event classes themselves.

Blocks of lines are decoded one after the other, columns that no measure needs are left out, and what repeats
(addresses, outcomes) becomes a category: a million messages take a few hundred megabytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import fields
from typing import Any, NoReturn

import polars as pl

from maildrill.errors import BadInput
from maildrill.journal.events import EVENT_TYPES

_TYPES: dict[str, Any] = {
    "float": pl.Float64,
    "float | None": pl.Float64,
    "int": pl.Int64,
    "str": pl.String,
    "bool": pl.Boolean,
    "list[str]": pl.List(pl.String),
    "list[int]": pl.List(pl.Int64),
}
SCHEMAS: dict[str, dict[str, Any]] = {
    kind.kind: {field.name: _TYPES[str(field.type)] for field in fields(kind)} for kind in EVENT_TYPES
}
BULK = ("offer", "attempt", "copy")
"""One or more events a message: never sorted, so measures must not depend on their order."""
UNUSED = {
    "attempt": ("host", "dot", "reply"),
    "copy": ("uidvalidity", "hash"),
    "probe": ("error",),
    "recall": ("error",),
}
"""Columns no measure reads (`maildrill explain` reads the lines themselves)."""
CATEGORIES = ("stream", "sender", "rcpt", "mailbox", "outcome", "service")
WORKERS = 2
Frames = dict[str, pl.DataFrame]


def columns(kind: str) -> dict[str, Any]:
    """Names and types of the columns of a kind's frame, before categories are made."""
    return {name: of for name, of in SCHEMAS[kind].items() if name not in UNUSED.get(kind, ())}


def _empty(kind: str) -> pl.DataFrame:
    return _categories(pl.DataFrame(schema=columns(kind)))


def _categories(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(name).cast(pl.Categorical) for name in CATEGORIES if name in frame.columns)


def _refuse(line: str) -> NoReturn:
    raise BadInput(f"the journal holds a sealed line that is not an event: {line!r:.80}")


def _lines(block: bytes) -> pl.DataFrame:
    """A block's lines as the column "line"; no separator or quote can occur, JSON escapes control characters."""
    lines = pl.read_csv(block, has_header=False, separator="\x01", quote_char=None, schema={"line": pl.String})
    if lines["line"].null_count():
        _refuse("")
    return lines


def _decode(lines: pl.DataFrame, kind: str) -> pl.DataFrame:
    decoded = lines.select(pl.col("line").str.json_decode(pl.Struct(columns(kind))).alias("event")).unnest("event")
    if decoded["t"].null_count():
        _refuse(lines.filter(decoded["t"].is_null())["line"][0])
    return _categories(decoded)


def _split(block: bytes) -> dict[str, pl.DataFrame]:
    """The block's events by kind, the common kinds first. Raises BadInput for a line that begins as none does."""
    lines, found = _lines(block), {}
    for kind in (*BULK, "seal", *(name for name in SCHEMAS if name not in BULK)):
        if lines.is_empty():
            break
        mask = lines["line"].str.starts_with(f'{{"e":"{kind}"')
        if mask.any():
            if kind in SCHEMAS:
                found[kind] = _decode(lines.filter(mask), kind)
            lines = lines.filter(~mask)
    if len(lines):
        _refuse(lines["line"][0])
    return found


def _split_all(blocks: Iterable[bytes]) -> Iterator[dict[str, pl.DataFrame]]:
    """Each block split, in order; WORKERS at a time, so that few blocks are in memory."""
    with ThreadPoolExecutor(WORKERS) as pool:
        busy: deque[Future[dict[str, pl.DataFrame]]] = deque()
        for block in blocks:
            busy.append(pool.submit(_split, block))
            if len(busy) > WORKERS:
                yield busy.popleft().result()
        while busy:
            yield busy.popleft().result()


def load_frames(blocks: Iterable[bytes]) -> Frames:
    """One frame per event kind; all but BULK sorted by every plain column, so the order of lines is irrelevant.

    Raises BadInput for a sealed line that is not an event.
    """
    parts: dict[str, list[pl.DataFrame]] = {kind: [_empty(kind)] for kind in SCHEMAS}
    try:
        for found in _split_all(blocks):
            for kind, frame in found.items():
                parts[kind].append(frame)
    except pl.exceptions.PolarsError as problem:
        raise BadInput(f"the journal holds a sealed line that is not an event: {problem}") from None
    return {kind: _joined(kind, parts.pop(kind)) for kind in SCHEMAS}


def _joined(kind: str, parts: list[pl.DataFrame]) -> pl.DataFrame:
    frame = pl.concat(parts)
    if kind in BULK:
        return frame
    return frame.sort([name for name, of in columns(kind).items() if not isinstance(of, pl.List)])


def phase_start(frames: Frames, name: str) -> float | None:
    """When a phase began, s; None if it never did."""
    found = frames["phase"].filter(pl.col("name") == name)["t"]
    return float(found[0]) if len(found) else None
