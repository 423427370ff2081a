"""Every pair of clusters in every metric of every scenario: is the difference beyond noise?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations, groupby

from maildrill.compare.metrics import BY_KEY
from maildrill.compare.model import Difference
from maildrill.compare.observation import Observation, ordered
from maildrill.compare.ranksum import ALPHA, holm, mann_whitney, repeats_needed

Values = Mapping[tuple[str, str, str], list[Observation]]
"""(scenario, metric, cluster) -> one observation a repeat."""


def find_differences(values: Values) -> list[Difference]:
    """Exact Mann-Whitney for each pair; Holm over the pairs of one scenario and metric, and over all.

    A pair whose values are all equal asks nothing: no correction counts it.
    """
    raw = [_compare(values, one, other) for one, other in _pairs(values)]
    everything = _corrected(raw)
    found = []
    for _, group in groupby(range(len(raw)), key=lambda i: (raw[i].scenario, raw[i].metric)):
        places = list(group)
        family = [raw[i] for i in places]
        questions = sum(one.smallest_p < 1 for one in family)
        for place, p_holm in zip(places, _corrected(family), strict=True):
            found.append(_judged(raw[place], p_holm, everything[place], questions, values))
    return found


def _pairs(values: Values) -> Iterable[tuple[tuple[str, str, str], tuple[str, str, str]]]:
    places = {metric: place for place, metric in enumerate(BY_KEY)}
    keys = sorted((key for key, row in values.items() if row), key=lambda key: (key[0], places[key[1]], key[2]))
    for _, group in groupby(keys, key=lambda key: key[:2]):
        yield from combinations(group, 2)


def _compare(values: Values, one: tuple[str, str, str], other: tuple[str, str, str]) -> Difference:
    a, b = values[one], values[other]
    test = mann_whitney(a, b)
    return Difference(
        scenario=one[0], metric=one[1], a=one[2], b=other[2], n_a=len(a), n_b=len(b),
        u=test.u, p=test.p, p_holm=test.p, p_holm_all=test.p, smallest_p=test.smallest_p,
        repeats_needed=0, beyond_noise=False, separated=_separated(a, b) or _separated(b, a), lower=None, said="",
    )  # fmt: skip


def _separated(a: list[Observation], b: list[Observation]) -> bool:
    return ordered(a)[-1].rank_key < ordered(b)[0].rank_key


def _corrected(tests: list[Difference]) -> list[float]:
    asked = [i for i, one in enumerate(tests) if one.smallest_p < 1]
    corrected = dict(zip(asked, holm([tests[i].p for i in asked]), strict=True))
    return [corrected.get(i, 1.0) for i in range(len(tests))]


def _judged(raw: Difference, p_holm: float, p_all: float, questions: int, values: Values) -> Difference:
    beyond = p_holm <= ALPHA
    lower = (raw.a if raw.u < raw.n_a * raw.n_b / 2 else raw.b) if beyond else None
    needed = repeats_needed(questions)
    row = values[raw.scenario, raw.metric, raw.a] + values[raw.scenario, raw.metric, raw.b]
    same = len({one.rank_key for one in row}) == 1
    said = _said(raw, p_holm, lower, needed, same)
    update = {"p_holm": p_holm, "p_holm_all": p_all, "repeats_needed": needed, "beyond_noise": beyond, "lower": lower}
    return raw.model_copy(update=update | {"said": said})


def _said(raw: Difference, p_holm: float, lower: str | None, needed: int, same: bool) -> str:
    if same:
        return "the same in every drill"
    if lower:
        return f"{lower} is better, beyond noise"
    if min(raw.n_a, raw.n_b) < needed:
        seen = "apart in every drill, but chance is possible" if raw.separated else "cannot be told"
        return f"{seen}: {needed} repeats needed"
    return "no difference beyond noise"
