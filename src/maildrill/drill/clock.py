"""The drill's one monotonic clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class DrillClock:
    """Seconds since the drill began, from CLOCK_MONOTONIC; wall clock once, to anchor it."""

    def __init__(self) -> None:
        self.zero = time.monotonic()
        self.wall = datetime.now(UTC).isoformat(timespec="milliseconds")

    def now(self) -> float:
        """Seconds since the drill began."""
        return round(time.monotonic() - self.zero, 6)
