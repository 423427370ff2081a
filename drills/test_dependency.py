"""Dependencies: names, certificates and what else mail relies on."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("dependency")


def test_dependency(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
