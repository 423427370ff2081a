"""A comparison's plan, its resumption, and what it writes, with a fake in the place of the drill."""

from __future__ import annotations

import csv
import html
import io
import random
from pathlib import Path

import pytest
from fake_drills import CLUSTERS, COMMAND, Fake, compared, fake, folder_of
from hypothesis import given
from hypothesis import strategies as st

from maildrill import cli
from maildrill.compare.build import compare
from maildrill.compare.metrics import METRICS
from maildrill.compare.model import CellSeen, Comparison
from maildrill.compare.observation import Observation
from maildrill.compare.plan import Plan, PlannedCluster, PlannedScenario, order_cells
from maildrill.errors import EnvironmentProblem

__all__ = ["fake"]


def test_order_is_seeded_balanced_and_shares_seeds() -> None:
    cells = order_cells(["a", "b", "c"], ["s", "t"], 4, 1)
    assert cells == order_cells(["c", "a", "b"], ["t", "s"], 4, 1)
    assert cells != order_cells(["a", "b", "c"], ["s", "t"], 4, 2)
    assert len({one.cell for one in cells}) == 24
    assert [one.repeat for one in cells] == [r for r in (1, 2, 3, 4) for _ in range(6)]
    seeds = {(one.scenario, one.repeat, one.seed) for one in cells}
    assert len(seeds) == len({seed for *_, seed in seeds}) == 8
    assert len({tuple(one.cluster for one in cells[i : i + 6]) for i in range(0, 24, 6)}) > 1


def test_every_cell_runs_once_and_the_plan_is_first(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run([*COMMAND, "--repeat", "4", "--reports", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert len(fake.runs) == len(set(fake.runs)) == 8
    plan = Plan.model_validate_json((folder_of(tmp_path) / "plan.json").read_text())
    assert fake.runs == [(one.scenario, one.cluster, one.seed) for one in plan.cells]
    assert "cell 1 of 8" in shown.err
    assert "time left is known after the first drill" in shown.err
    assert "0 s left" in shown.err
    assert shown.out.startswith(f"Beyond noise in mx-kill: {CLUSTERS[0]} is better than")
    said = [one for one in compared(tmp_path)["differences"] if one["metric"] == "rta_inbound"]
    assert [(one["lower"], round(one["p"], 4), one["u"]) for one in said] == [(CLUSTERS[0], 0.0286, 0)]


def test_too_few_repeats_prove_nothing_and_it_says_how_many_would(fake: Fake, tmp_path: Path) -> None:
    assert cli.run([*COMMAND, "--repeat", "2", "--reports", str(tmp_path)]) == 0
    headline = compared(tmp_path)["headline"]
    assert headline.startswith("No difference is beyond noise. Seen in every drill, though with 2 repeats")
    assert "4 are needed" in headline


def test_one_drill_each_that_differs_is_not_called_the_same(fake: Fake, tmp_path: Path) -> None:
    assert cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)]) == 0
    said = {one["metric"]: one["kind"] for one in compared(tmp_path)["differences"]}
    assert (said["rta_inbound"], said["lost"]) == ("open", "same")


def test_several_scenarios_are_also_compared_together(fake: Fake, tmp_path: Path) -> None:
    """Three repeats of one scenario prove nothing, of two scenarios they do."""
    assert cli.run([*COMMAND, "--scenarios", "mx-freeze", "--repeat", "3", "--reports", str(tmp_path)]) == 0
    found = compared(tmp_path)
    said = {one["scenario"]: one["kind"] for one in found["differences"] if one["metric"] == "rta_inbound"}
    assert said == {"*": "beyond", "mx-freeze": "open", "mx-kill": "open"}
    assert found["headline"].startswith(f"Beyond noise over all scenarios: {CLUSTERS[0]} is better than")
    assert "Over all scenarios" in (folder_of(tmp_path) / "compare.html").read_text()


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt("healed"), 130), (EnvironmentProblem("engine gone"), 4)])
def test_resume_runs_what_is_left_and_nothing_twice(
    stop: BaseException, code: int, fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.stop_at = {3: stop}
    assert cli.run([*COMMAND, "--repeat", "3", "--reports", str(tmp_path)]) == code
    folder = folder_of(tmp_path)
    assert f"go on with: maildrill compare --resume {folder}" in capsys.readouterr().err
    done = fake.runs[:2]
    assert cli.run(["compare", "--resume", str(folder)]) == 0
    assert len(fake.runs) == 7
    assert not set(fake.runs[2:]) & set(done)
    assert len(set(fake.runs)) == 6
    assert cli.run(["compare", "--resume", str(folder)]) == 0
    assert len(fake.runs) == 7
    states = [one["state"] for cell in compared(tmp_path)["cells"] for one in cell["attempts"]]
    assert states.count("unfinished") == (1 if code == 130 else 0)


def test_a_killed_drill_without_a_result_is_run_again(fake: Fake, tmp_path: Path) -> None:
    cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)])
    next(folder_of(tmp_path).glob("*/*/result.json")).unlink()
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 0
    assert len(fake.runs) == 3


def test_inconclusive_cells_are_kept_counted_and_rerun_a_stated_number_of_times(fake: Fake, tmp_path: Path) -> None:
    fake.codes = iter(["BASELINE_UNHEALTHY", "", "PROBES_STARVED", "PROBES_STARVED", "PROBES_STARVED"])
    assert cli.run([*COMMAND, "--repeat", "1", "--reruns", "2", "--reports", str(tmp_path)]) == 3
    assert len(fake.runs) == 5
    found = compared(tmp_path)
    kept = sorted(sorted(one["state"] for one in cell["attempts"]) for cell in found["cells"])
    assert kept == [["inconclusive"] * 3, ["inconclusive", "usable"]]
    page = (folder_of(tmp_path) / "compare.html").read_text()
    assert "1 of 2 cells have a usable drill; 4 inconclusive" in page
    assert page.count("PROBES_STARVED") == 3
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 3
    assert len(fake.runs) == 5


def test_too_short_an_observation_is_a_censored_value_and_not_tried_until_it_is_quick(
    fake: Fake, tmp_path: Path
) -> None:
    fake.codes = iter(["HORIZON_TOO_SHORT"] * 2)
    assert cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)]) == 0
    assert len(fake.runs) == 2
    medians = [one["median"] for one in compared(tmp_path)["summaries"] if one["metric"] == "rta_inbound"]
    assert medians == [{"value": 8.0, "censored": True}] * 2
    assert "&gt; 8.00 s" in (folder_of(tmp_path) / "compare.html").read_text()


def test_a_system_that_did_not_come_back_is_not_tried_until_it_does(fake: Fake, tmp_path: Path) -> None:
    """Still down, it cannot be healed, probed or read; what it lost is not proven, and its time is censored."""
    fake.codes = iter(["HORIZON_TOO_SHORT CENSUS_INCOMPLETE HEAL_FAILED NOT_OBSERVED"] * 2)
    assert cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)]) == 0
    assert len(fake.runs) == 2
    found = compared(tmp_path)
    medians = {one["metric"]: one["median"] for one in found["summaries"]}
    assert medians["rta_inbound"] == {"value": 8.0, "censored": True}
    assert not {"lost", "rpa", "held", "corrupt"} & set(medians)
    assert "Not proven, and so not compared: messages lost of" in found["headline"]
    assert "not proven: no whole census" in (folder_of(tmp_path) / "compare.html").read_text()


def test_a_drill_that_could_not_be_read_for_another_reason_proves_nothing(fake: Fake, tmp_path: Path) -> None:
    fake.codes = iter(["CENSUS_INCOMPLETE"] * 4)
    assert cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)]) == 3
    assert len(fake.runs) == 4


def test_csv_has_every_number_and_the_page_needs_no_network(fake: Fake, tmp_path: Path) -> None:
    cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)])
    rows = list(csv.DictReader(io.StringIO((folder_of(tmp_path) / "compare.csv").read_text())))
    values = {(row["cluster"], row["metric"]): row["value"] for row in rows}
    assert float(values[CLUSTERS[1], "rta_inbound"]) > 10
    assert {row["verdict"] for row in rows} == {"pass"}
    page = (folder_of(tmp_path) / "compare.html").read_text()
    assert "<svg" in page
    for reference in ('src="', "url(", "<script", "@import", 'href="http'):
        assert reference not in page.replace("http://www.w3.org", "")


def test_the_page_says_in_words_what_each_metric_means(fake: Fake, tmp_path: Path) -> None:
    cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)])
    page = html.unescape((folder_of(tmp_path) / "compare.html").read_text())
    assert [one.key for one in METRICS if f"<th>{one.title}</th><td>{one.means}</td>" not in page] == []
    assert "1 repeat each" in page
    assert "rta_inbound" not in page.split("Where each number came from")[1].split("</details>")[0]


observation = st.builds(Observation, value=st.integers(0, 5).map(float), censored=st.booleans())


def side_by_side(**metrics: dict[str, list[float]]) -> Comparison:
    """Two clusters in one scenario; metric -> cluster -> its values, one a repeat."""
    repeats = max(len(row) for rows in metrics.values() for row in rows.values())
    cells = order_cells(["a", "b"], ["s"], repeats, 1)
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=repeats, reruns=0, cells=cells,
        scenarios=[PlannedScenario(name="s", title="", why="", file="", sha256="", need_s=1)],
        clusters=[PlannedCluster(name=name, given="", about="", sha256="") for name in "ab"],
    )  # fmt: skip
    seen = [
        CellSeen(**one.model_dump(), verdict="pass", folder=one.cell, maildrill_version="1", attempts=[], observations={
            name: Observation(value=rows[one.cluster][one.repeat - 1]) for name, rows in metrics.items()})
        for one in cells
    ]  # fmt: skip
    return compare(plan, seen)


def test_the_headline_claims_what_holds_among_all_that_was_asked() -> None:
    """Four against four is 0.029 by itself, and with a second metric beside it 0.057."""
    apart = {"a": [1.0, 2, 3, 4], "b": [5.0, 6, 7, 8]}
    mixed = {"a": [1.0, 3, 5, 7], "b": [2.0, 4, 6, 8]}
    assert side_by_side(rta_inbound=apart).headline.startswith("Beyond noise in s: a is better than b in inbound RTA")
    found = side_by_side(rta_inbound=apart, catch_up=mixed)
    assert found.headline.startswith("No difference is beyond noise. For one metric alone, though not among all")
    one = next(one for one in found.differences if one.metric == "rta_inbound")
    assert (one.kind, one.said) == ("metric", "a is better, beyond noise for this metric alone")
    assert (round(one.p_holm, 3), round(one.p_holm_all, 3)) == (0.029, 0.057)


@given(st.lists(st.lists(observation, min_size=3, max_size=3), min_size=3, max_size=3), st.randoms())
def test_order_of_cells_does_not_matter(values: list[list[Observation]], dice: random.Random) -> None:
    cells = order_cells(["a", "b", "c"], ["s"], 3, 1)
    seen = [
        CellSeen(**one.model_dump(), verdict="pass", folder=one.cell, maildrill_version="1", attempts=[],
                 observations={"rta_inbound": values["abc".index(one.cluster)][one.repeat - 1]})
        for one in cells
    ]  # fmt: skip
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=3, reruns=0, cells=cells,
        scenarios=[PlannedScenario(name="s", title="", why="", file="", sha256="", need_s=1)],
        clusters=[PlannedCluster(name=name, given="", about="", sha256="") for name in "abc"],
    )  # fmt: skip
    first: Comparison = compare(plan, seen)
    dice.shuffle(seen)
    assert compare(plan, seen).text() == first.text()
