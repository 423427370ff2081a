"""Restore: the mail is gone, and a backup brings it back."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("restore")


def test_restore(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
