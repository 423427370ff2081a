"""Network: links that are cut, one-sided, slow, thin or that spoil conversations."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("network")


def test_network(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
