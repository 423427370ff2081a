"""Virtual time: an event loop that does real I/O and jumps over every wait.

Time stands still while anything can run and leaps to the next timer when nothing can, so a minute of
mail takes seconds, a planted moment is exact, and a busy machine changes nothing.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

PATIENCE = 0.001
"""Real time given to the kernel before time jumps, s: loopback mostly delivers within the sender's own system
call, but on a busy machine it may hand that over to a kernel thread."""


class Clock:
    """A monotonic clock that moves only when told to, s."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class _Jumping(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits for I/O in no time; a wait with nothing to do moves the clock instead."""

    clock: Clock

    def select(self, timeout: float | None = None) -> list[Any]:
        if (ready := super().select(0)) or timeout == 0:
            return ready
        if timeout is None:
            return super().select(None)
        if ready := super().select(PATIENCE):
            return ready
        self.clock.now += timeout
        return super().select(0)


def run_virtual(scene: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine in virtual time; everything that reads ``time.monotonic`` lives in it."""
    clock = Clock()

    def make_loop() -> asyncio.AbstractEventLoop:
        selector = _Jumping()
        selector.clock = clock
        return asyncio.SelectorEventLoop(selector)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", clock)
        with asyncio.Runner(loop_factory=make_loop) as runner:
            return runner.run(scene())
