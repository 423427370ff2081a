"""Which nodes of a drill get clocks of their own: those a fault of clocks could hit."""

from __future__ import annotations

from maildrill.cluster.model import ClusterModel
from maildrill.faults import KINDS
from maildrill.scenario.model import Scenario
from maildrill.scenario.reach import candidates


def clocks_wanted(scenario: Scenario, model: ClusterModel) -> set[str]:
    """Names of nodes. Which node a target means is known only when the fault fires: all it could."""
    steps = [step for _, step in scenario.faults() if KINDS[step.fault].own_clock]
    return {name for step in steps for name in candidates(step.target, model.nodes)}
