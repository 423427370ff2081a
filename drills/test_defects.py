"""Defects: a scenario passes on its clean cluster, and fails for the right reason on each with a defect planted.

Many drills, so they are only run when asked for: pytest drills/ -m defects
"""

import pytest

from maildrill.plugin import DefectRun, DrillRun

pytestmark = [pytest.mark.scenarios("."), pytest.mark.defects]


def test_clean_twin(twin: DrillRun) -> None:
    """Nothing is wrong, and the drill says so."""
    twin.require()


def test_defect(defect: DefectRun) -> None:
    """The drill fails, with the diagnostic that its scenario names for this defect."""
    defect.require_seen()
