"""Failover: a store fails, and another takes over its users."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("failover")


def test_failover(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
