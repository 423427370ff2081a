"""Comparison: short drills, made to be repeated on many clusters."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("comparison")


def test_comparison(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
