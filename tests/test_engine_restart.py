"""The engine goes away in the middle of a drill: the drill comes out inconclusive, and everything is removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from maildrill.cluster.clusterfile import load_cluster
from maildrill.custody import patience
from maildrill.drill import phases
from maildrill.drill.phases import Drill
from maildrill.faults import Fault, World
from maildrill.scenario.model import Scenario


class Engine:
    """An engine that refuses connections for a number of calls, then works again."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.things = refusals, ["container a", "network b"]

    def call(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError(111, "Connection refused")

    def ping(self) -> None:
        self.call()

    def remove_session(self, *_: Any) -> list[str]:
        self.call()
        self.things = self.things[1:]  # one more each time: the engine is still busy when it is back
        return self.things


class Guarded(Fault):
    """A fault whose heal needs the engine."""

    kind = "guarded"
    healed = there = False

    def inject(self) -> None:
        self.there = True

    def heal(self) -> None:
        self.world.client.call()
        self.healed = True

    def effect(self) -> tuple[bool, str]:
        return self.there, "seen"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A drill with such an engine, in the middle of a fault."""
    engine = Engine(6)
    monkeypatch.setattr(phases, "connect", lambda: engine)
    monkeypatch.setattr(phases, "remove_session", engine.remove_session)
    monkeypatch.setattr(patience, "LOOK_EVERY_S", 0.01)
    timeline = [{"at": 0, "fault": "kill", "target": {"role": "mx"}}]
    scenario = Scenario.model_validate({"scenario": "s", "title": "t", "objectives": {"lost": 0}, "timeline": timeline})
    return Drill(scenario, load_cluster("postfix-dovecot-single"), tmp_path, 1, lambda _: None)


def notes(folder: Path) -> dict[str, str]:
    lines = map(json.loads, (folder / "journal.ndjson").read_text().splitlines())
    return {event["name"]: event["detail"] for event in lines if event["e"] == "note"}


def test_a_restarted_engine_is_waited_for_and_then_everything_is_healed_and_removed(
    broken: Any, tmp_path: Path
) -> None:
    target: Any = type("Target", (), {"name": "mx1"})()
    fault = Guarded(World(None, None, None, broken.client, None), target)  # type: ignore[arg-type]
    broken.care.inject("f", fault)
    broken.down()
    assert fault.healed
    assert broken.client.things == []
    said = notes(tmp_path)
    assert "clean" in said
    assert "not-clean" not in said
    assert "Connection refused; back after" in said["error"].replace("[Errno 111] ", ""), "the drill is inconclusive"


def test_an_engine_that_stays_away_is_not_clean(broken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ENGINE_BACK_S", 0.05)
    broken.client.refusals = 10**9
    broken.down()
    said = notes(tmp_path)
    assert "Connection refused" in said["not-clean"]
    assert "clean" not in said
    assert "did not come back" in said["error"]


def test_what_the_engine_will_not_remove_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ENGINE_BACK_S", 0.1)
    monkeypatch.setattr(patience, "LOOK_EVERY_S", 0.01)
    assert patience.cleaned(lambda: ["volume x"]) == ["volume x"]

    def failing() -> list[str]:
        raise APIError("busy")

    with pytest.raises(APIError, match="busy"):
        patience.cleaned(failing)
