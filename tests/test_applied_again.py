"""Limits of a node that are set again: after its start, or when a fault of the same kind was healed there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.faults import KINDS
from maildrill.faults.process import cpu_starvation, out_of_memory
from maildrill.faults.process.out_of_memory import MIB


class Engine:
    """An engine with one node: its limits, its counters, and its out-of-memory events (s)."""

    def __init__(self) -> None:
        self.now, self.limits, self.ooms = 100, dict[str, int](), list[int]()
        self.counters: dict[str, Any] = {"memory_stats": {"usage": 50 * MIB}}

    def info(self) -> dict[str, Any]:
        return {"SystemTime": f"1970-01-01T00:{self.now // 60:02}:{self.now % 60:02}Z", "MemTotal": 8000 * MIB}

    def events(self, since: float, until: float, **_: Any) -> list[int]:
        return [moment for moment in self.ooms if since <= moment <= until]

    def set_limits(self, _: Any, __: Any, **limits: int) -> None:
        self.limits |= limits

    def throttled(self, periods: int) -> None:
        self.counters = {"cpu_stats": {"throttling_data": {"throttled_periods": periods}}}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    for module in (out_of_memory, cpu_starvation):
        monkeypatch.setattr(module, "set_limits", made.set_limits)
        monkeypatch.setattr(module, "usage", lambda *_: made.counters)
    return made


def fault(kind: str, engine: Engine) -> Any:
    answer = SimpleNamespace(output=b"")
    container = SimpleNamespace(id="1", name="mx1", status="running", reload=lambda: None, exec_run=lambda _: answer)
    target = SimpleNamespace(name="mx1", address="10.0.0.2", checks=[], container=container)
    return KINDS[kind](SimpleNamespace(client=engine), target, 1, [], KINDS[kind].Parameters())


def test_memory_is_short_again_and_the_proof_is_of_now(engine: Engine) -> None:
    """Another fault of the kind on the node was healed, and raised the limit to all there is."""
    short = fault("out-of-memory", engine)
    short.inject()
    engine.ooms.append(101)
    engine.now = 105
    assert short.effect()[0]
    engine.limits["Memory"] = 8000 * MIB
    engine.now, engine.counters = 110, {"memory_stats": {"usage": 20 * MIB}}
    short.inject()
    assert engine.limits["Memory"] == (50 + 16) * MIB, "no tighter than before, though it uses less: it just started"
    assert not short.effect()[0], "it ran out of memory before, not since"
    engine.ooms.append(111)
    engine.now = 115
    assert short.effect()[0]
    short.heal()
    assert engine.limits["Memory"] == 8000 * MIB


def test_a_node_that_was_started_anew_is_held_back_as_provably_as_before(engine: Engine) -> None:
    """The kernel counts anew from 0 then; compared with the count before, nothing would be seen for minutes."""
    starved = fault("cpu-starvation", engine)
    engine.throttled(900)
    starved.inject()
    engine.throttled(0)
    starved.inject()
    engine.throttled(3)
    assert starved.effect() == (True, "made to wait in 3 periods")


def test_a_node_that_is_down_has_no_memory_to_run_out_of(engine: Engine) -> None:
    """The engine tells no counters of it. That masks the fault, until whatever put the node down is healed."""
    engine.counters = {"memory_stats": {}}
    with pytest.raises(RuntimeError, match="mx1 is down"):
        fault("out-of-memory", engine).inject()
    assert not engine.limits
