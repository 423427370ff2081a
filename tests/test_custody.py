"""Custody: intent before act, proof from outside, heal once, and a fault that does nothing is said."""

from __future__ import annotations

import itertools
import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.custody import care as care_module
from maildrill.custody.care import Care
from maildrill.custody.work import Work
from maildrill.faults import Fault, World
from maildrill.faults import fault as fault_module
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


def test_a_fault_is_requested_before_it_acts_and_proven_after(bench: Any) -> None:
    """The order an auditor relies on."""
    bench.care.inject("f", Switch(bench.world, node()))
    bench.care.heal("f")
    assert bench.states() == ["requested", "injected", "effective", "heal-requested", "healed", "heal-verified"]


def test_a_fault_without_effect_is_said(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sabotaged injector must not look like a disaster that was survived."""
    monkeypatch.setattr(fault_module, "PROOF_DEADLINE_S", 0.1)
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


def test_a_heal_that_hangs_blocks_nothing(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One heal that never returns has its deadline; the next fault is healed all the same."""
    monkeypatch.setattr(fault_module, "HEAL_DEADLINE_S", 0.1)
    monkeypatch.setattr(care_module, "UNDO_DEADLINE_S", 0.1)
    for_ever = threading.Event()

    class Hangs(Switch):
        def heal(self) -> None:
            for_ever.wait(30)

    target, other = node(), node()
    bench.care.inject("hangs", Hangs(bench.world, target))
    assert bench.care.heal("hangs") is False
    assert bench.states()[-1] == "heal-failed"
    bench.care.inject("works", Switch(bench.world, other))
    bench.care.inject("hangs too", Hangs(bench.world, target))
    bench.care.undo_all()
    assert other.on
    for_ever.set()


def test_a_heal_does_not_wait_for_the_terminal_or_the_journal(bench: Any) -> None:
    """Traffic writes to both; the act of healing comes before anything is written or said."""
    target, stuck = node(), threading.Event()
    bench.care.inject("f", Switch(bench.world, target))
    bench.care._journal.write = lambda *_: stuck.wait(30)
    Work(bench.care.heal, "f")
    until = time.monotonic() + 5
    while not target.on and time.monotonic() < until:
        time.sleep(0.01)
    stuck.set()
    assert target.on


def test_nothing_is_injected_after_the_end(bench: Any) -> None:
    target = node()
    bench.care.undo_all()
    bench.care.inject("late", Switch(bench.world, target))
    assert target.on


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


FAULTS: dict[str, type[Fault]] = {"crash": Crash, "ice": Ice, "cut": Cut}


@pytest.mark.parametrize("first", list(itertools.permutations(FAULTS, 2)))
@pytest.mark.parametrize("same_order", [True, False])
def test_faults_on_one_target_stack_and_unstack_in_any_order(
    bench: Any, monkeypatch: pytest.MonkeyPatch, first: tuple[str, str], same_order: bool
) -> None:
    """Whatever the order, what is not healed is in force, and at the end all is proven well."""
    monkeypatch.setattr(care_module, "HIDDEN_DEADLINE_S", 0.05)
    second = first if same_order else first[::-1]
    target = SimpleNamespace(name="mx1", container=Box())
    faults = {kind: FAULTS[kind](bench.world, target) for kind in first}
    for kind in first:
        bench.care.inject(kind, faults[kind])
    assert bench.care.heal(second[0])
    assert faults[second[1]].effect()[0], f"{second[1]} is still in force"
    assert bench.care.heal(second[1])
    assert answers(target.container)
    verified = [event["name"] for event in bench.events() if event["state"] == "heal-verified"]
    assert sorted(verified) == sorted(first)
    effective = {event["name"] for event in bench.events() if event["state"] == "effective"}
    assert effective == set(first) or "masked" in bench.states()
    assert "heal-failed" not in bench.states()
    assert "not-effective" not in bench.states()


class Lock(Crash):
    """What two of a kind share: healing one opens what the other holds shut."""

    kind = "lock"

    def inject(self) -> None:
        self.target.container.frozen = True

    def heal(self) -> None:
        self.target.container.frozen = False

    def effect(self) -> tuple[bool, str]:
        return self.target.container.frozen, "looked"


def test_of_two_faults_of_one_kind_on_a_node_the_one_that_stays_is_in_force(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Healing the first undid both; the second is applied again."""
    monkeypatch.setattr(care_module, "HIDDEN_DEADLINE_S", 0.05)
    target = SimpleNamespace(name="mx1", container=Box())
    for name in ("first", "second"):
        bench.care.inject(name, Lock(bench.world, target))
    bench.care.heal("first")
    assert target.container.frozen
    assert "injected-again" in bench.states()
    bench.care.heal("second")
    assert not target.container.frozen
    assert bench.states().count("heal-verified") == 2


def test_a_fault_masked_by_one_that_does_not_restart_the_node_comes_into_force_later(bench: Any) -> None:
    """A frozen node can take no other fault; it is applied when the node is thawed."""

    class OnlyThawed(Cut):
        def inject(self) -> None:
            if self.target.container.frozen:
                raise RuntimeError("it is frozen")
            super().inject()

    target = SimpleNamespace(name="mx1", container=Box())
    bench.care.inject("ice", Ice(bench.world, target))
    bench.care.inject("cut", OnlyThawed(bench.world, target))
    assert bench.states()[-1] == "masked"
    bench.care.heal("ice")
    assert target.container.cut


def test_a_heal_that_never_worked_is_said_though_another_fault_stays_in_force(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One on another node cannot hide it for ever: the end of the drill is the last chance to see it."""
    monkeypatch.setattr(fault_module, "HEAL_DEADLINE_S", 0.05)
    monkeypatch.setattr(care_module, "HIDDEN_DEADLINE_S", 0.05)
    here, there = (SimpleNamespace(name=name, container=Box()) for name in ("mx1", "mx2"))
    stuck = Ice(bench.world, here)
    bench.care.inject("stuck", stuck)
    bench.care.inject("other", Ice(bench.world, there))
    monkeypatch.setattr(stuck, "heal", lambda: None)
    bench.care.heal("stuck")
    assert bench.states()[-1] == "verify-later"
    bench.care.verify_rest()
    assert bench.states()[-1] == "heal-failed"
