"""What a result measured again says differently from the one that was there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

MOST_FIELDS = 30
_ABSENT = object()


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path: services.inbound.outages[0].upper"""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for i, item in enumerate(value):
            yield from _flat(item, f"{path}[{i}]")
    else:
        yield path, value


def _shown(value: Any) -> str:
    return "absent" if value is _ABSENT else json.dumps(value, ensure_ascii=False)


def changed(old: Any, new: Any) -> list[str]:
    """One line for each field that differs: "path: old -> new"."""
    before, after = dict(_flat(old)), dict(_flat(new))
    paths = [*before, *(path for path in after if path not in before)]
    pairs = [(path, before.get(path, _ABSENT), after.get(path, _ABSENT)) for path in paths]
    return [f"{path}: {_shown(was)} -> {_shown(now)}" for path, was, now in pairs if was is _ABSENT or was != now]


def difference(old_text: str, new_text: str) -> str:
    """What to tell people when a result is replaced; empty if it is the same, byte for byte."""
    if old_text == new_text:
        return ""
    new = json.loads(new_text)
    try:
        old = json.loads(old_text)
    except ValueError:
        return "the result.json that was there was not JSON; it is replaced"
    version = old.get("maildrill_version") if isinstance(old, dict) else None
    lines = [line for line in changed(old, new) if not line.startswith(("maildrill_version:", "sources."))]
    if version == new["maildrill_version"]:
        head = f"result.json differs though it is by maildrill {version} as well: it or its sources were changed"
    else:
        head = f"result.json was by maildrill {version}, this is {new['maildrill_version']}; {len(lines)} fields differ"
    more = [f"and {len(lines) - MOST_FIELDS} more"] if len(lines) > MOST_FIELDS else []
    return "\n  ".join([head, *lines[:MOST_FIELDS], *more])
