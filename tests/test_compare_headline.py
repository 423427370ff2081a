"""The sentence of a comparison claims no difference that is not there, and hides none."""

from __future__ import annotations

import io
import math
import re

from rich.console import Console

from maildrill.compare.build import compare
from maildrill.compare.charts import strip_chart
from maildrill.compare.html import html
from maildrill.compare.metrics import BY_KEY
from maildrill.compare.model import CellSeen, Comparison
from maildrill.compare.observation import Observation
from maildrill.compare.plan import Plan, PlannedCluster, PlannedScenario, order_cells
from maildrill.compare.terminal import terminal

LOW, HIGH = [1.0, 2, 3, 4, 5, 6], [7.0, 8, 9, 10, 11, 12]
BETTER_A, BETTER_B = {"a": LOW, "b": HIGH}, {"a": HIGH, "b": LOW}


def seen_as(value: float) -> Observation:
    return Observation(value=0.0, censored=True) if value == math.inf else Observation(value=value)


def headline(**scenarios: dict[str, dict[str, list[float]]]) -> str:
    return side_by_side(**scenarios).headline


def side_by_side(**scenarios: dict[str, dict[str, list[float]]]) -> Comparison:
    """Clusters; scenario -> metric -> cluster -> its values (inf: not reached); more repeats were not usable."""
    names = sorted({name for metrics in scenarios.values() for rows in metrics.values() for name in rows})
    cells = order_cells(names, list(scenarios), len(LOW), 1)
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=len(LOW), reruns=0, cells=cells,
        scenarios=[PlannedScenario(name=one, title="", why="", file="", sha256="", need_s=1) for one in scenarios],
        clusters=[PlannedCluster(name=name, given="", about="", sha256="") for name in names],
    )  # fmt: skip
    seen = []
    for one in cells:
        rows = {name: row[one.cluster] for name, row in scenarios[one.scenario].items()}
        found = {name: seen_as(row[one.repeat - 1]) for name, row in rows.items() if one.repeat <= len(row)}
        folder = one.cell if found else None
        seen.append(CellSeen(**one.model_dump(), verdict="", folder=folder, maildrill_version="1", attempts=[],
                             observations=found))  # fmt: skip
    return compare(plan, seen)


def test_differences_that_cancel_out_over_all_scenarios_are_not_called_none() -> None:
    """In one metric a wins everywhere; in the other each wins one scenario, which over both is nothing."""
    text = headline(
        s={"rta_inbound": BETTER_A, "rta_mailbox": BETTER_A}, t={"rta_inbound": BETTER_A, "rta_mailbox": BETTER_B}
    )
    assert text.startswith("Beyond noise over all scenarios: a is better than b in inbound RTA")
    assert "Not so over all of them, 2 are beyond noise within: s, t." in text
    assert "No difference" not in text


def test_a_loss_within_one_scenario_is_not_hidden_by_the_gain_over_all() -> None:
    won = {"rta_inbound": BETTER_A}
    text = headline(r=won, s=won, t=won, u={"rta_inbound": BETTER_B})
    assert text.startswith("Beyond noise over all scenarios: a is better than b in inbound RTA")
    assert "1 is beyond noise within: u" in text


def test_of_several_scenarios_the_only_one_with_usable_drills_is_spoken_of() -> None:
    nothing: dict[str, list[float]] = {"a": [], "b": []}
    text = headline(s={"rta_inbound": BETTER_A}, t={"rta_inbound": nothing})
    assert text.startswith("Beyond noise in s: a is better than b in inbound RTA (median 3.50 s against 9.50 s).")
    few = {"a": [1.0, 2], "b": [7.0, 8]}
    text = headline(s={"rta_inbound": few}, t={"rta_inbound": nothing})
    assert "Seen in every drill, though" in text


def test_repeats_that_were_not_usable_are_not_said_to_be_too_few() -> None:
    """Of six repeats b has three: four would do, so it is not the six that are too few."""
    text = headline(s={"rta_inbound": {"a": LOW, "b": HIGH[:3]}, "rta_mailbox": {"a": LOW[:2], "b": HIGH[:2]}})
    assert "with 2 usable of 6 repeats chance cannot be ruled out, 4 are needed" in text


def test_drills_of_several_versions_are_told_at_the_top_of_the_page_and_in_the_terminal() -> None:
    found = side_by_side(s={"rta_inbound": BETTER_A})
    console = Console(file=io.StringIO(), width=300)
    assert "several versions" not in html(found, {})
    later = found.cells[0].model_copy(update={"maildrill_version": "2"})
    mixed = found.model_copy(update={"cells": [later, *found.cells[1:]]})
    assert "several versions of maildrill (1, 2)" in " ".join(html(mixed, {}).split("<table>")[0].split())
    console.print(terminal(mixed))
    assert "several versions of maildrill (1, 2)" in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_drill_that_never_caught_up_is_not_drawn_as_the_quickest() -> None:
    found = side_by_side(s={"catch_up": {"a": LOW, "b": [*LOW[:-1], math.inf]}})
    chart = strip_chart(found, "s", BY_KEY["catch_up"])
    assert re.findall(r"catch-up, s: ([0-9.]+); cluster: b; repeat: 6; kind: longer than", chart) == ["6"]
    assert re.findall(r"catch-up, s: 1; cluster: b; high: ([0-9.]+)", chart) == ["6"], "nor is the median's interval"


def test_all_that_are_better_than_the_same_cluster_are_told_in_one_clause() -> None:
    alike = {"a": LOW, "b": LOW, "c": HIGH}
    text = headline(s={"rta_inbound": alike, "rta_mailbox": alike, "catch_up": {"a": LOW, "b": HIGH, "c": HIGH}})
    assert text.startswith("Beyond noise in s: a and b are better than c in inbound RTA, mailbox RTA; ")
    assert "; a is better than b and c in catch-up." in text


def test_drills_that_are_inconclusive_and_used_are_told_at_the_top_of_the_page() -> None:
    found = side_by_side(s={"rta_inbound": BETTER_A})
    told = "Of those used, 1 by itself is inconclusive only because of what the mail system did"
    assert told not in " ".join(html(found, {}).split())
    first, *others = found.cells
    mixed = found.model_copy(update={"cells": [first.model_copy(update={"verdict": "inconclusive"}), *others]})
    assert told in " ".join(html(mixed, {}).split())
