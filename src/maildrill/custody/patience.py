"""An engine that is away for a while, because it is being restarted: wait for it, then clean up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from maildrill.cluster.engine import ENGINE_FAILURES

ENGINE_BACK_S = 60.0
LOOK_EVERY_S = 0.25


def await_engine(client: Any, say: Callable[[str], None]) -> str:
    """Wait until the engine answers: "" if it did at once, else what was seen meanwhile.

    Without it nothing can be healed or removed; that it did not come back is said too.
    """
    began, seen = time.monotonic(), ""
    while True:
        try:
            client.ping()
            return f"{seen}; back after {time.monotonic() - began:.1f} s" if seen else ""
        except ENGINE_FAILURES as problem:
            if time.monotonic() - began > ENGINE_BACK_S:
                return f"the engine did not come back: {problem}"
            if not seen:
                seen = f"the engine did not answer: {type(problem).__name__}: {problem}"
                say(f"{seen}; waiting up to {ENGINE_BACK_S:.0f} s for it")
        time.sleep(LOOK_EVERY_S)


def cleaned(remove: Callable[[], list[str]]) -> list[str]:
    """What is left after removing, tried again while the engine fails or something is still in use.

    Raises the engine's last failure after the deadline.
    """
    until = time.monotonic() + ENGINE_BACK_S
    while True:
        try:
            left = remove()
        except ENGINE_FAILURES:
            if time.monotonic() > until:
                raise
        else:
            if not left or time.monotonic() > until - ENGINE_BACK_S / 2:
                return left
        time.sleep(LOOK_EVERY_S)
