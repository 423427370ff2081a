"""The lives of the faults, folded from their events."""

from __future__ import annotations

from typing import Any

from maildrill.measure.frames import Frames
from maildrill.measure.result import FaultLife

_FIELDS = {
    "requested": "requested_at",
    "injected": "injected_at",
    "injected-again": "injected_at",
    "effective": "effective_at",
    "heal-requested": "heal_requested_at",
    "healed": "healed_at",
    "heal-verified": "verified_healed_at",
}
_PROBLEMS = ("not-effective", "heal-failed")


def fault_lives(frames: Frames) -> list[FaultLife]:
    """One life for each fault (kind, name, target), in the order they were requested.

    Of an event that came twice the first counts; healing twice is harmless and changes nothing.
    """
    lives: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in frames["fault"].iter_rows(named=True):
        life = lives.setdefault((row["fault"], row["name"], row["target"]), {})
        state = row["state"]
        if state in _FIELDS:
            life.setdefault(_FIELDS[state], row["t"])
        if state in _PROBLEMS:
            life.setdefault("problem", f"{state}: {row['detail']}".rstrip(": "))
        if state == "masked":
            life.setdefault("masked", f"masked by another fault: {row['detail']}".rstrip(": "))
        if state == "effective":
            life.setdefault("detail", row["detail"])
    for life in lives.values():
        masked = life.pop("masked", "")
        if "effective_at" not in life:
            life.setdefault("problem", masked)
    made = [FaultLife(kind=k, name=n, target=g, **life) for (k, n, g), life in lives.items()]
    return sorted(made, key=lambda life: (life.requested_at or 0.0, life.name, life.target))


def first_effect(faults: list[FaultLife]) -> float | None:
    """When the first fault was effective, s."""
    return min((life.effective_at for life in faults if life.effective_at is not None), default=None)
