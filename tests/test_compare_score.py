"""Requirement profiles: hard requirements before scores, and arithmetic that adds up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildrill.compare.observation import Observation
from maildrill.compare.order import Confidence, median, median_interval
from maildrill.compare.profile import Candidate, Profile, load_candidate, load_profile
from maildrill.compare.score import Evidence, Scoreboard, normalised, scoreboard
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
    assert [row.rank for row in rows_] == [i + 1 if ok else None for i, ok in enumerate(passing)]
    for row in rows_:
        assert row.score == pytest.approx(sum(one.weight * one.normalised for one in row.products))
        assert row.score == pytest.approx(sum(one.product for one in row.products))
        assert 0 <= row.low <= row.score + 1e-9 <= row.high + 1e-6 <= 100 + 1e-5
        assert not any(one.status == "failed" for one in row.hard) or row.standing == 2


def test_arithmetic_is_shown() -> None:
    (row,) = board({"a": evidence([Observation(value=7)])}, {"a": stated("a")}).rows
    assert [one.arithmetic for one in row.products] == ["(12 - 7) / (12 - 2) = 0.500", "(10 - 5) / (10 - 0) = 0.500"]
    assert [one.product for one in row.products] == [30, 20]
    assert (row.score, row.rank) == (50, 1)


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


@pytest.mark.parametrize(("bound", "status"), [(3.0, "not shown"), (10.0, "failed")])
def test_a_censored_time_fails_or_is_not_shown_and_is_never_met(bound: float, status: str) -> None:
    (row,) = board({"a": evidence([Observation(value=bound, censored=True)])}, {"a": stated("a")}).rows
    assert [one.status for one in row.hard if "inbound" in one.requirement] == [status]
    assert row.products[0].product == 0


def test_without_a_candidate_file_nothing_is_assumed() -> None:
    (row,) = board({"a": evidence([Observation(value=0)])}, {}).rows
    assert row.rank is None
    assert {one.status for one in row.hard if one.found == "not stated"} == {"not shown"}
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
        ("weight: 40", "weight: 30", "p.yaml:19:3: weights: expected weights that add up to 100, not 90"),
        ("  rta_mailbox:  ", "  rta_mailbx:  ", 'unknown field "weights.rta_mailbx"; did you mean "rta_mailbox"?'),
        ("good: 5s, bad: 30m", "good: 1h, bad: 30m", "expected good below bad: less is better"),
        ("good: 80, bad: 0", "good: 0, bad: 80", "expected good above bad: more is better"),
        ("  lost: 0", "  lost: none", "p.yaml:12:9: require.lost: expected a valid integer"),
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
