"""Proof from outside: looked at again and again until it is seen, or until its deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.custody.work import Work

LOOK_EVERY_S = 0.02
LOOK_S = 3.0
"""So long a look may take at least, however near the deadline: one that is merely slow is not cut off."""


class Proof:
    """One thing that is to be seen, such as the effect of a fault.

    A look may hang (in a node that is frozen meanwhile): it is left behind at the deadline. There is never a second
    one beside it: whoever wants to see the same later waits for it first.
    """

    def __init__(self, look: Callable[[], tuple[bool, str]], now: Callable[[], float]) -> None:
        self._look, self._now = look, now
        self._looking: Work | None = None

    def within(self, deadline: float, over: Callable[[], bool]) -> tuple[float | None, str]:
        """(start of the look that saw it or None, what was seen last); once ``over``, nothing is waited for.

        Raises what a look raises that is not a failure of the engine.
        """
        until, last = time.monotonic() + deadline, "nothing"
        while self._returns(until, over):
            began, seen = self._now(), list[tuple[bool, str]]()
            self._looking = Work(self._see, seen)
            if not self._returns(max(until, time.monotonic() + LOOK_S), over):
                break
            self._looking.outcome()
            proven, last = seen[0]
            if proven:
                return began, last
            if time.monotonic() >= until or over():
                return None, f"not seen within {deadline:.0f} s; last: {last}"
            time.sleep(LOOK_EVERY_S)
        return None, f"not seen within {deadline:.0f} s; a look did not return; last: {last}"

    def _see(self, seen: list[tuple[bool, str]]) -> None:
        try:
            seen.append(self._look())
        except ENGINE_FAILURES as problem:
            seen.append((False, f"{type(problem).__name__}: {problem}"))

    def _returns(self, until: float, over: Callable[[], bool]) -> bool:
        """Wait for the look under way, if there is one; whether it is over."""
        while self._looking is not None and not self._looking.wait(LOOK_EVERY_S):
            if time.monotonic() >= until or over():
                return False
        return True
