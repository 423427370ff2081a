"""Durations and rates as people write them: seconds, or "10s", "250ms", "2m"; messages a second, or "10/s", "60/m"."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from maildrill.scenario.fields import HIGHEST_RATE

LONGEST_S = 24 * 3600
"""Of a drill, and of anything in it that is waited for, s."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(value: Any) -> Any:
    """Seconds from a number or from text such as "250ms", "10s", "2m"; ValueError otherwise."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)\s*", value)
        if not found:
            raise ValueError('a duration such as "10s", "250ms" or "2m"')
        return float(found[1]) * _UNITS[found[2]]
    return value


def parse_rate(value: Any) -> Any:
    """Messages per second from a number or from text such as "10/s", "60/m"."""
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(s|m)\s*", value)
        if not found:
            raise ValueError('a rate such as "10/s" or "60/m"')
        return float(found[1]) / _UNITS[found[2]]
    return value


DURATION_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(ms|s|m|h)\s*$"}]
}
RATE_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*/\s*(s|m)\s*$"}]
}
Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0), WithJsonSchema(DURATION_SCHEMA)]
Rate = Annotated[float, BeforeValidator(parse_rate), Field(ge=0, le=HIGHEST_RATE), WithJsonSchema(RATE_SCHEMA)]
