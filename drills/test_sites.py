"""Sites: one of two is lost, or they cannot see each other."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("sites")


def test_sites(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
