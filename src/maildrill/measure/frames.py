"""The journal as one polars frame per kind of event, typed by the event classes themselves."""

from __future__ import annotations

import io
from dataclasses import fields
from typing import Any

import polars as pl

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
_PREFIX = b'{"e":"'
Frames = dict[str, pl.DataFrame]


def _by_kind(lines: bytes) -> dict[str, list[bytes]]:
    kinds: dict[bytes, list[bytes]] = {kind.encode(): [] for kind in SCHEMAS}
    for line in lines.split(b"\n"):
        if line.startswith(_PREFIX):
            found = kinds.get(line[6 : line.find(b'"', 6)])
            if found is not None:
                found.append(line)
    return {kind.decode(): found for kind, found in kinds.items()}


def load_frames(lines: bytes) -> Frames:
    """One frame per event kind, sorted by every plain column, so the order of lines is irrelevant."""
    frames = {}
    for kind, found in _by_kind(lines).items():
        schema = SCHEMAS[kind]
        if found:
            frame = pl.read_ndjson(io.BytesIO(b"\n".join(found) + b"\n"), schema=schema)
        else:
            frame = pl.DataFrame(schema=schema)
        plain = [name for name, of in schema.items() if not isinstance(of, pl.List)]
        frames[kind] = frame.sort(plain)
    return frames


def phase_start(frames: Frames, name: str) -> float | None:
    """When a phase began, s; None if it never did."""
    found = frames["phase"].filter(pl.col("name") == name)["t"]
    return float(found[0]) if len(found) else None


def last_instant(frames: Frames) -> float:
    """The latest ``t`` of any event, s; 0 for an empty journal."""
    return max((float(frame["t"][-1]) for frame in frames.values() if len(frame)), default=0.0)
