"""Doing something again and again in the background, for faults that do not act just once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from maildrill.cluster.engine import ENGINE_FAILURES

STOP_PATIENCE_S = 20.0


class Again:
    """Calls ``act`` every ``every`` s in a thread of its own, from start to stop.

    An act that fails (the node may be down just then) is tried again in the next round. The thread
    dies with the harness: nothing goes on after a SIGKILL.
    """

    def __init__(self, act: Callable[[], object], every: float) -> None:
        self._act, self._every = act, every
        self.stopping = threading.Event()
        self.last_problem = ""
        self._thread = threading.Thread(target=self._run, name="again", daemon=True)

    def start(self) -> None:
        """Begin, with the first act at once."""
        self._thread.start()

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._act()
            except ENGINE_FAILURES as problem:
                self.last_problem = str(problem)
            self.stopping.wait(self._every)

    def stop(self) -> None:
        """End it, and wait for the act under way. Raises RuntimeError if that does not end."""
        self.stopping.set()
        self._thread.join(STOP_PATIENCE_S)
        if self._thread.is_alive():
            raise RuntimeError(f"what a fault repeats did not end within {STOP_PATIENCE_S:.0f} s; {self.last_problem}")
