"""Where the faults of one step go: one placement for each node, with its peers and its turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Placement:
    """One fault of a step: its node, its peers, and how much later than the step (s) it is injected and healed."""

    node: Any
    peers: list[Any]
    inject_after: float = 0.0
    heal_after: float = 0.0
