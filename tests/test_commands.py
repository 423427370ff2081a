"""What commands print: texts of files as they stand, JSON alone on stdout, nothing as possible that nobody knows."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

import maildrill.cluster.engine
import maildrill.cluster.images
import maildrill.commands.dry
from maildrill import cli
from maildrill.commands.app import console
from maildrill.commands.run import table
from maildrill.drill.progress import Progress
from maildrill.errors import EnvironmentProblem
from maildrill.shipped import list_images

SCENARIO = """\
scenario: one
title: TITLE
timeline:
  - {at: 0s, fault: kill, target: {role: mx}, for: 5s}
objectives: {lost: 0}
"""


def printed(text: str) -> str:
    """A text as a console prints it in a table and above it."""
    target = io.StringIO()
    grid = Table(title=text, box=None, show_header=False)
    grid.add_row(text)
    console(file=target, width=200).print(grid)
    return target.getvalue()


@given(st.text("[]/abold:smile= x", min_size=1, max_size=40).filter(lambda text: text == text.strip()))
def test_no_text_is_markup(text: str) -> None:
    assert [line.strip() for line in printed(text).splitlines()] == [text, text]


@pytest.mark.parametrize("title", ["'[bold]x[old] [/] :smile:'"])
def test_a_title_is_listed_as_it_stands(tmp_path: Path, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.yaml").write_text(SCENARIO.replace("TITLE", title))
    assert cli.run(["list", "--scenarios", str(tmp_path)]) == 0
    assert title.strip("'") in capsys.readouterr().out


def test_the_live_view_says_up_and_down() -> None:
    target = io.StringIO()
    console(file=target, width=100).print(table(Progress(1.0, "up", {"inbound": True, "mailbox": False})))
    assert {"up", "down"} <= set(target.getvalue().split())


def test_what_init_writes_is_listed_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from maildrill.commands.plan import scenario_files

    folder = tmp_path / "my drills"
    assert cli.run(["init", str(folder)]) == 0
    now = capsys.readouterr().out.splitlines()[-1]
    assert str(folder) in shlex.split(now)
    assert cli.run(["list", "--scenarios", str(folder)]) == 0
    assert "first-drill" in capsys.readouterr().out
    assert [path.name for path in scenario_files([str(folder)])] == ["first-drill.yaml"]


def test_pages_are_told_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["faults", "--docs", str(tmp_path), "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["written"]
    assert str(tmp_path / "kill.md") in written
    assert all(Path(name).is_file() for name in written)


def test_images_that_are_all_there_are_told_in_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(maildrill.cluster.engine, "connect", SimpleNamespace)
    monkeypatch.setattr(maildrill.cluster.images, "missing_images", lambda *_: [])
    assert cli.run(["images", "--check", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == list_images()


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no engine answers."""

    def connect() -> None:
        raise EnvironmentProblem("no container engine answers")

    monkeypatch.setattr(maildrill.commands.dry, "connect", connect)
    monkeypatch.setattr(maildrill.cluster.engine, "connect", connect)


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("scenario", ["mx-kill", "mx-isolated"])
def test_without_an_engine_a_dry_run_does_not_know(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["run", scenario, "--dry-run"]) == 4
    shown = capsys.readouterr().out
    assert "0.0 s  inject" in shown
    assert "is not known: no container engine answers" in shown
    assert "can do all of it" not in shown
    assert cli.run(["run", scenario, "--dry-run", "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["unknown"] == "no container engine answers"


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize(("options", "code"), [([], 4), (["--json"], 4), (["--no-probe"], 0)])
def test_without_an_engine_nobody_knows_which_faults_are_possible(
    options: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["faults", *options]) == code
    shown = capsys.readouterr()
    assert "kill" in shown.out
    assert ("is not known: no container engine answers" in shown.err) == bool(code)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "x" * 300], "cannot be looked for: File name too long"),
        (["run", f"{'x' * 300}.yaml"], "cannot be looked for"),
        (["run", "mx-kill", "--cluster", f"{'x' * 300}.yaml"], "cannot be looked for"),
        (["run", "mx-kill", "--cluster", ""], 'unknown cluster ""'),
        (["measure", "x" * 300], "cannot be looked for"),
        (["list", "--scenarios", "x" * 300], "cannot be looked for"),
        (["run", "folder.yaml"], "folder.yaml: a folder, not a scenario file"),
        (["run", "folder"], 'no scenario "folder" (a folder has this name; name a file in it); nearest: '),
        (["run", ""], 'no scenario ""; nearest: '),
    ],
)  # fmt: skip
def test_arguments_that_are_no_file(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "nearest" not in said or len(error.partition("nearest: ")[2].split(",")) == 3
