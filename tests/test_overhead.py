"""What a drill takes beyond its planned times is written down, unless it ended early."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from maildrill.blast import planned_time
from maildrill.cluster.clusterfile import load_cluster
from maildrill.drill import phases
from maildrill.drill.phases import Drill
from maildrill.scenario.model import Scenario

PLAN = Scenario.model_validate({
    "scenario": "s", "title": "t", "objectives": {"lost": 0}, "baseline": 4, "settle": 7,
    "timeline": [{"at": 1, "fault": "kill", "target": {"role": "mx"}, "for": 8}],
})  # fmt: skip


def overhead(folder: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], early: bool = False) -> list[float]:
    """What is noted by a drill in which each phase takes 10 s."""
    model = load_cluster("postfix-dovecot-single")
    monkeypatch.setattr(phases, "connect", lambda: None)
    monkeypatch.setattr(phases, "remove_session", lambda *_: [])
    monkeypatch.setattr(phases, "await_engine", lambda *_: "")
    drill = Drill(PLAN, model, folder, 1, lambda _: None)
    drill.guard, drill.clock = None, SimpleNamespace(now=lambda: 10.0 * len(drill.began), wall="")  # type: ignore[assignment]
    for name in names:
        drill.phase(name)
    if early:
        drill.stop_early("enough")
    drill.down()
    drill.journal.close()
    lines = map(json.loads, (folder / "journal.ndjson").read_text().splitlines())
    return [event["value"] for event in lines if event.get("name") == "overhead_s"]


WHOLE = ("up", "warm-up", "baseline", "timeline", "settle", "drain", "census")


def test_planned_time() -> None:
    assert planned_time(PLAN, load_cluster("postfix-dovecot-single").nodes) == 4 + 9 + 7


def test_all_but_what_is_planned_and_the_drain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert overhead(tmp_path, monkeypatch, WHOLE) == [80 - 20 - 10]


def test_a_drill_that_ended_early_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert overhead(tmp_path, monkeypatch, WHOLE, early=True) == []
    (tmp_path / "cut").mkdir()
    assert overhead(tmp_path / "cut", monkeypatch, WHOLE[:4]) == []
