"""The command line: exit codes, one message for an error, clean JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from maildrill import cli
from maildrill.commands.run import line
from maildrill.drill.progress import Progress
from maildrill.errors import EnvironmentProblem, MaildrillError
from maildrill.report import terminal as terminal_module

COMMANDS = ("run", "compare", "list", "measure", "report", "explain", "doctor", "clean", "schema", "init", "images",
            "faults", "up")  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([command, "--help"]) == 0
    assert f"maildrill {command}" in capsys.readouterr().out


def fake_drill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdict: str) -> None:
    """Let `run` believe a drill ended with this verdict."""
    import maildrill.drill.run

    (tmp_path / "result.json").write_text('{"schema": "maildrill.result/1"}\n')
    outcome = SimpleNamespace(folder=tmp_path, result=SimpleNamespace(verdict=verdict))

    def run_drill(*_: object, progress: object, **__: object) -> SimpleNamespace:
        progress(Progress(1.0, "up", message="starting"))  # type: ignore[operator]
        return outcome

    monkeypatch.setattr(maildrill.drill.run, "run_drill", run_drill)
    monkeypatch.setattr(terminal_module, "terminal", lambda result: result.verdict)


@pytest.mark.parametrize(("verdict", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_verdict_is_the_exit_code(
    verdict: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_drill(monkeypatch, tmp_path, verdict)
    assert cli.run(["run", "mx-kill", "--reports", str(tmp_path)]) == code
    assert verdict in capsys.readouterr().out


def test_json_has_stdout_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_drill(monkeypatch, tmp_path, "pass")
    assert cli.run(["run", "mx-kill", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"schema": "maildrill.result/1"}
    assert "starting" in shown.err


@pytest.mark.parametrize(("error", "code"), [(EnvironmentProblem("no engine"), 4), (KeyboardInterrupt("healed"), 130)])
def test_error_is_one_message(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import maildrill.drill.run

    def raising(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(maildrill.drill.run, "run_drill", raising)
    assert cli.run(["run", "mx-kill"]) == code
    assert capsys.readouterr().err.strip() == f"maildrill: {error}"


@pytest.mark.parametrize(
    "arguments",
    [["run", "no-such"], ["run", "no-such.yaml"], ["nonsense"], ["run"], ["run", "mx-kill", "--seed", "x"],
     ["run", "mx-kill", "--cluster", "no-such"], ["measure", "/nowhere"], ["schema", "no-such"], []],
)  # fmt: skip
def test_bad_input_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_defect_of_maildrill_is_70_and_shows_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 would say that an objective was missed."""
    import maildrill.drill.run

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(maildrill.drill.run, "run_drill", broken)
    assert cli.run(["run", "mx-kill"]) == 70
    first, second, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith("maildrill: this is a defect of maildrill")
    assert (second, last) == ("Traceback (most recent call last):", "ZeroDivisionError: planted")
    assert cli.run(["--help"]) == 0
    assert "70 a defect of maildrill" in " ".join(capsys.readouterr().out.split())


def test_an_engine_that_cannot_be_one_is_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for address in ("tcp://127.0.0.1:99999", "tcp://127.0.0.1:x", "nonsense://x"):
        monkeypatch.setenv("DOCKER_HOST", address)
        assert cli.run(["clean"]) == 4
        assert capsys.readouterr().err.startswith("maildrill: no container engine answers (")


def test_a_plan_that_is_no_text_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan.json").write_bytes(bytes(range(256)))
    assert cli.run(["compare", "--resume", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"maildrill: {tmp_path}/plan.json: not UTF-8 text\n"


def test_the_list_of_faults_is_two_columns_of_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["faults", "--no-probe"]) == 0
    said = capsys.readouterr().out
    assert "`" not in said
    lines = [line for line in said.splitlines() if line.startswith("  ")]
    assert len({re.match(r"  \S+ +", line).end() for line in lines}) == 1  # type: ignore[union-attr]


def test_list_and_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert "mx-kill" in [one["name"] for one in listed["scenarios"]]
    assert cli.run(["faults", "--json", "--no-probe"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert {"kind", "group", "about", "needs", "status", "reason"} == set(first)
    assert first["status"] == "unknown"


def test_init_writes_what_loads_and_never_overwrites(tmp_path: Path) -> None:
    from maildrill.catalogue import load_pair

    assert cli.run(["init", str(tmp_path)]) == 0
    scenario, cluster = load_pair(tmp_path / "scenarios/first-drill.yaml")
    assert (scenario.scenario, cluster.cluster) == ("first-drill", "mine")
    assert cluster.nodes
    assert cli.run(["init", str(tmp_path)]) == 2


def test_plain_line() -> None:
    assert line(Progress(1.25, "baseline", {"inbound": False}, 3, 2, 1)) == (
        "    1.2 s  baseline  offered 3 accepted 2 visible 1  inbound=DOWN"
    )


def test_every_error_has_a_code_of_the_table() -> None:
    assert {kind.exit_code for kind in (MaildrillError, *MaildrillError.__subclasses__())} == {2, 4}


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "mx-kill", "--reports", "/proc/nope"],
        ["compare", "--cluster", "postfix-dovecot-ha", "--cluster", "postfix-dovecot-single", "--scenarios", "mx-kill",
         "--reports", "/proc/nope"],
        ["faults", "--docs", "/proc/nope"],
        ["init", "/proc/nope"],
        ["up", "postfix-dovecot-single", "--attached", "/proc/nope/x.yaml"],
        ["up", "postfix-dovecot-single", "--attached", "/proc"],
    ],
    ids=lambda arguments: "-".join(arguments[:1]),
)  # fmt: skip
def test_a_place_that_cannot_be_written_to_is_said_before_anything_starts(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import maildrill.commands.up
    import maildrill.drill.run

    def connect() -> None:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(maildrill.drill.run, "connect", connect)
    monkeypatch.setattr(maildrill.commands.up, "connect", connect)
    assert cli.run(arguments) == 2
    assert "nothing can be written there" in capsys.readouterr().err


def test_a_file_that_will_be_written_is_left_as_it_is_until_then(tmp_path: Path) -> None:
    from maildrill.places import writable

    (tmp_path / "x.yaml").write_text("mine")
    assert writable(tmp_path / "x.yaml").read_text() == "mine"
    assert not writable(tmp_path / "new.yaml").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["x.yaml"]
