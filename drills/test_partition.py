"""Partition: servers are alive but cannot reach each other."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("partition")


def test_partition(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
