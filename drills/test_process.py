"""Processes and hosts: something in a node dies, hangs or starves, and mail goes on."""

import pytest

from maildrill.plugin import DrillRun

pytestmark = pytest.mark.scenarios("process")


def test_process(drill: DrillRun) -> None:
    """The scenario's own objectives are met."""
    drill.require()
