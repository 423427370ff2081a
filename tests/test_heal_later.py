"""Faults on one node stand in each other's way: none is left unhealed for that, or applied again without need."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from planted_faults import Box, Crash, Cut, Ice, care_bench, soon

from maildrill.custody import care as care_module
from maildrill.custody.work import Work
from maildrill.faults import KINDS
from maildrill.faults import fault as fault_module
from maildrill.faults.load import quota_exhaustion
from maildrill.faults.load.attack import Attack
from maildrill.faults.load.quota_exhaustion import QuotaExhaustion


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A care with a journal."""
    monkeypatch.setattr(care_module, "HIDDEN_DEADLINE_S", 0.05)
    monkeypatch.setattr(fault_module, "PROOF_DEADLINE_S", 0.5)
    monkeypatch.setattr(fault_module, "HEAL_DEADLINE_S", 1.0)
    return care_bench(tmp_path)


class Thawed(Cut):
    """Can be done and undone only while the box is not frozen, and runs."""

    kind = "thawed"

    def _must_be_able(self) -> None:
        if self.target.container.frozen or not self.target.container.running:
            raise RuntimeError("it is frozen or down")

    def inject(self) -> None:
        self._must_be_able()
        super().inject()

    def heal(self) -> None:
        self._must_be_able()
        super().heal()


def box() -> Any:
    return SimpleNamespace(name="mx1", container=Box())


def test_what_another_fault_keeps_from_being_healed_is_healed_with_that(bench: Any) -> None:
    target = box()
    bench.care.inject("cut", Thawed(bench.world, target))
    bench.care.inject("ice", Ice(bench.world, target))
    assert not bench.care.heal("cut")
    assert bench.states()[-1] == "heal-later"
    assert target.container.cut
    assert bench.care.heal("ice")
    assert not target.container.cut
    assert "heal-failed" not in bench.states()
    assert sorted(event["name"] for event in bench.events() if event["state"] == "heal-verified") == ["cut", "ice"]


@pytest.mark.parametrize("order", list(itertools.permutations(("cut", "ice", "crash"))))
def test_everything_is_healed_in_any_order(bench: Any, order: tuple[str, ...]) -> None:
    target = box()
    kinds = {"cut": Thawed, "ice": Ice, "crash": Crash}
    for name in ("cut", "ice", "crash"):
        bench.care.inject(name, kinds[name](bench.world, target))
    for name in order:
        bench.care.heal(name)
    assert target.container.running
    assert not target.container.frozen
    assert not target.container.cut
    assert "heal-failed" not in bench.states()
    verified = {event["name"] for event in bench.events() if event["state"] == "heal-verified"}
    assert verified == {"cut", "ice", "crash"}


@pytest.mark.parametrize("act", ["heal_all", "undo_all"])
def test_the_end_heals_what_had_to_wait(bench: Any, act: str) -> None:
    """Newest first would heal the cut before the ice."""
    target = box()
    bench.care.inject("old cut", Thawed(bench.world, target))
    bench.care.inject("ice", Ice(bench.world, target))
    bench.care.heal("old cut")
    getattr(bench.care, act)()
    assert not target.container.cut
    assert not target.container.frozen


@pytest.mark.parametrize("act", ["heal_all", "undo_all"])
def test_the_end_tries_again_what_failed_because_of_an_older_fault(bench: Any, act: str) -> None:
    target = box()
    bench.care.inject("ice", Ice(bench.world, target))
    cut = Thawed(bench.world, target)
    target.container.frozen = False
    bench.care.inject("cut", cut)
    target.container.frozen = True
    getattr(bench.care, act)()
    assert not target.container.cut
    assert not target.container.frozen


def test_two_heals_at_one_moment_help_each_other(bench: Any) -> None:
    """The first fails because the second has not been healed yet, and is tried again at once."""
    target, gate = box(), threading.Event()

    class SlowIce(Ice):
        def heal(self) -> None:
            gate.wait(10)
            super().heal()

    bench.care.inject("cut", Thawed(bench.world, target))
    bench.care.inject("ice", SlowIce(bench.world, target))
    works = [Work(bench.care.heal, "ice")]
    assert soon(lambda: "heal-requested" in bench.states())
    works.append(Work(bench.care.heal, "cut"))
    assert soon(lambda: "heal-later" in bench.states())
    gate.set()
    assert all(work.wait(10) for work in works)
    assert not target.container.cut
    assert "heal-failed" not in bench.states()


def test_a_heal_that_fails_with_nothing_in_its_way_has_failed(bench: Any) -> None:
    target = box()
    bench.care.inject("cut", Thawed(bench.world, target))
    target.container.frozen = True
    assert not bench.care.heal("cut")
    assert bench.states()[-1] == "heal-failed"


def test_what_a_node_lost_in_restarts_that_nobody_cared_for_is_applied_again(bench: Any) -> None:
    """A restart-loop starts its node over and over; when it is healed, the node is not started once more."""
    target = box()

    class Loop(Crash):
        kind = "loop"
        applied_once = True

        def inject(self) -> None:
            super().inject()
            Crash.heal(self)

        def effect(self) -> tuple[bool, str]:
            return True, "looked"

    bench.care.inject("cut", Cut(bench.world, target))
    bench.care.inject("loop", Loop(bench.world, target))
    assert not target.container.cut
    bench.care.heal("loop")
    assert target.container.cut
    assert bench.states().count("injected-again") == 1


@pytest.mark.parametrize("kind", ["stale-restore", "kill-daemon", "restart-loop"])
def test_what_acts_once_or_by_itself_is_known(kind: str) -> None:
    assert KINDS[kind].applied_once


def test_what_acts_once_is_not_done_again(bench: Any) -> None:
    target, times = box(), []

    class Once(Cut):
        applied_once = True

        def inject(self) -> None:
            times.append(1)

        def effect(self) -> tuple[bool, str]:
            return bool(times), "looked"

    bench.care.inject("once", Once(bench.world, target))
    bench.care.inject("crash", Crash(bench.world, target))
    bench.care.heal("crash")
    assert len(times) == 1
    assert "injected-again" not in bench.states()


def test_a_node_that_was_just_started_does_not_run_everything_yet(bench: Any) -> None:
    """A daemon that is to be broken again is waited for, as long as the proof may take."""
    target, tries = box(), []

    class Daemon(Cut):
        def inject(self) -> None:
            if target.container.starts > 1 and len(tries) < 2:
                tries.append(1)
                raise RuntimeError("mx1 runs no process")
            super().inject()

    bench.care.inject("daemon", Daemon(bench.world, target))
    bench.care.inject("crash", Crash(bench.world, target))
    bench.care.heal("crash")
    assert target.container.cut
    assert "not-effective" not in bench.states()


def test_a_drill_that_ends_applies_nothing_again(bench: Any) -> None:
    """Else the heal of one fault would break the node once more, at the worst moment."""
    target = box()
    bench.care.inject("cut", Cut(bench.world, target))
    bench.care.inject("crash", Crash(bench.world, target))
    bench.care.stop_injecting()
    bench.care.heal("crash")
    assert not target.container.cut
    assert "injected-again" not in bench.states()


def test_a_mailbox_of_a_node_that_is_down_is_emptied_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must not pass for healed while the mail that filled it is still there."""
    attackers, acts, running = [object()], [], [False]
    fault = QuotaExhaustion(SimpleNamespace(), SimpleNamespace(name="store1"))  # type: ignore[arg-type]
    monkeypatch.setattr(quota_exhaustion, "is_running", lambda _: running[0])
    monkeypatch.setattr(Attack, "attacker", lambda _: attackers[0] if attackers else None)
    monkeypatch.setattr(Attack, "heal", lambda _: attackers.clear())
    monkeypatch.setattr(fault, "from_vantage", acts.append)
    with pytest.raises(RuntimeError, match="store1 is down"):
        fault.heal()
    running[0] = True
    fault.heal()
    fault.heal()
    assert acts == ["empty"]


def test_an_injection_that_hangs_does_not_hold_up_the_heal_of_another(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be applied again, being of the same kind: it is waited for as long as it may take, and left then."""
    monkeypatch.setattr(fault_module, "INJECT_DEADLINE_S", 0.1)
    target, for_ever = box(), threading.Event()

    class Hangs(Ice):
        def inject(self) -> None:
            for_ever.wait(30)

    bench.care.inject("ice", Ice(bench.world, target))
    Work(bench.care.inject, "hangs", Hangs(bench.world, target))
    assert soon(lambda: bench.care.took("hangs"))
    healing = Work(bench.care.heal, "ice")
    assert healing.wait(10)
    for_ever.set()
    assert not target.container.frozen
