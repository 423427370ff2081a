"""A heal is neither overtaken by what it undoes, nor lost while it waits, nor held up by a look that hangs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_faults import Switch, care_bench, node, soon

from maildrill.custody import proof as proof_module
from maildrill.custody.charges import Charges
from maildrill.custody.proof import Proof
from maildrill.custody.work import Work
from maildrill.faults import fault as fault_module


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """A care with a journal."""
    return care_bench(tmp_path)


class Slow(Switch):
    """Takes until it is let go."""

    def inject(self) -> None:
        self.target.gate.wait(10)
        super().inject()


def gated() -> Any:
    target = node()
    target.gate = threading.Event()
    return target


class SlowlyHealed(Switch):
    """Is healed when it is let go."""

    def heal(self) -> None:
        self.target.gate.wait(10)
        super().heal()


def being_healed(bench: Any) -> Any:
    """The target of a fault whose heal is under way elsewhere, for 0.3 s more."""
    target = gated()
    bench.care.inject("f", SlowlyHealed(bench.world, target))
    Work(bench.care.heal, "f")
    assert soon(lambda: "heal-requested" in bench.states())
    threading.Timer(0.3, target.gate.set).start()
    return target


def test_a_heal_that_waits_for_the_injection_is_not_lost_when_the_drill_ends(bench: Any) -> None:
    """The timeline's heal waits in a thread that dies with the process: who heals everything waits for it."""
    target = gated()
    Work(bench.care.inject, "f", Slow(bench.world, target))
    assert soon(lambda: bench.care.took("f"))
    Work(bench.care.heal, "f")
    time.sleep(0.1)
    threading.Timer(0.3, target.gate.set).start()
    bench.care.heal_all()
    assert target.heals == 1
    assert target.on
    assert bench.states()[-1] == "heal-verified"


def test_a_heal_under_way_is_waited_for_by_whoever_asks_for_it_again(bench: Any) -> None:
    """Until it is proven, not only until it was begun."""
    target = being_healed(bench)
    assert bench.care.heal("f")
    assert target.on
    assert bench.states()[-1] == "heal-verified"


def test_whoever_finds_a_fault_finds_its_injection_under_way(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a heal could slip in between, and be overtaken."""
    locked = []
    take = Charges.take

    def taking(self: Charges, charge: Any) -> bool:
        locked.append(charge.injecting.locked())
        return take(self, charge)

    monkeypatch.setattr(Charges, "take", taking)
    bench.care.inject("f", Switch(bench.world, node()))
    assert locked == [True]


def test_an_injection_is_waited_for_as_long_as_it_may_take(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_module, "INJECT_DEADLINE_S", 0.0)
    monkeypatch.setattr(fault_module, "PROOF_DEADLINE_S", 0.05)
    target = gated()

    class MayTakeLong(Slow):
        def inject_deadline(self) -> float:
            return 5.0

    Work(bench.care.inject, "f", MayTakeLong(bench.world, target))
    assert soon(lambda: bench.care.took("f"))
    threading.Timer(0.5, target.gate.set).start()
    assert bench.care.heal("f")
    assert target.on


def test_a_look_that_hangs_is_left_at_the_deadline(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a node that is frozen meanwhile no look returns; the heal must not wait for it for ever."""
    monkeypatch.setattr(fault_module, "PROOF_DEADLINE_S", 0.1)
    monkeypatch.setattr(proof_module, "LOOK_S", 0.1)
    for_ever = threading.Event()

    class Unseen(Switch):
        def effect(self) -> tuple[bool, str]:
            for_ever.wait(30)
            return True, "too late"

    began = time.monotonic()
    bench.care.inject("f", Unseen(bench.world, node()))
    assert bench.states()[-1] == "not-effective"
    assert "a look did not return" in bench.events()[-1]["detail"]
    assert bench.care.heal("f")
    assert time.monotonic() - began < 5
    for_ever.set()


def test_looks_do_not_pile_up_behind_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it says in the end is not taken for what is to be seen now."""
    monkeypatch.setattr(proof_module, "LOOK_S", 0.05)
    looks, gate, clock = [], threading.Event(), iter(range(1000))

    def look() -> tuple[bool, str]:
        looks.append(number := len(looks))
        gate.wait(10)
        return True, f"look {number}"

    proof = Proof(look, lambda: float(next(clock)))
    for _ in range(3):
        assert proof.within(0.05, lambda: False)[0] is None
    assert len(looks) == 1
    gate.set()
    assert proof.within(1.0, lambda: False)[1] == "look 1"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["no", "raises", "hangs"]), max_size=4))
def test_a_proof_ends_whatever_its_looks_do(looks: list[str]) -> None:
    """With the look that saw it, or soon after its deadline."""
    story, gate, moments = iter(looks), threading.Event(), iter(range(1000))

    def look() -> tuple[bool, str]:
        match next(story, "yes"):
            case "raises":
                raise RuntimeError("gone")
            case "hangs":
                gate.wait(10)
                return False, "hung"
            case what:
                return what == "yes", what

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof_module, "LOOK_S", 0.05)
        began = time.monotonic()
        seen_at, seen = Proof(look, lambda: float(next(moments))).within(0.3, lambda: False)
    assert time.monotonic() - began < 3
    gate.set()
    assert (seen_at == len(looks) and seen == "yes") or (seen_at is None and "hangs" in looks)


def test_a_programming_error_in_a_look_is_no_result() -> None:
    def look() -> tuple[bool, str]:
        raise KeyError("oops")

    with pytest.raises(KeyError):
        Proof(look, time.monotonic).within(0.1, lambda: False)


def test_the_end_waits_for_a_heal_under_way_elsewhere(bench: Any) -> None:
    target = being_healed(bench)
    bench.care.undo_all()
    assert target.heals == 1
    assert target.on


@pytest.mark.parametrize("end", ["heal_all", "undo_all"])
def test_a_mistake_in_one_heal_keeps_no_other_from_being_healed(bench: Any, end: str) -> None:
    """Not even one that nobody thought of: newest first, so the broken one comes first."""

    class Broken(Switch):
        def heal(self) -> None:
            raise KeyError("never thought of")

    first, second = node(), node()
    bench.care.inject("first", Switch(bench.world, first))
    bench.care.inject("second", Broken(bench.world, second))
    getattr(bench.care, end)()
    assert first.on
    assert not second.on
    if end == "heal_all":
        assert [event["detail"] for event in bench.events() if event["state"] == "heal-failed"] == [
            "KeyError: 'never thought of'"
        ]
