"""The end of the settle phase is the last look at a heal that a fault still in force had hidden."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.cluster.clusterfile import load_cluster
from maildrill.custody import care as care_module
from maildrill.custody import charge as charge_module
from maildrill.drill import phases
from maildrill.drill.phases import Drill
from maildrill.faults import Fault, World
from maildrill.faults import fault as fault_module
from maildrill.scenario.model import Scenario

PLAN = Scenario.model_validate({
    "scenario": "s", "title": "t", "objectives": {"lost": 0}, "settle": 0,
    "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}],
})  # fmt: skip


class Stuck(Fault):
    """A planted fault whose heal does nothing."""

    kind = "stuck"
    there = False

    def inject(self) -> None:
        """Done."""
        self.there = True

    def heal(self) -> None:
        """Not done."""

    def effect(self) -> tuple[bool, str]:
        """Seen from its injection on."""
        return self.there, "broken"

    def recovered(self) -> tuple[bool, str]:
        """Never seen."""
        return False, "still broken"


class Planted:
    """A timeline of two faults, of which the first is healed while the second stays."""

    def __init__(self, _scenario: Any, _nodes: Any, world: World, care: care_module.Care, *_: Any) -> None:
        self._world, self._care = world, care

    def run(self, _tick: Any) -> None:
        """Inject both, heal the first."""
        for name in ("first", "second"):
            self._care.inject(name, Stuck(self._world, SimpleNamespace(name=name, container=SimpleNamespace(id=name))))
        self._care.heal("first")


def test_a_heal_that_was_hidden_is_looked_at_before_the_mail_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that look nobody would say that it never worked."""
    monkeypatch.setattr(phases, "connect", lambda: None)
    monkeypatch.setattr(phases, "Timeline", Planted)
    monkeypatch.setattr(care_module, "HIDDEN_DEADLINE_S", 0.05)
    monkeypatch.setattr(fault_module, "HEAL_DEADLINE_S", 0.05)
    monkeypatch.setattr(charge_module, "started_at", lambda _: "")
    drill = Drill(PLAN, load_cluster("postfix-dovecot-single"), tmp_path, 1, lambda _: None)
    drill.cluster = SimpleNamespace(nodes={})  # type: ignore[assignment]
    world: Any = SimpleNamespace(check=None, attempt=None, cluster=drill.cluster)
    drill.disaster(world)
    drill.journal.close()
    events = map(json.loads, (tmp_path / "journal.ndjson").read_text().splitlines())
    states = [event["state"] for event in events if event["e"] == "fault" and event["name"] == "first"]
    assert states[-2:] == ["verify-later", "heal-failed"]
