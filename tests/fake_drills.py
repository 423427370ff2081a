"""A fake in the place of the drill, and what a comparison of its drills leaves behind."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planted_drill import census, frame_of_drill, message
from planted_drill import run as measure_planted

import maildrill.cluster.content
import maildrill.drill.run
from maildrill.drill.run import Outcome, make_folder
from maildrill.errors import EnvironmentProblem
from maildrill.journal.events import Note, Start
from maildrill.journal.writer import JournalWriter
from maildrill.measure.interval import Censored, Interval
from maildrill.measure.result import Diagnostic, Result

CLUSTERS = ("postfix-dovecot-ha", "postfix-dovecot-single")
COMMAND = ["compare", "--cluster", CLUSTERS[0], "--cluster", CLUSTERS[1], "--scenarios", "mx-kill", "--seed", "3"]
PLANTED = measure_planted([*frame_of_drill(), *message("m1", "accepted"), *census({"a@example.test": ["m1"]})])


class Fake:
    """Stands for run_drill: writes a journal and a result like a drill's, and counts the runs."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, str, int]] = []
        self.codes: Iterator[str] = iter(())
        self.stop_at: dict[int, BaseException] = {}

    def __call__(self, scenario: Any, cluster: Any, *, reports: Path, seed: int, **_: Any) -> Outcome:
        self.runs.append((scenario.scenario, cluster.cluster, seed))
        stop = self.stop_at.pop(len(self.runs), None)
        if isinstance(stop, EnvironmentProblem):
            raise stop
        folder = make_folder(reports, scenario.scenario)
        journal = JournalWriter(folder / "journal.ndjson")
        journal.write(Start(0.0, 1, folder.name, scenario.scenario, cluster.cluster, seed, "2026-01-01T00:00:00Z"))
        journal.write(Note(1.0, "clean", "", 0.0))
        journal.close()
        code = "INTERRUPTED" if stop else next(self.codes, "")
        result = self.result(scenario.scenario, cluster.cluster, seed, code)
        (folder / "result.json").write_text(result.text())
        if stop:
            raise stop
        return Outcome(folder, result)

    def result(self, scenario: str, cluster: str, seed: int, code: str) -> Result:
        """HA is back in under 1 s; the single server after 10 s, and not at all if observation was too short."""
        noise = random.Random(seed).random()
        upper = noise if cluster == CLUSTERS[0] else 10 + noise
        rta: Interval | Censored = Interval(lower=0.0, upper=upper)
        if "HORIZON_TOO_SHORT" in code:
            rta = Censored(at_least_s=8.0)
        service = PLANTED.services["inbound"].model_copy(update={"rta_s": rta, "outages": []})
        update = {"scenario": scenario, "cluster": cluster, "seed": seed, "services": {"inbound": service}}
        if code:
            diagnostics = [Diagnostic(code=one, message="planted") for one in code.split()]
            return PLANTED.model_copy(update=update | {"verdict": "inconclusive", "diagnostics": diagnostics})
        return PLANTED.model_copy(update=update | {"verdict": "pass", "diagnostics": []})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    drill = Fake()
    monkeypatch.setattr(maildrill.drill.run, "run_drill", drill)
    return drill


def folder_of(reports: Path) -> Path:
    (found,) = reports.glob("compare-*")
    return found


def compared(reports: Path) -> dict[str, Any]:
    return dict(json.loads((folder_of(reports) / "compare.json").read_text()))
