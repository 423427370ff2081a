"""Which differences are beyond noise: the exact Mann-Whitney U test, and Holm's correction.

The test only uses ranks, so a censored value can take part (as the last), and it is exact for any
number of repeats and with ties: the distribution of the rank sum over all ways to share out the
observed ranks is counted, not approximated. Two-sided p: the share of these ways whose rank sum is
at least as far from its expectation as the one seen.
Several scenarios together are strata: ranks are given within each, and the rank sums are added.
Mann and Whitney 1947; strata: van Elteren 1960; with ties: Lehmann, Nonparametrics, section 1.4; Holm 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import comb

from maildrill.compare.observation import Observation

ALPHA = 0.05


@dataclass(frozen=True)
class RankSum:
    """``u``: pairs in which a is above b (a tie counts half). ``smallest_p``: what p could at best be."""

    u: float
    p: float
    smallest_p: float


def doubled_ranks(values: list[Observation]) -> list[int]:
    """Twice the rank of each value; tied values share the middle of their ranks."""
    keys = sorted(one.rank_key for one in values)
    first = {key: keys.index(key) for key in set(keys)}
    return [2 * first[one.rank_key] + 1 + keys.count(one.rank_key) for one in values]


def _ways(ranks: list[int], size: int) -> dict[int, int]:
    """How many ways there are to draw ``size`` of the ranks, by their sum."""
    table: list[dict[int, int]] = [{0: 1}, *({} for _ in range(size))]
    for rank in ranks:
        for drawn in range(size, 0, -1):
            for total, count in table[drawn - 1].items():
                table[drawn][total + rank] = table[drawn].get(total + rank, 0) + count
    return table[size]


def mann_whitney(a: list[Observation], b: list[Observation]) -> RankSum:
    """Compare two groups. Raises ValueError if one is empty."""
    return stratified([(a, b)])


def stratified(strata: Sequence[tuple[list[Observation], list[Observation]]]) -> RankSum:
    """Compare two groups within each stratum, all strata in one answer. Raises ValueError if a group is empty."""
    seen, u, everything, ways = 0, 0.0, 1, {0: 1}
    for a, b in strata:
        if not a or not b:
            raise ValueError("both groups need an observation")
        ranks = doubled_ranks([*a, *b])
        middle = len(a) * (len(a) + len(b) + 1)
        seen += sum(ranks[: len(a)]) - middle
        u += sum(ranks[: len(a)]) / 2 - len(a) * (len(a) + 1) / 2
        everything *= comb(len(ranks), len(a))
        ways = _together(ways, {total - middle: count for total, count in _ways(ranks, len(a)).items()})
    as_far = sum(count for away, count in ways.items() if abs(away) >= abs(seen))
    furthest = max(map(abs, ways))
    return RankSum(u, as_far / everything, sum(n for away, n in ways.items() if abs(away) == furthest) / everything)


def _together(one: dict[int, int], other: dict[int, int]) -> dict[int, int]:
    """How many ways there are to each sum of two independent draws."""
    found: dict[int, int] = {}
    for (a, m), (b, n) in product(one.items(), other.items()):
        found[a + b] = found.get(a + b, 0) + m * n
    return found


def holm(p_values: list[float]) -> list[float]:
    """Each p corrected for all of them having been asked, in the order given."""
    corrected, worst = [0.0] * len(p_values), 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min(1.0, (len(p_values) - position) * p_values[index]))
        corrected[index] = worst
    return corrected


def repeats_needed(questions: int = 1, strata: int = 1) -> int:
    """Fewest repeats of each scenario with which a complete separation is significant after Holm."""
    n = 2
    while max(1, questions) * 2 / comb(2 * n, n) ** strata > ALPHA:
        n += 1
    return n
