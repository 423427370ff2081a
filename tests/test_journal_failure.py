"""A journal that cannot be written any more keeps no fault from being healed, and the drill says so in the end."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maildrill.cluster.clusterfile import load_cluster
from maildrill.drill import phases, run
from maildrill.drill.logs import keep_logs
from maildrill.drill.phases import Drill
from maildrill.errors import EnvironmentProblem
from maildrill.faults import Fault, World
from maildrill.journal import writer as writer_module
from maildrill.journal.events import Note, Phase, Start
from maildrill.journal.reader import read_journal
from maildrill.journal.writer import JournalWriter
from maildrill.scenario.model import Scenario

START = Start(0.0, 1, "d", "s", "c", 1, "2026-01-01T00:00:00Z")
PLAN = Scenario.model_validate({
    "scenario": "s", "title": "t", "objectives": {"lost": 0},
    "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}],
})  # fmt: skip


class FullAfter:
    """The calls of a disk that takes so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = os.write(fd, data[: self.room])
        self.room -= taken
        return taken

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(room=st.integers(0, 600))
def test_what_was_written_before_the_disk_was_full_can_be_read(tmp_path: Path, room: int) -> None:
    """Writing never raises, and what is there is a whole beginning."""
    path = tmp_path / f"journal-{room}"
    path.unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        writer = JournalWriter(path)
        patch.setattr(writer_module, "os", FullAfter(room))
        writer.write(START)
        for number in range(3):
            writer.write(Note(1.0, "clean", f"{number}", 0.0))
        writer.write(Phase(2.0, "end"))
        writer.close()
    journal = read_journal(path)
    assert journal.whole == (not writer.problem)
    assert not writer.problem or f"{path}: No space left on device" in writer.problem
    lines = [json.loads(line) for block in journal.blocks() for line in block.splitlines()]
    assert [one["detail"] for one in lines if one["e"] == "note"] == ["0", "1", "2"][
        : sum(e["e"] == "note" for e in lines)
    ]


@pytest.mark.parametrize("call", ["fdatasync", "fsync"])
def test_a_disk_that_cannot_be_synced_is_remembered_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(writer_module, "SYNC_EVERY_S", 0.0)
    monkeypatch.setattr(os, call, broken)
    writer = JournalWriter(tmp_path / "j")
    writer.write(START)
    writer.close()
    writer.close()
    assert "Input/output error" in writer.problem


class Broken(Fault):
    """A planted fault; written down is when it was healed."""

    kind = "broken"
    acts: list[str]
    there = False

    def inject(self) -> None:
        """Done."""
        self.there = True

    def heal(self) -> None:
        """Done."""
        self.acts.append("healed")

    def effect(self) -> tuple[bool, str]:
        """Seen."""
        return self.there, "broken"


def a_drill(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Drill, list[str]]:
    """One with a fault in force, and what is done from now on."""
    acts: list[str] = []
    monkeypatch.setattr(phases, "connect", lambda: None)
    monkeypatch.setattr(phases, "remove_session", lambda *_: [])
    monkeypatch.setattr(phases, "await_engine", lambda *_: "")
    drill = Drill(PLAN, load_cluster("postfix-dovecot-single"), folder, 1, lambda _: None)
    fault = Broken(World(None, None, None, None, None), SimpleNamespace(name="mx1"))  # type: ignore[arg-type]
    fault.acts = acts
    drill.care.inject("f", fault)
    return drill, acts


def test_healing_comes_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drill, acts = a_drill(tmp_path, monkeypatch)
    monkeypatch.setattr(drill.journal, "write", lambda *events: acts.extend(event.kind for event in events))
    drill.down()
    assert acts[0] == "healed"
    assert "phase" in acts


def test_a_full_disk_ends_the_drill_and_everything_is_healed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drill, acts = a_drill(tmp_path, monkeypatch)
    monkeypatch.setattr(writer_module, "os", FullAfter(0))
    drill.note("clean")
    with pytest.raises(EnvironmentProblem, match=r"journal could not be written: .*No space left"):
        drill.tick()
    drill.down()
    assert acts == ["healed"]


def test_a_drill_whose_journal_was_cut_short_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers would be of half a drill, and there is no room for them either."""
    scenario = tmp_path / "s.yaml"
    scenario.write_text("scenario: s\n")

    def carried_out(drill: Drill) -> bool:
        monkeypatch.setattr(writer_module, "os", FullAfter(0))
        drill.note("clean")
        return False

    monkeypatch.setattr(phases, "connect", lambda: None)
    monkeypatch.setattr(run, "_check", lambda *_: None)
    monkeypatch.setattr(run, "_turn", lambda *_: run.nullcontext())
    monkeypatch.setattr(run, "check", lambda *_: PLAN)
    monkeypatch.setattr(run, "_carry_out", carried_out)
    with pytest.raises(EnvironmentProblem, match=r"journal could not be written: .*No space left on device; mend that"):
        run.run_drill(
            PLAN, load_cluster("postfix-dovecot-single"), scenario_path=scenario, reports=tmp_path / "reports", seed=1,
            progress=lambda _: None,
        )  # fmt: skip


def test_logs_that_cannot_be_kept_do_not_keep_the_drill_from_cleaning(tmp_path: Path) -> None:
    """A file where the folder should be stands for a disk without room."""
    (tmp_path / "logs").write_text("in the way")
    node = SimpleNamespace(name="mx1", roles=["mx"], container=SimpleNamespace(logs=lambda **_: b"said"))
    cluster: Any = SimpleNamespace(nodes={"mx1": node}, vantage=SimpleNamespace(container=None))
    journal: Any = None
    assert keep_logs(cluster, tmp_path, journal, "")[0].startswith("mx1: ")
