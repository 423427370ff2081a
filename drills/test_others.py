"""Scenarios that no other module runs: with --scenarios DIR, all that stand in no folder of a shipped topic."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("*")


def test_other(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
