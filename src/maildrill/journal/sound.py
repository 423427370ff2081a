"""Whether an event that was read is what its kind says: every field there, of its type, parallel lists of one length.

Too slow for every line of a large journal: it finds the line to name when measuring has failed.
"""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from maildrill.journal.events import EVENT_TYPES, Start
from maildrill.journal.reader import SEAL_START, Journal

_NUMBER, _WORDS = (int, float), {"float": "a number", "int": "an integer", "str": "text", "bool": "true or false"}
_TYPES: dict[str, tuple[type, ...]] = {"float": _NUMBER, "int": (int,), "str": (str,), "bool": (bool,)}


def first_unsound(journal: Journal) -> str:
    """The first sealed line that is not what its kind says, and why; empty if there is none. BadInput as blocks()."""
    number = 0
    for block in journal.blocks():
        for line in block.splitlines():
            number += 1
            if not line.startswith(SEAL_START) and (problem := _line_problem(line)):
                return f"line {number}: {problem}"
    return ""


def _line_problem(line: bytes) -> str:
    try:
        event = json.loads(line)
    except ValueError as problem:
        return f"not JSON: {problem}"
    return event_problem(event) if isinstance(event, dict) else "not an event"


def event_problem(event: dict[str, Any]) -> str:
    """What is wrong with one event; empty if nothing is."""
    kind = next((one for one in EVENT_TYPES if one.kind == event.get("e")), None)
    if kind is None:
        return f"no kind of event is called {event.get('e')!r}"
    for field in fields(kind):
        if field.name not in event:
            return f'{kind.kind}: "{field.name}" is missing'
        if wanted := _expected(str(field.type), event[field.name]):
            return f"{kind.kind}: {field.name}: expected {wanted}, found {event[field.name]!r:.80}"
    lengths = {name: len(value) for name, value in event.items() if isinstance(value, list)}
    if len(set(lengths.values())) > 1:
        return f"{kind.kind}: lists of different lengths: {lengths}"
    return _wall_problem(event["wall"]) if kind is Start else ""


def _expected(of: str, value: Any) -> str:
    """What should stand here; empty if it does."""
    name, _, optional = of.partition(" | ")
    if optional and value is None:
        return ""
    if name.startswith("list["):
        inner = name.removeprefix("list[").removesuffix("]")
        is_right = isinstance(value, list) and not any(_expected(inner, one) for one in value)
        return "" if is_right else f"a list, each {_WORDS[inner]}"
    is_right = isinstance(value, _TYPES[name]) and (name == "bool" or not isinstance(value, bool))
    return "" if is_right else _WORDS[name]


def _wall_problem(wall: str) -> str:
    try:
        known = datetime.fromisoformat(wall).tzinfo is not None
    except ValueError:
        known = False
    return "" if known else f"start: wall: expected a time with its zone (ISO 8601), found {wall!r:.80}"
