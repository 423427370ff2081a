"""Storage: a store's disk is gone, and with it everything on it."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("storage")


def test_storage(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
