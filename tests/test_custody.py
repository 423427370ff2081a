"""Custody: intent before act, proof from outside, heal once, and a fault that does nothing is said."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.custody import care as care_module
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


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """A care with a journal, and a way to read the fault states written so far."""
    journal = JournalWriter(tmp_path / "journal.ndjson")
    clock = iter(range(1, 1000))

    def states() -> list[str]:
        lines = (tmp_path / "journal.ndjson").read_text().splitlines()
        return [event["state"] for event in map(json.loads, lines) if event["e"] == "fault"]

    care = Care(journal, lambda: float(next(clock)), lambda _: None)
    return SimpleNamespace(care=care, states=states, world=World(nothing, nothing, None, None, None))


def node(stuck: bool = False) -> Any:
    """A target."""
    return SimpleNamespace(name="mx1", on=True, stuck=stuck, heals=0)


def test_a_fault_is_requested_before_it_acts_and_proven_after(bench: Any) -> None:
    """The order an auditor relies on."""
    bench.care.inject("f", Switch(bench.world, node()))
    bench.care.heal("f")
    assert bench.states() == ["requested", "injected", "effective", "heal-requested", "healed", "heal-verified"]


def test_a_fault_without_effect_is_said(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sabotaged injector must not look like a disaster that was survived."""
    monkeypatch.setattr(care_module, "PROOF_DEADLINE_S", 0.1)
    bench.care.inject("f", Switch(bench.world, node(stuck=True)))
    assert bench.states() == ["requested", "injected", "not-effective"]


def test_healing_twice_heals_once(bench: Any) -> None:
    """Timeline and clean-up may both ask for it."""
    target = node()
    bench.care.inject("f", Switch(bench.world, target))
    bench.care.heal("f")
    bench.care.heal("f")
    bench.care.undo_all()
    assert target.heals == 1


def test_what_is_still_injected_is_undone_at_the_end(bench: Any) -> None:
    """No fault outlives the drill."""
    target = node()
    bench.care.inject("f", Switch(bench.world, target))
    bench.care.undo_all()
    assert target.on
