"""Stop conditions: what ends a drill early, and what only looks like it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError

from maildrill.drill import stops
from maildrill.drill.progress import LiveLedger
from maildrill.drill.stops import StoppedEarly, Stops
from maildrill.errors import EnvironmentProblem
from maildrill.journal.events import Bounce, Offer, Probe
from maildrill.scenario.model import Stop, Target


def probe(t: float, ok: bool) -> str:
    return Probe(t, "inbound", t, t + 1, ok, "").line()


def test_stop_conditions_say_what_was_seen() -> None:
    live, now = LiveLedger(), [5.0]
    stops = [Stop(probe="inbound", longer_than=10), Stop(messages="outstanding", above=1)]
    watched = Stops(stops, live, lambda: now[0], lambda _: [], print)
    watched.check()
    live.take(probe(4.0, False))
    watched.check()
    now[0] = 14.5
    with pytest.raises(StoppedEarly, match=r"inbound has failed since 4\.0 s, longer than 10 s"):
        watched.check()
    live.take(probe(14.0, True))
    for id in ("a", "b"):
        live.take(Offer(1.0, id, "inbound", "s", "r", 500, "h", 0.0).line())
    live.take(Bounce(2.0, "b", "s", "5.1.1").line())
    watched.check()
    live.take(Offer(1.0, "c", "inbound", "s", "r", 500, "h", 0.0).line())
    with pytest.raises(StoppedEarly, match="2 messages are outstanding, more than 1"):
        watched.check()


def node(name: str, code: int = 0, status: str = "running", hangs: bool = False, problem: Any = None) -> Any:
    """A node that answers every command with an exit code, hangs, or refuses."""

    def run(*_: Any) -> Any:
        if problem:
            raise problem
        time.sleep(60 if hangs else 0)
        return code, b"said"

    return SimpleNamespace(name=name, container=SimpleNamespace(exec_run=run, reload=lambda: None, status=status))


def checked(nodes: Any, noted: list[str], seconds: float = 5.0) -> None:
    """Check a command again and again. Raises StoppedEarly."""

    def nodes_of(_: Stop) -> list[Any]:
        if isinstance(nodes, Exception):
            raise nodes
        return list(nodes)

    stop = Stop(run="true", target=Target(role="store", pick="all"), every=0.01)
    watched = Stops([stop], LiveLedger(), lambda: 0.0, nodes_of, lambda name, text: noted.append(f"{name}: {text}"))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        watched.check()
        time.sleep(0.01)


def test_a_command_is_run_in_every_node_that_is_meant() -> None:
    with pytest.raises(StoppedEarly, match=r"'true' in store2 ended with exit code 3: said"):
        checked([node("store1"), node("store2", code=3)], [])


@pytest.mark.parametrize("status", ["running", "paused", "exited"])
def test_a_command_that_hangs_stops_unless_its_node_is_dead_or_frozen(
    status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "COMMAND_DEADLINE_S", 0.05)
    hanging = [node("store1", hangs=True, status=status)]
    if status != "running":
        return checked(hanging, [], 0.3)
    with pytest.raises(StoppedEarly, match=r"'true' in store1 did not end within 0.05 s"):
        checked(hanging, [])


def test_a_node_that_takes_no_command_says_nothing() -> None:
    noted: list[str] = []
    checked([node("store1", problem=APIError("container is paused"))], noted, 0.3)
    assert not noted


def test_a_target_that_nobody_can_tell_is_noted_once() -> None:
    noted: list[str] = []
    checked(EnvironmentProblem("no store answers"), noted, 0.3)
    assert noted == ["stop-not-looked: 'true' is run nowhere as long as nobody can tell where: no store answers"]
