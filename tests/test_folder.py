"""The folder of a drill: what is measured again is what was planned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from planted_drill import census, frame_of_drill

from maildrill import cli
from maildrill.journal.events import Start
from maildrill.journal.writer import JournalWriter
from maildrill.measure.result import Result
from maildrill.report.folder import digest, read_folder
from maildrill.report.html import rpa_text

PLAN = """\
scenario: planted
title: Planted
timeline: [{at: 0, fault: kill, target: {role: mx}}]
objectives: {inbound: {rto: 1s}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A drill that missed its objective."""
    (tmp_path / "scenario.yaml").write_text(PLAN)
    (tmp_path / "cluster.json").write_text('{"timers": {}}\n')
    digests = [digest(tmp_path / name) for name in ("scenario.yaml", "cluster.json")]
    start = Start(0.0, 1, "d", "planted", "c", 1, "2026-01-01T00:00:00Z", *digests)
    journal = JournalWriter(tmp_path / "journal.ndjson")
    for event in sorted([start, *frame_of_drill()[1:], *census({})], key=lambda event: event.t):
        journal.write(event)
    journal.close()
    return tmp_path


def test_objectives_cannot_be_changed_after_the_drill(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["measure", str(folder)]) == 1
    (folder / "scenario.yaml").write_text(PLAN.replace("rto: 1s", "rto: 50s"))
    assert cli.run(["measure", str(folder)]) == 2
    assert "its objectives were fixed before the run" in capsys.readouterr().err


def test_what_was_drilled_cannot_be_changed_after_the_drill(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cluster.json").write_text('{"timers": {"postfix": {"minimal_backoff_time": "1s"}}}\n')
    assert cli.run(["measure", str(folder)]) == 2
    assert "cluster.json: changed since the drill; it says what was drilled" in capsys.readouterr().err
    (folder / "cluster.json").unlink()
    assert cli.run(["measure", str(folder)]) == 2
    assert "cluster.json: missing since the drill" in capsys.readouterr().err


SAMPLE = Path(__file__).parent.parent / "reports" / "sample"


def test_the_committed_sample_can_be_computed_again() -> None:
    """Byte for byte. If a measure was changed on purpose: `maildrill measure reports/sample`."""
    measured, _, _ = read_folder(SAMPLE)
    assert measured.result.text() == (SAMPLE / "result.json").read_text(encoding="utf-8")


def test_a_result_of_before_the_recovery_point_had_two_bounds_is_still_read() -> None:
    """A comparison that was begun with an older version goes on with this one."""
    older = json.loads((SAMPLE / "result.json").read_text(encoding="utf-8"))
    del older["rpa"]["at_least_s"], older["state"]["rpa_at_least_s"]
    assert rpa_text(Result.model_validate(older)).startswith("0 lost of ")
