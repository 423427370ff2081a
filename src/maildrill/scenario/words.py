"""What is wrong with a value, in words for people who know YAML and no Python."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from typing import Any

SHOWN = 60
"""Characters of a value that are shown."""
TYPES = {
    "string": "text",
    "int": "a whole number",
    "int_from_float": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "dict": "a mapping",
    "model": "a mapping of fields",
    "model_attributes": "a mapping of fields",
    "list": "a list",
    "tuple": "a list",
    "finite_number": "a finite number",
    "invalid_key": "text as the name of a field",
}
"""The parser's name for what a value should have been (without its "_type") -> what people call that."""


def mistake(error: dict[str, Any]) -> str:
    """What one of pydantic's errors says of a value: what was expected, what was found, what was probably meant."""
    count = error.get("ctx", {}).get("actual_length")
    return f"expected {_expected(error)}, found {count or found(error['input'])}{_hint(error)}"


def _expected(error: dict[str, Any]) -> str:
    kind, limits = error["type"], error.get("ctx", {})
    if word := TYPES.get(kind.removesuffix("_type")):
        return word
    if kind in ("too_short", "string_too_short"):
        return _at_least(limits["min_length"], "character" if kind.startswith("string") else _entry(error["input"]))
    if kind == "too_long":
        return f"at most {limits['max_length']} entries"
    if kind == "literal_error":
        return re.sub(r"\b(True|False)\b", lambda word: word[0].lower(), str(limits["expected"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    return re.sub(r"^(Input should be|Value should have|String should) ", "", message)


def found(value: Any) -> str:
    """What stands there instead."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, str):
        return f'"{shortened(value)}"'
    if isinstance(value, dict | list):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind}" if value else f"an empty {kind}"
    return shortened(str(value))


def shortened(text: str) -> str:
    """A text on one line, cut if it is long."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def _hint(error: dict[str, Any]) -> str:
    value, kind = error["input"], error["type"]
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "; in quotes it is text"
    if "expected" not in error.get("ctx", {}) or not isinstance(value, str):
        return ""
    near = nearest(value, re.findall(r"'([^']+)'", error["ctx"]["expected"]))
    return f"; {near}" if near.startswith("did") else ""


def nearest(word: str, valid: Iterable[str]) -> str:
    """ "did you mean X?" if something valid is near, else the list of what is valid."""
    names = sorted(set(valid))
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(names)}"


def _entry(value: Any) -> str:
    return "field" if isinstance(value, dict) else "entry"


def _at_least(number: int, what: str) -> str:
    plural = what if number == 1 else f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"at least {number} {plural}"
