"""Writes journal events and replies to stdout, in batches, and owns the event clock."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from maildrill.journal.event import Event

BATCH_SECONDS = 0.01


def _to_stdout(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


class Emitter:
    """One ordered stream of lines; ``offset`` (s) turns the monotonic clock into the drill's clock."""

    def __init__(self, write: Callable[[bytes], None] = _to_stdout) -> None:
        self._write = write
        self._lines: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self.offset = 0.0

    def at(self, mono: float) -> float:
        """The drill's time (s) of a moment of ``time.monotonic()``."""
        return round(mono + self.offset, 6)

    def now(self) -> float:
        """The drill's time now, s."""
        return self.at(time.monotonic())

    def event(self, event: Event) -> None:
        """Queue one journal event; it is written within ``BATCH_SECONDS``."""
        self._lines.append(event.line())
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BATCH_SECONDS, self.flush)

    def reply(self, reply: str, **fields: Any) -> None:
        """Write one reply at once, after all events queued before it."""
        self._lines.append(json.dumps({"reply": reply, **fields}, separators=(",", ":")))
        self.flush()

    def flush(self) -> None:
        """Write everything queued."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._lines:
            lines, self._lines = self._lines, []
            self._write(("\n".join(lines) + "\n").encode())
