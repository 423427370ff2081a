"""Features of the machine: every need has a probe, and what is missing is said before anything is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import maildrill.drill.machine as machine
import maildrill.drill.run
from maildrill import cli
from maildrill.catalogue import find_scenario, load_pair
from maildrill.errors import Skipped
from maildrill.faults import KINDS
from maildrill.faults.features import FEATURES
from maildrill.shipped import data_dir

pytest_plugins = ["pytester"]


def test_every_need_has_a_probe() -> None:
    """If this fails: add the feature to src/maildrill/faults/features.py."""
    assert {name for kind in KINDS.values() for name in kind.needs} <= set(FEATURES)


def lacking(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """Let this machine lack these features."""
    answers = {name: "the kernel refuses" if name in missing else "" for name in FEATURES}
    monkeypatch.setattr(machine, "look", lambda _, names: {name: answers[name] for name in names})
    monkeypatch.setattr(maildrill.drill.run, "connect", lambda: None)


def test_what_cannot_be_done_is_said_with_the_reason_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario, _ = load_pair(find_scenario("mx-cut-off"))
    lacking(monkeypatch)
    machine.check_machine(None, scenario)
    lacking(monkeypatch, "nftables")
    with pytest.raises(Skipped, match=r"partition: no nftables: the kernel refuses \(run the engine on a kernel with"):
        machine.check_machine(None, scenario)


def test_run_exits_with_4_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking(monkeypatch, "freezer")
    assert cli.run(["run", "mx-freeze", "--reports", str(tmp_path)]) == 4
    assert "freeze: no freezer: the kernel refuses" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


SKIPS = """
import pytest

@pytest.fixture(autouse=True)
def lacking(monkeypatch):
    import maildrill.drill.machine, maildrill.drill.run
    monkeypatch.setattr(maildrill.drill.machine, "look", lambda _, names: dict.fromkeys(names, "the kernel refuses"))
    monkeypatch.setattr(maildrill.drill.run, "connect", lambda: None)
"""


def test_pytest_skips_it_with_the_reason(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "own"
    folder.mkdir()
    (folder / "mine.yaml").write_text((data_dir() / "scenarios/redundancy/mx-freeze.yaml").read_text())
    pytester.makeconftest(SKIPS)
    pytester.makepyfile(
        'import pytest\npytestmark = pytest.mark.scenarios(".")\ndef test_it(drill):\n    drill.require()\n'
    )
    result = pytester.runpytest("-p", "no:cacheprovider", "-rs", "--scenarios", "own")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["*mx-freeze skipped, this machine cannot do it: freeze: no freezer: the kernel refuses*"]
    )


@pytest.mark.integration
def test_probes_say_something_of_every_feature_and_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real engine: the helper works, an unknown name is missing, nothing is left."""
    from maildrill.cluster.engine import connect
    from maildrill.custody.sweep import leftovers

    client: Any = connect()
    monkeypatch.setattr(machine.secrets, "token_hex", lambda _: "0fea70e5")
    found = machine._look(client, [*FEATURES, "no-such-feature"])
    assert set(found) == {*FEATURES, "no-such-feature"}
    assert found["helper"] == ""
    assert found["no-such-feature"]
    assert leftovers(client, "0fea70e5") == []
