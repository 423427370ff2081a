"""A person in the drill: asked on the terminal, answers with Enter there or with a file."""

from __future__ import annotations

import select
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from maildrill.errors import Skipped, WaitTimeout
from maildrill.scenario.model import Ask, Scenario

LOOK_EVERY_S = 0.2


def has_terminal() -> bool:
    """Whether somebody can press Enter."""
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):  # no stdin at all, or a closed one
        return False


def check_somebody_is_there(scenario: Scenario, more: Sequence[str] = ()) -> None:
    """Raises Skipped if a person is asked, by the scenario or ``more``, and there is no terminal to ask on."""
    asks = [f'at {entry.at:g} s ("{entry.say}")' for entry in scenario.timeline if isinstance(entry, Ask)]
    asks += [f'for a fault ("{text}")' for text in more]
    if asks and not has_terminal():
        raise Skipped(
            f'"{scenario.scenario}" asks a person {asks[0]}, and there is no terminal; run it by hand: maildrill run'
        )


def nobody() -> bool:
    """Nothing that could be seen makes a confirmation needless."""
    return False


def await_person(confirm: Path, deadline: float, over: threading.Event, seen: Callable[[], bool] = nobody) -> str:
    """Wait for Enter or for the file, or until it is ``seen`` to be done; what was said.

    Raises WaitTimeout at the deadline, or when the drill is over.
    """
    until = time.monotonic() + deadline
    while time.monotonic() < until and not over.is_set():
        if confirm.is_file():
            said = confirm.read_text(encoding="utf-8", errors="replace").strip()
            confirm.unlink()
            return f"confirmed by file: {said}".rstrip(": ")
        if (said_here := _enter(LOOK_EVERY_S)) is not None:
            return f"confirmed on the terminal: {said_here}".rstrip(": ")
        if seen():
            return "seen from outside"
    raise WaitTimeout("a person's confirmation", deadline, "the drill ended" if over.is_set() else "nothing")


def _enter(seconds: float) -> str | None:
    """A line from the terminal if one comes within ``seconds``."""
    if not has_terminal():
        time.sleep(seconds)
        return None
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return sys.stdin.readline().strip() if ready else None
