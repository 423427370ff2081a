"""What a drill tells whoever watches it live. Nothing is measured from this."""

from __future__ import annotations

import json
from dataclasses import dataclass, field


@dataclass
class Progress:
    """One moment of a running drill. ``services``: True up, False down, None not yet known."""

    t: float = 0.0
    phase: str = ""
    services: dict[str, bool | None] = field(default_factory=dict)
    offered: int = 0
    accepted: int = 0
    visible: int = 0
    message: str = ""


class LiveLedger:
    """Counts messages as their events arrive, so that the drill knows when the backlog is gone."""

    def __init__(self) -> None:
        self.offered: set[str] = set()
        self.accepted: set[str] = set()
        self.over: set[str] = set()
        self.seen: set[str] = set()
        self.services: dict[str, bool | None] = {}

    def take(self, line: str) -> None:
        """Take one event line into account."""
        event = json.loads(line)
        kind = event["e"]
        if kind == "offer":
            self.offered.add(event["id"])
        elif kind == "attempt" and event["outcome"] in ("accepted", "permanent"):
            (self.accepted if event["outcome"] == "accepted" else self.over).add(event["id"])
        elif kind == "gave-up":
            self.over.add(event["id"])
        elif kind in ("copy", "bounce"):
            self.seen.add(event["id"])
        elif kind == "probe":
            self.services[event["service"]] = event["ok"]

    def outstanding(self) -> int:
        """Messages whose story is not over: still being sent, or accepted and not yet visible."""
        return len(self.offered - self.seen - (self.over - self.accepted))

    def progress(self, t: float, phase: str, message: str = "") -> Progress:
        """The present state for a watcher."""
        visible = len(self.seen & self.offered)
        return Progress(t, phase, dict(self.services), len(self.offered), len(self.accepted), visible, message)
