"""Requirement profiles: hard requirements before scores, and arithmetic that adds up."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from maildrill.compare.build import compare
from maildrill.compare.model import CellSeen, Comparison
from maildrill.compare.observation import Observation
from maildrill.compare.order import Confidence, median, median_interval
from maildrill.compare.output import write_comparison
from maildrill.compare.plan import Plan, PlannedCell, PlannedCluster, PlannedScenario, order_cells
from maildrill.compare.profile import Candidate, Profile, Requirements, Weights, load_candidate, load_profile
from maildrill.compare.score import Evidence, Scoreboard, normalised, scoreboard
from maildrill.compare.terminal import terminal
from maildrill.errors import BadInput
from maildrill.shipped import data_dir, list_clusters

FIXTURES = data_dir() / "fixtures"
PROFILES = sorted((FIXTURES / "profiles").glob("*.yaml"))
PROFILE = Profile.model_validate({
    "profile": "p", "title": "P", "organisation": {"mailboxes": 10, "industry": "any"},
    "budget": {"per_mailbox_month": 10},
    "require": {"lost": 0, "rto": {"inbound": "10s"}, "regions": ["DE"], "certifications": ["ISO 27001"]},
    "weights": {"rta_inbound": {"weight": 60, "good": "2s", "bad": "12s"},
                "price": {"weight": 40, "good": 0, "bad": 10}},
})  # fmt: skip
GOOD = {"currency": "EUR", "regions": ["DE"], "certifications": ["ISO 27001"]}


def stated(name: str, price: float = 5, **other: object) -> Candidate:
    fields = {"candidate": name, "cluster": name, "title": name, "price_per_mailbox_month": price, **GOOD, **other}
    return Candidate.model_validate(fields)


def evidence(inbound: list[Observation], lost: int = 0) -> Evidence:
    values = {"rta_inbound": inbound, "lost": [Observation(value=lost)]}
    medians = {name: [median(row)] for name, row in values.items()}
    intervals: dict[str, list[Confidence]] = {name: [median_interval(row)] for name, row in values.items()}
    return Evidence(values, medians, intervals)


def board(found: dict[str, Evidence], candidates: dict[str, Candidate]) -> Scoreboard:
    return scoreboard(PROFILE, found, candidates, fixed_before=True)


quick = st.lists(st.builds(Observation, value=st.integers(0, 10).map(float)), min_size=1, max_size=2)
any_row = st.lists(st.builds(Observation, value=st.floats(0, 30), censored=st.booleans()), min_size=1, max_size=5)
passing_one = st.tuples(quick, st.just(0), st.integers(0, 10).map(float), st.just("DE"), st.just(True))
any_one = st.tuples(any_row, st.integers(0, 1), st.floats(0, 20), st.sampled_from(["DE", "US"]), st.booleans())
lossy_one = st.tuples(quick, st.just(1), st.integers(0, 10).map(float), st.just("DE"), st.just(True))
field = st.lists(passing_one | lossy_one | any_one, max_size=5)


@given(field)
def test_who_fails_is_never_above_who_passes_and_products_add_up(
    many: list[tuple[list[Observation], int, float, str, bool]],
) -> None:
    found = {f"c{i}": evidence(row, lost) for i, (row, lost, *_) in enumerate(many)}
    files = {
        f"c{i}": stated(f"c{i}", price, regions=[region])
        for i, (_, _, price, region, has_file) in enumerate(many)
        if has_file
    }
    rows_ = board(found, files).rows
    assert {row.cluster for row in rows_} == set(found)
    passing = [all(one.status == "met" for one in row.hard) for row in rows_]
    assert passing == sorted(passing, reverse=True)
    placed = [round(row.score, 6) for row, ok in zip(rows_, passing, strict=True) if ok]
    assert [row.rank for row in rows_ if row.rank] == [1 + sum(other > one for other in placed) for one in placed]
    assert [bool(row.rank) for row in rows_] == passing
    for row in rows_:
        assert row.score == pytest.approx(sum(one.weight * one.normalised for one in row.products))
        assert row.score == pytest.approx(sum(one.product for one in row.products))
        if row.low is not None and row.high is not None:
            assert 0 <= row.low <= row.score + 1e-9 <= row.high + 1e-6 <= 100 + 1e-5
        assert not any(one.status == "failed" for one in row.hard) or row.standing == 2


def test_arithmetic_is_shown() -> None:
    (row,) = board({"a": evidence([Observation(value=7)])}, {"a": stated("a")}).rows
    assert [one.arithmetic for one in row.products] == ["(12 - 7) / (12 - 2) = 0.500", "(10 - 5) / (10 - 0) = 0.500"]
    assert [one.product for one in row.products] == [30, 20]
    assert (row.score, row.rank) == (50, 1)


def test_equal_scores_share_a_place() -> None:
    found = {name: evidence([Observation(value=seconds)] * 2) for name, seconds in (("a", 7), ("b", 7), ("c", 9))}
    rows_ = board(found, {name: stated(name) for name in found}).rows
    assert [(row.cluster, row.rank) for row in rows_] == [("a", 1), ("b", 1), ("c", 3)]


def test_one_drill_has_no_range_and_says_so() -> None:
    found = {"once": evidence([Observation(value=7)]), "twice": evidence([Observation(value=6), Observation(value=8)])}
    rows_ = {row.cluster: row for row in board(found, {name: stated(name) for name in found}).rows}
    assert (rows_["once"].low, rows_["once"].high, rows_["once"].could_be) == (None, None, "not known: one drill")
    assert rows_["twice"].could_be == "44.0 to 56.0"


@pytest.mark.parametrize(("has", "status"), [(None, "open"), ([], "failed"), (["ISO 27001"], "met")])
def test_what_a_candidate_file_does_not_mention_is_open_and_what_it_denies_fails(
    has: list[str] | None, status: str
) -> None:
    fields = stated("a").model_dump(exclude={"certifications"}) | ({} if has is None else {"certifications": has})
    (row,) = board({"a": evidence([Observation(value=0)])}, {"a": Candidate.model_validate(fields)}).rows
    assert [one.status for one in row.hard if "certification" in one.requirement] == [status]


def test_one_lost_message_excludes_whatever_the_score() -> None:
    found = {"cheap": evidence([Observation(value=0)], lost=1), "dear": evidence([Observation(value=9)])}
    first, second = board(found, {"cheap": stated("cheap", 0), "dear": stated("dear", 9)}).rows
    assert (first.cluster, first.rank, second.cluster, second.rank) == ("dear", 1, "cheap", None)
    assert second.score > first.score
    assert [(one.found, one.status) for one in second.hard if one.status != "met"] == [("worst 1", "failed")]


def test_a_requirement_must_hold_in_every_drill() -> None:
    once = evidence([Observation(value=1)] * 4 + [Observation(value=11)])
    (row,) = board({"a": once}, {"a": stated("a")}).rows
    assert row.standing == 2


@pytest.mark.parametrize("name", ["false_rejections", "premature_bounces", "corrupt", "misdelivered"])
def test_a_profile_can_forbid_that_mail_is_sent_back_or_spoilt(name: str) -> None:
    """A system that refuses everything at once has no delay: that must not make it the best."""
    strict = PROFILE.model_copy(update={"require": Requirements.model_validate({name: 0})})
    found = Evidence({name: [Observation(value=0), Observation(value=1)]}, {}, {})
    row = scoreboard(strict, {"a": found}, {"a": stated("a")}, fixed_before=True).rows[0]
    assert [(one.found, one.status) for one in row.hard if one.status != "met"] == [("worst 1", "failed")]
    assert name in Weights.model_fields


@pytest.mark.parametrize(("bound", "status"), [(3.0, "open"), (10.0, "failed")])
def test_a_censored_time_fails_or_is_open_and_is_never_met(bound: float, status: str) -> None:
    (row,) = board({"a": evidence([Observation(value=bound, censored=True)])}, {"a": stated("a")}).rows
    assert [one.status for one in row.hard if "inbound" in one.requirement] == [status]
    assert row.products[0].product == 0


def test_a_drill_that_ended_early_does_not_hide_one_that_failed() -> None:
    """Of 45 s and "> 3 s" the second ranks last, and only the first is known to be over 10 s."""
    both = evidence([Observation(value=45), Observation(value=3, censored=True)])
    (row,) = board({"a": both}, {"a": stated("a")}).rows
    inbound = next(one for one in row.hard if "inbound" in one.requirement)
    assert (inbound.status, inbound.found) == ("failed", "worst 45.00 s")


def test_without_a_candidate_file_nothing_is_assumed() -> None:
    (row,) = board({"a": evidence([Observation(value=0)])}, {}).rows
    assert row.rank is None
    assert {one.status for one in row.hard if one.found == "not stated"} == {"open"}
    assert row.products[1].product == 0


@given(st.floats(0, 20), st.floats(0, 20))
def test_less_is_never_worth_less(one: float, other: float) -> None:
    scale = PROFILE.weights.given()["rta_inbound"]
    low, high = sorted((one, other))
    assert normalised(Observation(value=low), scale) >= normalised(Observation(value=high), scale)
    assert normalised(Observation(value=low, censored=True), scale) == 0


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_shipped_profile(path: Path) -> None:
    profile = load_profile(path.stem, FIXTURES / "profiles")
    assert profile.profile == path.stem
    assert path.read_text().startswith("# yaml-language-server: $schema=../../schema/profile.json\n# An EXAMPLE.")


def test_four_profiles_are_shipped() -> None:
    assert len(PROFILES) >= 4


@pytest.mark.parametrize("path", sorted((FIXTURES / "candidates").glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_candidate_is_marked_as_an_example(path: Path) -> None:
    candidate = load_candidate(path.stem, FIXTURES / "candidates")
    assert candidate.cluster == path.stem
    assert candidate.cluster in list_clusters()
    assert candidate.example
    assert "# EXAMPLE VALUES" in path.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight: 40", "weight: 30", "p.yaml:21:3: weights: expected weights that add up to 100, not 90"),
        ("  rta_mailbox:  ", "  rta_mailbx:  ", 'unknown field "weights.rta_mailbx"; did you mean "rta_mailbox"?'),
        ("good: 5s, bad: 30m", "good: 1h, bad: 30m", "expected good below bad: less is better"),
        ("good: 80, bad: 0", "good: 0, bad: 80", "expected good above bad: more is better"),
        ("  lost: 0", "  lost: none", "p.yaml:12:9: require.lost: expected a whole number"),
        ("virus-filter", "virusfilter", 'did you mean "virus-filter"?'),
        ("inbound: 30m", "inbound: soon", 'require.rto.inbound: expected a duration such as "10s"'),
    ],
)
def test_mistake_in_a_profile_is_shown_where_it_stands(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (FIXTURES / "profiles/small-practice.yaml").read_text()
    assert old in text
    (tmp_path / "p.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        load_profile(str(tmp_path / "p.yaml"), FIXTURES)
    assert said in str(caught.value)


def drilled(**inbound: dict[str, list[float]]) -> Comparison:
    """Two scenarios, two drills each, of these clusters: scenario -> inbound RTA; none: no drill was usable."""
    scenarios = ("easy", "hard")
    planned = [PlannedScenario(name=name, title="", why="", file="", sha256="", need_s=1) for name in scenarios]
    clusters = [PlannedCluster(name=name, given="", about="", sha256="") for name in inbound]
    cells = order_cells(list(inbound), scenarios, 2, 1)
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=2, reruns=0, scenarios=planned, clusters=clusters,
        cells=cells,
    )  # fmt: skip
    return compare(plan, [_seen(one, inbound[one.cluster].get(one.scenario)) for one in cells], [PROFILE],
                   [stated(name) for name in inbound])  # fmt: skip


def _seen(cell: PlannedCell, inbound: list[float] | None) -> CellSeen:
    values = {} if inbound is None else {"rta_inbound": inbound[cell.repeat - 1], "lost": 0}
    return CellSeen(
        **cell.model_dump(), verdict="pass" if values else "inconclusive", folder=cell.cell if values else None,
        maildrill_version="1", attempts=[], observations={key: Observation(value=one) for key, one in values.items()},
    )  # fmt: skip


def test_a_scenario_that_proved_nothing_leaves_its_requirements_open_and_is_worth_nothing() -> None:
    """Whose hard drills were all inconclusive is not placed before who went through them."""
    found = drilled(through={"easy": [1, 1], "hard": [9, 9]}, around={"easy": [1, 1]})
    first, second = found.scoreboards[0].rows
    assert [(first.cluster, first.rank), (second.cluster, second.rank)] == [("through", 1), ("around", None)]
    assert second.standing == 1
    open_ = {one.requirement.partition(" at most")[0]: one.found for one in second.hard if one.status == "open"}
    assert open_ == {
        "messages lost": "worst 0; nothing usable from hard",
        "inbound RTA": "worst 1.00 s; nothing usable from hard",
    }
    assert (second.products[0].product, second.products[0].arithmetic) == (
        0, "0, because there was nothing usable from hard",
    )  # fmt: skip
    assert (second.low, second.high) == (20, 80), "the price is stated; the rest is anything up to what was measured"
    assert found.headline.endswith("No usable drill, so nothing is known of: hard on around.")


def test_what_is_known_to_be_too_slow_fails_whatever_is_missing() -> None:
    found = drilled(slow={"easy": [11, 11]}, fast={"easy": [1, 1], "hard": [1, 1]})
    slow = next(row for row in found.scoreboards[0].rows if row.cluster == "slow")
    assert slow.standing == 2


def test_a_scenario_that_measures_something_of_nobody_asks_it_of_nobody() -> None:
    """A drill that does not probe inbound leaves the inbound requirement to the others."""
    found = drilled(a={"easy": [1, 1], "hard": [1, 1]}, b={"easy": [1, 1], "hard": [2, 2]})
    unprobed = [
        one.model_copy(update={"observations": {"lost": one.observations["lost"]}}) if one.scenario == "hard" else one
        for one in found.cells
    ]
    plan = Plan(
        maildrill_version="1", created="", seed=1, repeats=2, reruns=0, scenarios=found.scenarios,
        clusters=found.clusters, cells=[],
    )  # fmt: skip
    rows_ = compare(plan, unprobed, [PROFILE], [stated("a"), stated("b")]).scoreboards[0].rows
    assert [row.rank for row in rows_] == [1, 1]
    half = [one for one in found.cells if (one.scenario, one.cluster) != ("hard", "b")]
    half += [one for one in unprobed if (one.scenario, one.cluster) == ("hard", "b")]
    rows_ = compare(plan, half, [PROFILE], [stated("a"), stated("b")]).scoreboards[0].rows
    assert [(row.cluster, row.rank) for row in rows_] == [("a", 1), ("b", None)]


def test_open_requirements_are_shown_on_the_page_in_the_terminal_and_as_data(tmp_path: Path) -> None:
    found = drilled(through={"easy": [1, 1], "hard": [9, 9]}, around={"easy": [1, 1]})
    write_comparison(tmp_path, found, {})
    console = Console(file=io.StringIO(), width=300)
    console.print(terminal(found))
    for text in (console.file.getvalue(), (tmp_path / "compare.html").read_text()):  # type: ignore[attr-defined]
        said = " ".join(re.sub(r"<[^>]+>", "", text).split())
        assert "open: messages lost at most 0 in every drill (worst 0; nothing usable from hard)" in said
        assert "nothing is known of: hard on around" in said
    board_ = json.loads((tmp_path / "compare.json").read_text())["scoreboards"][0]
    assert [[one["status"] for one in row["hard"]].count("open") for row in board_["rows"]] == [0, 2]
    rows_ = list(csv.DictReader(io.StringIO((tmp_path / "scoreboard.csv").read_text())))
    assert {(row["cluster"], row["place"]) for row in rows_} == {("through", "1"), ("around", "open")}
    assert sum(row["status"] == "open" for row in rows_) == 2
