"""Redundancy: one of several equal servers fails, and mail goes on through the others."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("redundancy")


def test_redundancy(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
