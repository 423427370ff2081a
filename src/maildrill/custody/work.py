"""Work in a thread of its own that nobody has to wait for: one that hangs blocks neither a heal nor the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Work:
    """A call that runs in its own daemon thread from the moment this object is made."""

    def __init__(self, call: Callable[..., Any], *arguments: Any) -> None:
        self._over = threading.Event()
        self._problem: BaseException | None = None
        threading.Thread(target=self._run, args=(call, arguments), name="work", daemon=True).start()

    def _run(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            call(*arguments)
        except BaseException as problem:  # whoever asks for the outcome gets it
            self._problem = problem
        finally:
            self._over.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait at most so long (None: for ever); whether it is over."""
        return self._over.wait(seconds)

    def over(self) -> bool:
        """Whether the call has returned or raised."""
        return self._over.is_set()

    def outcome(self) -> None:
        """Raises what the call raised; TimeoutError while it is not over."""
        if not self.over():
            raise TimeoutError("it has not returned")
        if self._problem is not None:
            raise self._problem


def within(seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
    """Call, and wait at most ``seconds`` for it. Raises what it raises, or TimeoutError."""
    work = Work(call, *arguments)
    if not work.wait(seconds):
        raise TimeoutError(f"did not return within {seconds:g} s")
    work.outcome()
