"""Types of fields that several kinds of files share; each says in its error what was expected."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field

V = TypeVar("V")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def printable(value: Any) -> Any:
    """The value. Raises ValueError if it is a text that would do something to a terminal."""
    if isinstance(value, str) and _CONTROL.search(value):
        raise ValueError("text without control characters")
    return value


def _distinct(values: list[V]) -> list[V]:
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise ValueError(f'each only once ("{twice}" is there twice)')
    return values


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("some text")
    return value


HIGHEST_RATE = 10_000
"""A second; five times what the harness was ever seen to offer."""
Size = Annotated[int, Field(le=100_000_000)]
"""Of a message, bytes; servers refuse far smaller ones."""
Distinct = Annotated[list[V], AfterValidator(_distinct), Field(json_schema_extra={"uniqueItems": True})]
"""A list in which nothing is there twice."""
Text = Annotated[str, AfterValidator(_not_blank), Field(json_schema_extra={"pattern": r"\S"})]
"""A text that says something: a command, or what a person is told."""
