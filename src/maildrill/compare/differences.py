"""Every pair of clusters in every metric, scenario by scenario and over all: is the difference beyond noise?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from maildrill.compare.metrics import BY_KEY
from maildrill.compare.model import ALL_SCENARIOS, Difference
from maildrill.compare.observation import Observation, ordered
from maildrill.compare.ranksum import ALPHA, RankSum, holm, repeats_needed, stratified

Values = Mapping[tuple[str, str, str], list[Observation]]
"""(scenario, metric, cluster) -> one observation a repeat."""
Kind = Literal["beyond", "metric", "noise", "open", "same"]
IN_METRIC = " for this metric alone"
Stratum = tuple[list[Observation], list[Observation]]


@dataclass(frozen=True)
class Asked:
    """One question: a pair, a metric, and one scenario or all that both have been through."""

    scenario: str
    metric: str
    a: str
    b: str
    strata: list[Stratum]
    test: RankSum

    @property
    def open(self) -> bool:
        """Whether the test could have said anything at all; if not, no correction counts it."""
        return self.test.smallest_p < 1

    @property
    def same(self) -> bool:
        """Whether no two drills of a scenario differ."""
        return all(len({one.rank_key for one in (*a, *b)}) == 1 for a, b in self.strata)

    @property
    def fewest(self) -> int:
        """Drills in the smallest group."""
        return min(len(group) for pair in self.strata for group in pair)


def find_differences(values: Values) -> list[Difference]:
    """Exact Mann-Whitney for each pair; Holm over the pairs of one scenario and metric, and over all questions."""
    families = [family for family in _families(values) if family]
    asked = [one for family in families for one in family]
    over_all = iter(_corrected(asked))
    found = []
    for family in families:
        questions = sum(not one.same for one in family)
        for one, p_holm in zip(family, _corrected(family), strict=True):
            found.append(_judged(one, p_holm, next(over_all), questions))
    return found


def _families(values: Values) -> Iterable[list[Asked]]:
    """All pairs of one metric and scenario; with several scenarios first those over all of them."""
    scenarios = sorted({scenario for scenario, *_ in values})
    clusters = sorted({cluster for *_, cluster in values})
    scopes = [(ALL_SCENARIOS, scenarios)] if len(scenarios) > 1 else []
    for name, inside in [*scopes, *((one, [one]) for one in scenarios)]:
        for metric in BY_KEY:
            pairs = combinations(clusters, 2)
            yield [one for a, b in pairs if (one := _ask(values, name, inside, metric, a, b)) is not None]


def _ask(values: Values, name: str, inside: Sequence[str], metric: str, a: str, b: str) -> Asked | None:
    pairs = [(values.get((one, metric, a), []), values.get((one, metric, b), [])) for one in inside]
    strata = [pair for pair in pairs if all(pair)]
    return Asked(name, metric, a, b, strata, stratified(strata)) if strata else None


def _corrected(asked: Sequence[Asked]) -> list[float]:
    open_ = [i for i, one in enumerate(asked) if one.open]
    corrected = dict(zip(open_, holm([asked[i].test.p for i in open_]), strict=True))
    return [corrected.get(i, 1.0) for i in range(len(asked))]


def _judged(one: Asked, p_holm: float, p_all: float, questions: int) -> Difference:
    pairs = sum(len(a) * len(b) for a, b in one.strata)
    beyond = p_holm <= ALPHA
    better = one.a if one.test.u < pairs / 2 else one.b
    needed = repeats_needed(questions, len(one.strata))
    apart = all(_below(a, b) for a, b in one.strata) or all(_below(b, a) for a, b in one.strata)
    kind, said = _said(one, better if beyond else None, p_all <= ALPHA, apart, needed)
    return Difference(
        scenario=one.scenario, metric=one.metric, a=one.a, b=one.b, kind=kind, said=said,
        n_a=sum(len(a) for a, _ in one.strata), n_b=sum(len(b) for _, b in one.strata),
        u=one.test.u, pairs=pairs, p=one.test.p, p_holm=p_holm, p_holm_all=p_all, smallest_p=one.test.smallest_p,
        repeats_needed=needed, beyond_noise=beyond, separated=apart, lower=better if beyond else None,
    )  # fmt: skip


def _below(a: list[Observation], b: list[Observation]) -> bool:
    return ordered(a)[-1].rank_key < ordered(b)[0].rank_key


def _said(one: Asked, lower: str | None, sure: bool, apart: bool, needed: int) -> tuple[Kind, str]:
    if one.same:
        return "same", "the same in every drill"
    if lower:
        return ("beyond" if sure else "metric"), f"{lower} is better, beyond noise{'' if sure else IN_METRIC}"
    if one.fewest >= needed:
        return "noise", "no difference beyond noise"
    seen = "apart in every drill, but chance is possible" if apart else "cannot be told"
    return "open", f"{seen}: {needed} repeats needed"
