"""The documentation of the kinds of faults, made from their code: a page each, and an index."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maildrill.errors import BadInput
from maildrill.faults.fault import Fault
from maildrill.faults.features import FEATURES
from maildrill.scenario.units import DURATION_SCHEMA, RATE_SCHEMA
from maildrill.times import seconds

MEASURED = "measured.json"
Measured = Mapping[str, Mapping[str, float]]
"""Kind -> effect_s and heal_s, as the tests of the kinds measured them."""
MADE_BY = "<!-- Made by `maildrill faults --docs`;"
HEAD = f"{MADE_BY} change the code, not this page. -->\n"


def read_measured(folder: Path) -> Measured:
    """The measured times in a folder of pages; none if they were never measured. Raises BadInput."""
    path = folder / MEASURED
    try:
        found: Measured = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except ValueError as problem:
        raise BadInput(f"{path}: not JSON: {problem}") from None
    return found


def is_ours(page: Path) -> bool:
    """Whether a file is a page that was made here, and not somebody's notes."""
    with page.open(encoding="utf-8", errors="replace") as file:
        return file.read(len(MADE_BY)) == MADE_BY


def pages(kinds: Mapping[str, type[Fault]], measured: Measured) -> dict[str, str]:
    """File name -> text."""
    return {"README.md": _index(kinds, measured)} | {
        f"{name}.md": _page(name, kind, measured.get(name, {})) for name, kind in kinds.items()
    }


def _index(kinds: Mapping[str, type[Fault]], measured: Measured) -> str:
    rows = "".join(
        f"| [{name}]({name}.md) | {kind.group()} | {seconds(measured.get(name, {}).get('effect_s'))} "
        f"| {seconds(measured.get(name, {}).get('heal_s'))} | {_cell(_doc(kind.effect))} |\n"
        for name, kind in kinds.items()
    )
    return (
        f"{HEAD}# Faults\n\n"
        "Time to effect runs from the request to the look from outside that saw the effect; time to heal from\n"
        "the request to heal to the look that saw recovery. Both are single measurements on one machine\n"
        f"(`{MEASURED}`); a dash means not measured. `maildrill faults` says which kinds a machine can do.\n\n"
        "| kind | group | time to effect | time to heal | verification |\n|---|---|---|---|---|\n" + rows
    )


def _page(name: str, kind: type[Fault], times: Mapping[str, float]) -> str:
    needs = "".join(f"* `{need}`; where it is missing: {_mend(need)}\n" for need in kind.needs)
    parts = {
        "Parameters": _parameters(kind),
        "How its effect is verified": _doc(kind.effect),
        "How it is healed": f"{_doc(kind.heal)}\n\nRecovered when: {_doc(kind.recovered)}",
        "What it needs": needs or "The container engine only.",
        "Real incidents it stands for": kind.stands_for,
        "Measured": f"Effect after {seconds(times.get('effect_s'))}, healed after {seconds(times.get('heal_s'))}.",
    }
    body = "\n".join(f"## {title}\n\n{text.rstrip()}\n" for title, text in parts.items() if text)
    needed = "may have" if kind.peers_optional else "needs"
    peers = f"\nIt {needed} `peers`: the other nodes concerned.\n" if kind.has_peers else ""
    return f"{HEAD}# {name}\n\nGroup: {kind.group()}\n\n{_doc(kind)}\n{peers}\n{body}"


def _parameters(kind: type[Fault]) -> str:
    schema = kind.Parameters.model_json_schema(by_alias=True)
    needed = schema.get("required", [])
    rows = "".join(
        f"| `{name}` | {_type(field, schema)} | {'needed' if name in needed else _default(field)} "
        f"| {_cell(field.get('description', ''))} |\n"
        for name, field in schema.get("properties", {}).items()
    )
    return f"Under `with:`.\n\n| name | is | default | meaning |\n|---|---|---|---|\n{rows}" if rows else "None."


def _type(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if field.get("anyOf") == DURATION_SCHEMA["anyOf"]:
        return "duration (s, or 10s, 250ms, 2m)"
    if field.get("anyOf") == RATE_SCHEMA["anyOf"]:
        return "rate (per second, or 10/s, 60/m)"
    if "enum" in field:
        return " or ".join(f"`{one}`" for one in field["enum"])
    if "$ref" in field:
        return _type(schema["$defs"][field["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in field:
        return " or ".join(_type(one, schema) for one in field["anyOf"] if one.get("type") != "null")
    bounds = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = [f"{sign} {field[key]:g}" for key, sign in bounds.items() if key in field]
    return " ".join([str(field.get("type", "any")), *limits])


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    return "–" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _doc(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def _cell(text: str) -> str:
    """The first paragraph as one cell of a table."""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def _mend(need: str) -> str:
    return FEATURES[need].mend if need in FEATURES else "no probe knows it"
