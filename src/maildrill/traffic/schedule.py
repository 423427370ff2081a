"""Open-loop schedules: what is due happens on time, however long the work before it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any


class Schedule:
    """Starts one task per due moment; ``outstanding`` are those not finished yet."""

    def __init__(self, every: float, work: Callable[[float], Coroutine[Any, Any, Any]], phase: float = 0.0) -> None:
        self._every, self._work, self._phase = every, work, phase
        self.outstanding: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin now (plus the phase, s)."""
        self._loop = asyncio.create_task(self._run(time.monotonic() + self._phase))

    async def _run(self, begin: float) -> None:
        count = 0
        while True:
            due = begin + count * self._every
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self._work(due))
            self.outstanding.add(task)
            task.add_done_callback(self.outstanding.discard)
            count += 1
            if wait <= 0:
                await asyncio.sleep(0)

    def stop(self) -> None:
        """Nothing more becomes due; what is outstanding goes on."""
        if self._loop:
            self._loop.cancel()

    async def finished(self) -> None:
        """Wait for everything outstanding."""
        while self.outstanding:
            await asyncio.wait(list(self.outstanding))
