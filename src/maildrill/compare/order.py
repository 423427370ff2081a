"""Medians, quartiles and confidence intervals from order statistics, which censoring does not break.

No mean is taken anywhere. A quartile is one of the observations (nearest rank). The median of an
even number is the midpoint of the middle two if both are numbers, and else the upper one: a
censored value is never averaged into a number. The confidence interval of the median is the pair of
order statistics x(k), x(n+1-k) whose coverage, 1 - 2 P(Binomial(n, 1/2) < k), is at least 95 %;
with fewer than six observations no pair reaches that, and minimum and maximum are given with the
coverage they do have (David and Nagaraja, Order Statistics, section 7.1).
"""

from __future__ import annotations

from math import ceil, comb

from pydantic import Field

from maildrill.compare.observation import Observation, ordered
from maildrill.measure.part import Part

CONFIDENCE = 0.95


class Confidence(Part):
    """An interval for the median, and the coverage it really has."""

    low: Observation
    high: Observation
    coverage: float = Field(description="probability that the interval holds the median, before the run")


def median(values: list[Observation]) -> Observation:
    """The middle observation. Raises ValueError without any."""
    row, n = ordered(values), len(values)
    if not row:
        raise ValueError("no observation")
    low, high = row[(n - 1) // 2], row[n // 2]
    return high if high.censored else Observation(value=(low.value + high.value) / 2)


def quantile(values: list[Observation], q: float) -> Observation:
    """The nearest-rank quantile, 0 < q <= 1: always one of the observations."""
    return ordered(values)[max(1, ceil(q * len(values) - 1e-9)) - 1]


def coverage(n: int, k: int) -> float:
    """Coverage of [x(k), x(n+1-k)] for the median of any continuous distribution."""
    return max(0.0, 1.0 - 2.0 * sum(comb(n, i) for i in range(k)) / 2**n)


def median_interval(values: list[Observation]) -> Confidence:
    """The narrowest symmetric pair of order statistics with 95 % coverage, or minimum and maximum.

    One observation is both, and covers nothing: coverage 0, no interval.
    """
    row, n = ordered(values), len(values)
    k = max([1, *(k for k in range(1, n // 2 + 1) if coverage(n, k) >= CONFIDENCE)])
    return Confidence(low=row[k - 1], high=row[n - k], coverage=coverage(n, k))
