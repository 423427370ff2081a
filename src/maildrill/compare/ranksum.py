"""Which differences are beyond noise: the exact Mann-Whitney U test, and Holm's correction.

The test only uses ranks, so a censored value can take part (as the last), and it is exact for any
number of repeats and with ties: the distribution of the rank sum over all ways to share out the
observed ranks is counted, not approximated. Two-sided p: the share of these ways whose rank sum is
at least as far from its expectation as the one seen.
Mann and Whitney 1947; with ties: Lehmann, Nonparametrics, section 1.4; Holm 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    if not a or not b:
        raise ValueError("both groups need an observation")
    ranks = doubled_ranks([*a, *b])
    total = sum(ranks[: len(a)])
    middle = len(a) * (len(a) + len(b) + 1)
    ways, everything = _ways(ranks, len(a)), comb(len(a) + len(b), len(a))
    tail = {distance: 0 for distance in {abs(one - middle) for one in ways}}
    for one, count in ways.items():
        tail[abs(one - middle)] += count
    p = sum(count for distance, count in tail.items() if distance >= abs(total - middle)) / everything
    return RankSum(total / 2 - len(a) * (len(a) + 1) / 2, p, tail[max(tail)] / everything)


def holm(p_values: list[float]) -> list[float]:
    """Each p corrected for all of them having been asked, in the order given."""
    corrected, worst = [0.0] * len(p_values), 0.0
    for position, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min(1.0, (len(p_values) - position) * p_values[index]))
        corrected[index] = worst
    return corrected


def repeats_needed(questions: int = 1) -> int:
    """Fewest repeats for each cluster with which a complete separation is significant after Holm."""
    n = 2
    while max(1, questions) * 2 / comb(2 * n, n) > ALPHA:
        n += 1
    return n
