"""A pytest session over several clusters or repeats: the order, the folder and the results of `maildrill compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_plugin import SCENARIO, run, write

import maildrill.compare.conclude  # noqa: F401  its charts need a binary module that a process can load only once
from maildrill import cli
from maildrill.compare.plan import order_cells

pytest_plugins = ["pytester"]
CLUSTERS = ("postfix-dovecot-ha", "postfix-dovecot-single")
SEVERAL = ["--scenarios", "own", "--cluster", CLUSTERS[0], "--cluster", CLUSTERS[1], "--repeat", "2", "--seed", "7"]
FAKE = f"""
import sys

import pytest

sys.path.insert(0, {str(Path(__file__).parent)!r})
from fake_drills import Fake

@pytest.fixture(autouse=True)
def fake(monkeypatch):
    import maildrill.drill.run

    drill = Fake()
    drill.codes = iter(CODES)
    monkeypatch.setattr(maildrill.drill.run, "run_drill", drill)
"""


def two_scenarios(pytester: pytest.Pytester, code: str = "") -> None:
    """mx-kill and mx-other, with a fake in the place of the drill; ``code``: why each is inconclusive."""
    write(pytester)
    (pytester.path / "own/redundancy/other.yaml").write_text(
        SCENARIO.replace("scenario: mx-kill", "scenario: mx-other")
    )
    pytester.makeconftest(FAKE.replace("CODES", repr([code])))


def compared(pytester: pytest.Pytester) -> tuple[Path, dict[str, Any]]:
    """The one folder of a comparison, and its compare.json."""
    (folder,) = (pytester.path / "reports").glob("compare-*")
    return folder, json.loads((folder / "compare.json").read_text())


def expected_order(*scenarios: str) -> list[str]:
    """The ids in the order in which `maildrill compare --seed 7` runs the cells."""
    return [f"{one.scenario}-{one.cluster}-r{one.repeat}" for one in order_cells(CLUSTERS, scenarios, 2, 7)]


def ids(result: pytest.RunResult, word: str) -> list[str]:
    return [line.split("[")[1].split("]")[0] for line in result.outlines if "::test_it[" in line and word in line]


def test_drills_run_in_the_order_of_compare_and_are_compared(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    two_scenarios(pytester)
    result = run(pytester, "-v", *SEVERAL)
    result.assert_outcomes(passed=8)
    order = expected_order("mx-kill", "mx-other")
    assert order != sorted(order)
    assert ids(result, "PASSED") == order
    folder, found = compared(pytester)
    result.stdout.fnmatch_lines(["*= comparison =*", "*8 of 8 cells have a usable drill*", f"report: {folder}/*.html"])
    assert {path.name for path in folder.glob("compare.*")} == {"compare.json", "compare.csv", "compare.html"}
    assert (found["seed"], found["repeats"]) == (7, 2)
    assert found["headline"] in " ".join(" ".join(result.outlines).split())
    capsys.readouterr()
    assert cli.run(["compare", "--resume", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found, "maildrill compare reads the same from the folder"


def test_workers_of_xdist_make_one_comparison(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    result = run(pytester, *SEVERAL, "-n", "2")
    result.assert_outcomes(passed=8)
    folder, found = compared(pytester)
    order = [f"{cell['scenario']}-{cell['cluster']}-r{cell['repeat']}" for cell in _plan(folder)["cells"]]
    assert order == expected_order("mx-kill", "mx-other")
    assert [cell["verdict"] for cell in found["cells"]] == ["pass"] * 8
    assert sum(line.startswith("report: ") for line in result.outlines) == 1


def _plan(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "plan.json").read_text()))


def test_what_is_run_is_what_was_planned(pytester: pytest.Pytester) -> None:
    """A scenario file that is edited while the session lasts is not another drill in the same comparison."""
    two_scenarios(pytester)
    own = pytester.path / "own/redundancy/other.yaml"
    edit = f"""
def pytest_collection_finish():
    from pathlib import Path

    file = Path({str(own)!r})
    file.write_text(file.read_text().replace("scenario: mx-other", "scenario: mx-new"))
"""
    (pytester.path / "conftest.py").write_text((pytester.path / "conftest.py").read_text() + edit)
    run(pytester, *SEVERAL, "-k", "mx-other").assert_outcomes(passed=4)
    assert {cell["verdict"] for cell in compared(pytester)[1]["cells"]} == {"pass"}


def test_only_what_was_chosen_is_planned(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    result = run(pytester, "-v", *SEVERAL, "-k", "mx-other")
    assert ids(result, "PASSED") == expected_order("mx-other")
    assert {cell["scenario"] for cell in compared(pytester)[1]["cells"]} == {"mx-other"}


def test_a_drill_that_proves_nothing_is_kept_and_named(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester, "PROBES_STARVED")
    run(pytester, *SEVERAL, "-k", "mx-other").assert_outcomes(errors=4)
    _, found = compared(pytester)
    assert [cell["verdict"] for cell in found["cells"]] == ["inconclusive"] * 4


def test_one_cluster_repeated_is_summed_up(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    run(pytester, "--scenarios", "own", "--repeat", "2", "-k", "mx-other").assert_outcomes(passed=2)
    _, found = compared(pytester)
    assert found["headline"] == "One cluster, so nothing is compared; its drills side by side."
    assert {one["n"] for one in found["summaries"]} == {2}


def test_what_does_not_fit_is_skipped_and_not_planned(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    misfit = SCENARIO.replace("scenario: mx-kill", "scenario: proxy").replace("role: mx", "role: proxy")
    (pytester.path / "own/redundancy/proxy.yaml").write_text(misfit)
    run(pytester, *SEVERAL, "-k", "proxy").assert_outcomes(passed=2, skipped=2)
    assert [cell["cluster"] for cell in compared(pytester)[1]["cells"]] == [CLUSTERS[0]] * 2


def test_one_drill_each_is_no_comparison_and_collecting_makes_no_folder(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    run(pytester, "--collect-only", *SEVERAL)
    assert not (pytester.path / "reports").exists()
    run(pytester, "--scenarios", "own").assert_outcomes(passed=2)
    assert sorted(path.name.split("-2")[0] for path in (pytester.path / "reports").iterdir()) == ["mx-kill", "mx-other"]


def test_two_scenarios_of_one_name_are_not_taken_for_one(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    (pytester.path / "own/redundancy/twice.yaml").write_text(SCENARIO)
    result = run(pytester, *SEVERAL)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*mx-kill--postfix-dovecot-ha--r1 is given twice: *"])


def test_reports_that_cannot_be_written_are_said_before_the_first_drill(pytester: pytest.Pytester) -> None:
    two_scenarios(pytester)
    result = run(pytester, *SEVERAL, "--reports", "/proc/nope")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*/proc/nope: nothing can be written there*"])
