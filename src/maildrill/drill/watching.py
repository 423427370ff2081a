"""A watcher that cannot hold a drill up: a terminal that was stopped, or a pipe nobody reads, delays no heal."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from maildrill.drill.progress import Progress

FLUSH_S = 2.0


class Unblocked:
    """Hands what happens on to a watcher in a thread of its own; moments without a message are left out when late."""

    def __init__(self, watch: Callable[[Progress], None]) -> None:
        self._watch = watch
        self._waiting: queue.SimpleQueue[Progress] = queue.SimpleQueue()
        self._shown = 0
        self._given = 0
        threading.Thread(target=self._run, name="watcher", daemon=True).start()

    def __call__(self, now: Progress) -> None:
        if now.message or self._waiting.empty():
            self._given += 1
            self._waiting.put(now)

    def _run(self) -> None:
        while True:
            self._watch(self._waiting.get())
            self._shown += 1

    def finish(self) -> None:
        """Let the watcher see the last of it; waits 2 s at most."""
        until = time.monotonic() + FLUSH_S
        while self._shown < self._given and time.monotonic() < until:
            time.sleep(0.01)
