"""What all parts of a result have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a result; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
