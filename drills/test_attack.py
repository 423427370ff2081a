"""Attacks and too much of something: mail goes on for those who have a right to it."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("attack")


def test_attack(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
