"""Custody: intent before act, proof from outside, heal once, and a fault that does nothing is said."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from planted_faults import Box, Crash, Cut, Ice, Switch, answers, care_bench, node, soon

from maildrill.custody import care as care_module
from maildrill.custody import rest as rest_module
from maildrill.custody.work import Work
from maildrill.faults import Fault
from maildrill.faults import fault as fault_module


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """A care with a journal."""
    return care_bench(tmp_path)


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


def test_what_was_broken_before_proves_nothing(bench: Any) -> None:
    """A server that was dead already cannot be killed: the drill must not count that as its disaster."""
    dead = node()
    dead.on = False
    bench.care.inject("f", Switch(bench.world, dead))
    assert bench.states() == ["requested", "not-effective"]
    assert "is there before it: on=False" in bench.events()[-1]["detail"]
    assert bench.care.heal("f")
    bench.care.undo_all()
    assert dead.heals == 0, "whose server it is would wonder: nothing was done to it"


class Watched(Switch):
    """Does something at its first look."""

    at_first: Callable[[], Any] = staticmethod(lambda: None)
    looks = 0

    def effect(self) -> tuple[bool, str]:
        self.looks += 1
        if self.looks == 1:
            self.at_first()
        return super().effect()


def test_what_depends_on_another_node_may_be_broken_by_a_fault_there(bench: Any) -> None:
    """The name server is dead, so mail servers greet late: they can be killed all the same."""
    names, mx = node(), node()
    names.name = "dns1"
    bench.care.inject("names", Switch(bench.world, names))
    mx.on = False
    bench.care.inject("mx", Switch(bench.world, mx))
    assert bench.states().count("effective") == 2


def test_two_that_are_hit_at_once_must_both_work_before(bench: Any) -> None:
    """The other of one step does nothing yet, while it is looked at itself."""
    works, dead = node(), node()
    works.name, dead.on = "mx2", False
    other = Watched(bench.world, works)
    other.at_first = lambda: bench.care.inject("dead", Switch(bench.world, dead))
    bench.care.inject("works", other)
    assert [event["name"] for event in bench.events() if event["state"] == "not-effective"] == ["dead"]


def test_one_late_answer_is_no_dead_server(bench: Any) -> None:
    """On a busy machine a look may come too late; it answers the next one."""
    target = node()
    target.on = False
    late = Watched(bench.world, target)
    late.at_first = lambda: threading.Timer(0.05, setattr, (target, "on", True)).start()
    bench.care.inject("f", late)
    assert bench.states() == ["requested", "injected", "effective"]


@pytest.mark.parametrize("end", ["stop_injecting", "undo_all", "heal_all"])
def test_a_drill_that_ends_meanwhile_injects_nothing(bench: Any, end: str) -> None:
    """A stop condition came true, or somebody interrupted, while it was looked at what works before."""
    target = node()
    fault = Watched(bench.world, target)

    def ends() -> None:
        bench.care.stop_injecting()
        threading.Thread(target=getattr(bench.care, end)).start()
        time.sleep(0.2)

    fault.at_first = ends
    bench.care.inject("f", fault)
    assert "injected" not in bench.states()
    assert target.on
    if end == "heal_all":
        assert soon(lambda: not bench.care._charges.all())
        assert target.heals == 0


def test_what_another_fault_broke_before_is_no_defect(bench: Any) -> None:
    """Faults stack: the second on a node, and one applied once more, may find it broken."""
    target = node()
    bench.care.inject("first", Switch(bench.world, target))
    bench.care.inject("second", Switch(bench.world, target))
    bench.care.heal("second")
    bench.care.heal("first")
    target.on = False  # such as mail that was deleted, and is not brought back by the heal
    bench.care.inject("again", Switch(bench.world, target))
    assert "not-effective" not in bench.states()


def test_a_fault_that_begins_meanwhile_may_be_what_is_seen(bench: Any) -> None:
    """Two faults of one step begin at once: what the first finds broken may be the second's work."""
    target = node()

    class Slow(Switch):
        looks = 0

        def effect(self) -> tuple[bool, str]:
            self.looks += 1
            if self.looks == 1:
                bench.care.inject("second", Switch(bench.world, target))
            return super().effect()

    bench.care.inject("first", Slow(bench.world, target))
    assert bench.states().count("effective") == 2
    assert "not-effective" not in bench.states()


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
    monkeypatch.setattr(rest_module, "UNDO_DEADLINE_S", 0.1)
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
