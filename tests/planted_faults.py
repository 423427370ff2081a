"""Planted faults on planted nodes, and a care with a journal that can be read, for the tests of custody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from maildrill.custody.care import Care
from maildrill.faults import Fault, World
from maildrill.journal.writer import JournalWriter


class Switch(Fault):
    """A planted fault: a switch that works, or one that is stuck."""

    kind = "switch"

    def inject(self) -> None:
        """Turn it off, unless stuck."""
        self.target.on = self.target.stuck

    def heal(self) -> None:
        """Turn it on again."""
        self.target.on = True
        self.target.heals += 1

    def effect(self) -> tuple[bool, str]:
        """Seen when off."""
        return not self.target.on, f"on={self.target.on}"

    def recovered(self) -> tuple[bool, str]:
        """Seen when on."""
        return self.target.on, f"on={self.target.on}"


def nothing(*_: Any, **__: Any) -> Any:
    """A look that is not used."""
    raise AssertionError("not used")


def soon(seen: Callable[[], bool], within: float = 5.0) -> bool:
    """Whether it is seen in time."""
    until = time.monotonic() + within
    while not seen() and time.monotonic() < until:
        time.sleep(0.01)
    return seen()


def care_bench(tmp_path: Path) -> Any:
    """A care with a journal, and a way to read the fault states written so far."""
    journal = JournalWriter(tmp_path / "journal.ndjson")
    clock = iter(range(1, 100_000))

    def events() -> list[dict[str, Any]]:
        lines = (tmp_path / "journal.ndjson").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["e"] == "fault"]

    def states() -> list[str]:
        return [event["state"] for event in events()]

    care = Care(journal, lambda: float(next(clock)), lambda _: None)
    return SimpleNamespace(care=care, states=states, events=events, world=World(nothing, nothing, None, None, None))


def node(stuck: bool = False) -> Any:
    """A target."""
    return SimpleNamespace(name="mx1", on=True, stuck=stuck, heals=0)


class Box:
    """A container that loses what was done to it when it is started again."""

    def __init__(self) -> None:
        self.starts, self.running, self.frozen, self.cut = 1, True, False, False
        self.attrs: dict[str, Any] = {}

    def reload(self) -> None:
        self.attrs = {"State": {"StartedAt": self.starts}}


class Crash(Switch):
    """Stops the box; healed by starting it, without whatever was done to it."""

    kind = "crash"

    def inject(self) -> None:
        self.target.container.running = False

    def heal(self) -> None:
        box = self.target.container
        if not box.running:
            box.starts, box.running, box.frozen, box.cut = box.starts + 1, True, False, False

    def effect(self) -> tuple[bool, str]:
        return not answers(self.target.container), "looked"

    def recovered(self) -> tuple[bool, str]:
        return answers(self.target.container), "looked"


def answers(box: Box) -> bool:
    return box.running and not box.frozen and not box.cut


class Ice(Crash):
    """Freezes the box, if it runs."""

    kind, what = "ice", "frozen"

    def inject(self) -> None:
        if not self.target.container.running:
            raise RuntimeError("it is not running")
        setattr(self.target.container, self.what, True)

    def heal(self) -> None:
        setattr(self.target.container, self.what, False)

    def effect(self) -> tuple[bool, str]:
        return getattr(self.target.container, self.what), "looked"


class Cut(Ice):
    """Cuts the box off, if it runs."""

    kind, what = "cut", "cut"
