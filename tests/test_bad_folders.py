"""What is wrong with the folder of a drill, or a place to write to, is said in a sentence; the exit code is 2, or 4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from maildrill import cli
from maildrill.commands import results
from maildrill.journal.events import Fault, Note, Phase, Recovery, Start
from maildrill.journal.mailbox_events import Session
from maildrill.journal.sound import event_problem
from maildrill.journal.writer import JournalWriter
from maildrill.shipped import data_dir

START = Start(0.0, 1, "d", "mx-kill", "c", 1, "2026-01-01T00:00:00Z")
FAULT = Fault(7.0, "kill", "mx", "mx1", "effective", "")


def drill(folder: Path, *events: Any, start: Start = START, timers: Any = None) -> Path:
    """The folder of a drill in which these events were seen."""
    journal = JournalWriter(folder / "journal.ndjson")
    journal.write(start, Phase(1.0, "baseline"), Phase(6.0, "timeline"), *events)
    journal.write(Note(90.0, "clean", "", 0.0), Phase(91.0, "end"))
    journal.close()
    (folder / "scenario.yaml").write_text((data_dir() / "scenarios/redundancy/mx-kill.yaml").read_text())
    (folder / "cluster.json").write_text(json.dumps({"cluster": "c", "timers": timers or {}}))
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and the one message of a command line."""
    code = cli.run(list(arguments))
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return code, lines[0]


def test_a_good_folder(tmp_path: Path) -> None:
    timers = {"postfix": {"queue_run_delay": "1s", "x": 1, "y": 1.5}}
    assert cli.run(["measure", str(drill(tmp_path, FAULT, timers=timers))]) == 3
    assert json.loads((tmp_path / "result.json").read_text())["timers"] == timers


@pytest.mark.parametrize("timers", [{"postfix": {"a": [1]}}, {"postfix": 5}, [1]])
def test_a_cluster_file_that_was_altered(tmp_path: Path, timers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "measure", str(drill(tmp_path, timers=timers)))
    assert (code, "cluster.json: not the cluster file" in text) == (2, True)


def test_lists_that_do_not_fit_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = Session(2.0, "user1@example.test", "open", "", "", 1, [1, 2], ["", ""])
    lost = Session(8.0, "user1@example.test", "lost", "connection", "", 1, [1, 2], [""])
    code, text = said(capsys, "measure", str(drill(tmp_path, opened, FAULT, lost)))
    assert code == 2
    assert text.endswith("journal.ndjson: line 6: session: lists of different lengths: {'uids': 2, 'flags': 1}")


@pytest.mark.parametrize("wall", ["nonsense", "2026-01-01T00:00:00"])
def test_a_start_at_no_time(tmp_path: Path, wall: str, capsys: pytest.CaptureFixture[str]) -> None:
    bad = Start(0.0, 1, "d", "mx-kill", "c", 1, wall)
    restored = Recovery(9.0, "command", "r", "mx1", "done", "snapshot a1 taken 2026-01-01T00:00:05+00:00")
    code, text = said(capsys, "measure", str(drill(tmp_path, FAULT, restored, start=bad)))
    assert (code, "line 1: start: wall: expected a time with its zone" in text) == (2, True)


def test_a_result_that_is_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (drill(tmp_path, FAULT) / "result.json").mkdir()
    code, text = said(capsys, "measure", str(tmp_path))
    assert (code, "result.json: a folder" in text) == (2, True)


@pytest.mark.parametrize("place", ["a-file", "/proc/maildrill"])
def test_init_where_nothing_can_be_written(tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a-file").touch()
    code, text = said(capsys, "init", str(tmp_path / place))
    assert (code, "nothing can be written there" in text) == (2, True)


def test_the_unforeseen_is_the_machine(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(results, "_again", full)
    assert said(capsys, "measure", "x") == (4, "maildrill: the machine refused: [Errno 28] No space left on device")


def test_a_defect_of_ours_is_not_blamed_on_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import maildrill.report.folder

    def broken(*_: object) -> None:
        raise TypeError("ours")

    monkeypatch.setattr(maildrill.report.folder, "measure_with_tables", broken)
    assert cli.run(["measure", str(drill(tmp_path, FAULT))]) == 70
    assert "this is a defect of maildrill (TypeError)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"e": "sesion"}, "no kind of event is called 'sesion'"),
        ({"t": None}, "session: t: expected a number, found None"),
        ({"uidvalidity": True}, "session: uidvalidity: expected an integer, found True"),
        ({"uids": [1, "2"]}, "session: uids: expected a list, each an integer, found [1, '2']"),
        ({"flags": []}, "session: lists of different lengths: {'uids': 2, 'flags': 0}"),
    ],
)  # fmt: skip
def test_an_event_is_what_its_kind_says(change: dict[str, Any], problem: str) -> None:
    event = json.loads(Session(2.0, "u", "open", "", "", 1, [1, 2], ["", ""]).line())
    assert event_problem(event | change) == problem
