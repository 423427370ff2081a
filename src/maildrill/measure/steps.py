"""The recovery steps of the plan, folded from their events."""

from __future__ import annotations

from typing import Any

from maildrill.measure.frames import Frames
from maildrill.measure.result import RecoveryStep

_FIELDS = {"requested": "requested_at", "done": "done_at", "failed": "failed_at"}


def recovery_steps(frames: Frames) -> list[RecoveryStep]:
    """One for each step and target, in the order they were requested."""
    steps: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in frames["recovery"].iter_rows(named=True):
        step = steps.setdefault((row["action"], row["name"], row["target"]), {})
        if row["state"] in _FIELDS:
            step.setdefault(_FIELDS[row["state"]], row["t"])
        if row["detail"]:
            step["detail"] = row["detail"]
    made = [RecoveryStep(action=a, name=n, target=g, **step) for (a, n, g), step in steps.items()]
    return sorted(made, key=lambda step: (step.requested_at or 0.0, step.name, step.target))
