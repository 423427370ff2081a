"""Load balancing: servers that share the work, and what share each of them got."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("balance")


def test_balance(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
