"""Continuity: mail goes on while the organisation is offline."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("continuity")


def test_continuity(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
