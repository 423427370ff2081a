"""Times in words, for reports, diagnostics and documents."""

from __future__ import annotations


def seconds(value: float | None) -> str:
    """A number of seconds; a dash for none."""
    return "–" if value is None else f"{value:.2f} s"


def between(lower: float | None, upper: float | None) -> str:
    """A time between two bounds, s; one number where they do not differ by a hundredth of a second."""
    if lower is None or upper is None or round(lower, 2) == round(upper, 2):
        return seconds(upper)
    return f"{lower:.2f} to {upper:.2f} s"
