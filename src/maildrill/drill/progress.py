"""What a drill tells whoever watches it live. Nothing is measured from this."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

QUICK_S = 1.0
"""A transaction that takes longer is not one of a server that has found its pace."""


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
        self.bounced: set[str] = set()
        self.services: dict[str, bool | None] = {}
        self.failing_since: dict[str, float | None] = {}
        self.steady_since: dict[str, float | None] = {}
        self._last_ok: dict[str, float] = {}
        self._boxes: dict[str, list[tuple[float, str]]] = {}

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
            if kind == "bounce":
                self.bounced.add(event["id"])
            else:
                self._boxes.setdefault(event["mailbox"], []).append((event["t"], event["id"]))
        elif kind == "probe":
            self.services[event["service"]] = event["ok"]
            self._probed(event["service"], event["t"], event["ok"])
            self._settled(event["service"], event["end"], event["ok"] and event["end"] - event["begin"] <= QUICK_S)

    def _probed(self, service: str, due: float, ok: bool) -> None:
        """Since when a service fails without a success between; by when probes were due, in whatever order they end."""
        since = self.failing_since.get(service)
        if ok:
            self._last_ok[service] = max(due, self._last_ok.get(service, 0.0))
            if since is not None and due > since:
                self.failing_since[service] = None
        elif due > self._last_ok.get(service, 0.0):
            self.failing_since[service] = due if since is None else min(since, due)

    def _settled(self, service: str, end: float, good: bool) -> None:
        """Since when every transaction of a service that ended was good; the watcher's own idea of steady."""
        since = self.steady_since.get(service)
        self.steady_since[service] = (end if since is None else since) if good else None

    def steady(self, services: Collection[str], now: float, seconds: float) -> bool:
        """Whether all transactions of these services succeeded quickly for as long."""
        since = [self.steady_since.get(service) for service in services]
        return all(moment is not None and now - moment >= seconds for moment in since)

    def newest(self, mailbox: str) -> list[str]:
        """Ids of a mailbox's messages, the one seen last first."""
        return [id for _, id in sorted(self._boxes.get(mailbox, []), reverse=True)]

    def refused(self) -> int:
        """Messages that no server took and that are not tried any more."""
        return len(self.over - self.accepted)

    def outstanding(self) -> int:
        """Messages whose story is not over: still being sent, or accepted and not yet visible."""
        return len(self.offered - self.seen - (self.over - self.accepted))

    def progress(self, t: float, phase: str, message: str = "") -> Progress:
        """The present state for a watcher."""
        visible = len(self.seen & self.offered)
        return Progress(t, phase, dict(self.services), len(self.offered), len(self.accepted), visible, message)
