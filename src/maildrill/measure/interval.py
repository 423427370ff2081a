"""How a time is stated: between two bounds, or longer than one."""

from __future__ import annotations

from typing import Literal

from maildrill.measure.part import Part


class Interval(Part):
    """Between the last evidence of down and the first sustained success, s."""

    lower: float
    upper: float


class Censored(Part):
    """Not back when observation ended: longer than ``at_least_s``."""

    censored: Literal[True] = True
    at_least_s: float
