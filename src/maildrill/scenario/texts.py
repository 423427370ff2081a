"""Texts of a certain form, with words for it: a pattern is read by programs, its words by people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema


@dataclass(frozen=True)
class Like:
    """Annotates a text: the whole of it matches ``pattern``; a mistake is told with ``words``."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(self.words)
        return value


Slug = Annotated[str, Like(r"[a-z0-9][a-z0-9-]{0,62}", "lower-case letters, digits and hyphens, at most 63")]
"""A name that is also a part of folders' and tests' names."""
