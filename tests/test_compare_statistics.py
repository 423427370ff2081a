"""Order statistics, the exact test and its correction: known values, and what must always hold."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_drill import census, frame_of_drill, message
from planted_drill import run as measure_planted

from maildrill.compare.metrics import message_waits, observe
from maildrill.compare.observation import Observation, ordered
from maildrill.compare.order import coverage, median, median_interval, quantile
from maildrill.compare.ranksum import doubled_ranks, holm, mann_whitney, repeats_needed, stratified
from maildrill.compare.survival import come_back
from maildrill.journal.event import Event
from maildrill.journal.events import Bounce, Held
from maildrill.journal.reader import Journal

observations = st.builds(
    Observation, value=st.integers(0, 9).map(float) | st.floats(0, 1e4, allow_nan=False), censored=st.booleans()
)
groups = st.lists(observations, min_size=1, max_size=5)


def row(*values: float, longer_than: tuple[float, ...] = ()) -> list[Observation]:
    return [
        *(Observation(value=v) for v in values),
        *(Observation(value=v, censored=True) for v in longer_than),
    ]


@pytest.mark.parametrize(
    ("a", "b", "u", "p"),
    [
        (row(1, 2, 3, 4, 5), row(6, 7, 8, 9, 10), 0, 2 / 252),
        (row(1, 2, 3, 4, 8), row(5, 6, 7, 9, 10), 3, 14 / 252),
        (row(1.1, 2.2, 5), row(3, 4, 6, 7), 2, 8 / 35),
        (row(1, 2, 2, 3, 9), row(2, 9, 9, 9, 9), 5, 1 / 6),
        (row(1, 2), row(3, 4), 0, 1 / 3),
        (row(0, 0, 0), row(0, 0, 0), 4.5, 1),
    ],
    ids=["tabled", "tabled-inner", "unequal", "ties", "smallest", "constant"],
)
def test_known_values(a: list[Observation], b: list[Observation], u: float, p: float) -> None:
    """The first three from exact tables, the fourth from a full permutation test (SciPy 1.17)."""
    found = mann_whitney(a, b)
    assert (found.u, found.p) == (u, pytest.approx(p))


@given(groups, groups)
def test_p_is_the_share_of_all_ways_to_share_out_the_ranks(a: list[Observation], b: list[Observation]) -> None:
    ranks, middle = doubled_ranks([*a, *b]), len(a) * (len(a) + len(b) + 1)
    seen = abs(sum(ranks[: len(a)]) - middle)
    ways = [abs(sum(one) - middle) for one in combinations(ranks, len(a))]
    found = mann_whitney(a, b)
    assert found.p == pytest.approx(sum(one >= seen for one in ways) / len(ways))
    assert found.smallest_p == pytest.approx(sum(one == max(ways) for one in ways) / len(ways))
    assert found.smallest_p <= found.p
    assert found.p == pytest.approx(mann_whitney(b, a).p)


def test_strata_are_ranked_within_and_added() -> None:
    apart = (row(1, 2, 3, 4, 5), row(6, 7, 8, 9, 10))
    later = (row(101, 102, 103, 104, 105), row(106, 107, 108, 109, 110))
    found = stratified([apart, later, apart])
    assert (found.u, found.p) == (0, pytest.approx(2 / 252**3))
    assert stratified([apart, apart[::-1]]).p == 1
    assert stratified([apart, (row(0), row(0))]).p == mann_whitney(*apart).p
    assert repeats_needed(10, 3) == 3


pairs = st.tuples(st.lists(observations, min_size=1, max_size=3), st.lists(observations, min_size=1, max_size=3))


@given(pairs, pairs)
def test_strata_against_counting_everything(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    away = []
    for a, b in (one, other):
        ranks, middle = doubled_ranks([*a, *b]), len(a) * (len(a) + len(b) + 1)
        away.append([sum(drawn) - middle for drawn in combinations(ranks, len(a))])
    seen = abs(away[0][0] + away[1][0])
    ways = [abs(x + y) for x in away[0] for y in away[1]]
    assert stratified([one, other]).p == pytest.approx(sum(way >= seen for way in ways) / len(ways))


def test_censored_values_take_part_as_the_last() -> None:
    quick, slow = row(1, 2, 3, 4), row(5, longer_than=(2, 2, 60))
    assert mann_whitney(quick, slow).u == 0
    assert mann_whitney(quick, slow).p == pytest.approx(2 / 70)


@given(groups, st.data())
def test_censoring_never_lowers_a_rank(values: list[Observation], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    changed = list(values)
    changed[place] = Observation(value=values[place].value, censored=True)
    assert doubled_ranks(changed)[place] >= doubled_ranks(values)[place]
    assert median(changed).rank_key >= median(values).rank_key
    assert all(doubled_ranks(changed)[place] >= rank for rank in doubled_ranks(changed))


@given(groups)
def test_a_median_is_never_made_of_a_censored_value(values: list[Observation]) -> None:
    middle = ordered(values)[len(values) // 2]
    found = median(values)
    assert found.censored == middle.censored
    if middle.censored:
        assert found in values
    assert ordered(values)[0].sort_key <= found.sort_key <= ordered(values)[-1].sort_key


def test_median_says_longer_than() -> None:
    assert median(row(1, longer_than=(60, 60))).text() == "> 60.00 s"
    assert median(row(1, 3)).text() == "2.00 s"
    assert median(row(1, longer_than=(60,))).text() == "> 60.00 s"
    assert Observation(value=0, censored=True).text() == "not reached"
    assert Observation(value=3).text("") == "3"


@pytest.mark.parametrize(("n", "k", "covered"), [(5, 1, 0.9375), (6, 1, 0.96875), (9, 2, 0.9609375), (20, 6, 0.9586)])
def test_interval_of_the_median(n: int, k: int, covered: float) -> None:
    found = median_interval(row(*range(1, n + 1)))
    assert (found.low.value, found.high.value) == (k, n + 1 - k)
    assert found.coverage == pytest.approx(covered, abs=1e-4)
    assert n < 6 or coverage(n, k + 1) < 0.95


@given(groups)
def test_quartiles_are_observations(values: list[Observation]) -> None:
    q1, q3 = quantile(values, 0.25), quantile(values, 0.75)
    assert q1 in values
    assert q3 in values
    assert q1.sort_key <= q3.sort_key


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_p_and_keeps_the_order(p: list[float]) -> None:
    corrected = holm(p)
    assert all(new >= old for new, old in zip(corrected, p, strict=True))
    assert all(corrected[i] <= corrected[j] for i in range(len(p)) for j in range(len(p)) if p[i] < p[j])


@pytest.mark.parametrize(("questions", "needed"), [(1, 4), (2, 5), (10, 6), (36, 7)])
def test_repeats_needed(questions: int, needed: int) -> None:
    assert repeats_needed(questions) == needed
    best = mann_whitney(row(*range(needed)), row(*range(100, 100 + needed))).p
    worse = mann_whitney(row(*range(needed - 1)), row(*range(100, 99 + needed))).p
    assert questions * best <= 0.05 < questions * worse


def test_kaplan_meier_by_hand() -> None:
    """Back at 1 and 3, lost from sight at 2 and 4: 1/4, then half of what remains of 3/4."""
    found = [(one.t, one.share, one.mark) for one in come_back(row(1, 3, longer_than=(2, 4)))]
    assert found == [(0, 0, False), (1, 0.25, False), (2, 0.25, True), (3, 0.625, False), (4, 0.625, True)]


@given(groups)
def test_without_censoring_it_is_the_empirical_distribution(values: list[Observation]) -> None:
    plain = [Observation(value=one.value) for one in values]
    for point in come_back(plain)[1:]:
        assert point.share == pytest.approx(sum(one.value <= point.t for one in plain) / len(plain))


def planted(*after_the_fault: str) -> dict[str, Observation]:
    """The metrics of a drill: of the messages offered at 7 s all came at once, but the last, of which that became."""
    mail = [*message("m1", "accepted", t=7.0), *message("m2", *after_the_fault, t=7.0)]
    bounced = [Bounce(20.0, "m2", "s@x.test", "5.1.1")] if after_the_fault == ("accepted",) else []
    return observed([*frame_of_drill(), *mail, *bounced, *census({"a@example.test": ["m1"]})])


def observed(events: list[Event]) -> dict[str, Observation]:
    """The metrics of a drill of which this was written down."""
    events.sort(key=lambda event: event.t)
    lines = "".join(event.line() + "\n" for event in events).encode()
    return observe(measure_planted(events), message_waits(Journal(True, len(lines), "", lines)), 1.0)


@pytest.mark.parametrize("became", ["accepted", "permanent"], ids=["bounced", "refused"])
def test_mail_that_is_sent_back_is_never_visible_and_not_left_out(became: str) -> None:
    found = planted(became)
    assert found["wait_p95"].censored
    assert found["latency_p95"].censored == (became == "accepted"), "what was refused was not accepted"
    assert found["delay_debt"].censored == (became == "accepted"), "nor does what never comes cost no delay"
    assert Observation(value=0, censored=True).text("message-min") == "> 0.00 message-min"
    assert found["false_rejections"] == Observation(value=1)
    assert [found[key].value for key in ("premature_bounces", "corrupt", "misdelivered")] == [0, 0, 0]


@pytest.mark.parametrize("whole", [True, False], ids=["held", "unresolved"])
def test_the_delay_of_mail_that_still_waits_is_not_over(whole: bool) -> None:
    waits = [Held(45.0, "mx1", "queue", "dead", "", ["m2"])] if whole else []
    mail = [*message("m1", "accepted", t=7.0), *message("m2", "accepted", t=8.0)]
    debt = observed([*frame_of_drill(), *mail, *waits, *census({"a@example.test": ["m1"]}, whole=whole)])["delay_debt"]
    assert debt.censored
