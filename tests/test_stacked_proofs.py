"""Faults of one sort on one node: each is proven, and verified healed, by what it adds to the others."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proof_bench import fault

from maildrill.faults.network import delay as delay_module
from maildrill.faults.network import packet_loss


class Line:
    """A network that makes connections late, and loses echoes, by what was really injected."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.there: list[Any] = []

    def __call__(self, _: Any, observer: Any, program: str, *arguments: Any) -> Any:
        if program == "echoes":
            kept = math.prod(1 - one.asked.percent / 100 for one in self.there)
            return sum(self.dice.random() < kept * kept for _ in range(arguments[1]))
        tries, servers = arguments[1], arguments[2:]
        return [[server, "open", min(self._late() for _ in range(tries))] for server in servers]

    def _late(self) -> float:
        late = [one.asked.delay + self.dice.uniform(-1, 1) * one.asked.jitter for one in self.there]
        return sum(late) + self.dice.uniform(0.0002, 0.002)


@given(
    lates=st.lists(st.floats(0.02, 3), min_size=1, max_size=5),
    shaky=st.booleans(),
    sham=st.integers(0, 5),
    seed=st.integers(0, 2**32),
)
def test_one_delay_is_no_proof_of_another(lates: list[float], shaky: bool, sham: int, seed: int) -> None:
    """Several on a node, in any order: each is seen, but for the one whose injector does nothing."""
    line, world = Line(random.Random(seed)), None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(delay_module, "look", line)
        faults = []
        for number, late in enumerate(lates):
            one = fault("delay", number, world, delay=late, jitter=late / 2 if shaky else 0.0)
            world = one.world
            assert not one.effect()[0], "it must not be seen before"
            one.inject()
            if number != sham:
                line.there.append(one)
            faults.append(one)
        for number, one in enumerate(faults):
            if sham >= len(lates) and not shaky:
                assert one.effect()[0], one.effect()
            if number == sham:
                assert not one.effect()[0], one.effect()
        for one in faults:
            if not shaky and sham >= len(lates):
                assert not one.recovered()[0], one.recovered()
            one.heal()
            line.there = [other for other in line.there if other is not one]
            if not shaky and sham >= len(lates):
                assert one.recovered()[0], one.recovered()


@pytest.mark.parametrize("percent", [10.0, 20.0, 40.0])
def test_one_loss_is_no_proof_of_another(percent: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two lossy links on a node each adds its own; a second that is not there is not seen."""
    line = Line(random.Random(7))
    monkeypatch.setattr(packet_loss, "look", line)
    first = fault("packet-loss", 1, percent=percent)
    second = fault("packet-loss", 2, first.world, percent=percent)
    first.inject()
    line.there = [first]
    assert first.effect()[0]
    second.inject()
    assert sum(second.effect()[0] for _ in range(100)) <= 5
    line.there = [first, second]
    assert sum(second.effect()[0] for _ in range(100)) >= 90
    second.heal()
    assert not second.recovered()[0], "its rules are there still"
    line.there = [first]
    assert any(second.recovered()[0] for _ in range(100)), "although the other is in force"


@pytest.mark.parametrize("kind", ["delay", "packet-loss"])
def test_what_a_start_of_the_node_took_away_is_not_expected(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two on a node that was killed are applied again one after the other: the first must not wait for the second."""
    line, world, faults = Line(random.Random(7)), None, []
    for module in (delay_module, packet_loss):
        monkeypatch.setattr(module, "look", line)
    for number in (1, 2):
        one = fault(kind, number, world, **({"delay": 1.0} if kind == "delay" else {"percent": 20.0}))
        world = one.world
        faults.append(one)
        one.inject()
    for one in faults:
        one.target.container.attrs = {"State": {"StartedAt": "again"}}
    for one in faults:
        one.inject()
        line.there.append(one)
        assert sum(one.effect()[0] for _ in range(20)) >= 18
    assert sum(faults[0].effect()[0] for _ in range(20)) >= 18


def test_a_lost_packet_is_no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a lossy link most connections take a second longer, because their first packet is sent again; not all do."""

    def lossy(*arguments: Any) -> list[list[Any]]:
        servers = arguments[5:]
        return [[server, "open", 0.001 if number == 3 else 1.002] for number, server in enumerate(servers)]

    monkeypatch.setattr(delay_module, "look", lossy)
    late = fault("delay", delay=0.8)
    assert not late.effect()[0], late.effect()
    assert late.recovered()[0], late.recovered()
