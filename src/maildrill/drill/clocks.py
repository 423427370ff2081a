"""Which nodes of a drill get clocks of their own: those a fault of clocks could hit."""

from __future__ import annotations

from maildrill.cluster.model import ClusterModel
from maildrill.faults import KINDS
from maildrill.scenario.model import Scenario, Target


def clocks_wanted(scenario: Scenario, model: ClusterModel) -> set[str]:
    """Names of nodes. Which node a target means is known only when the fault fires: all it could."""
    steps = [step for step in scenario.timeline if KINDS[step.fault].own_clock]
    return {name for step in steps for name in _could_hit(step.target, model)}


def _could_hit(target: Target, model: ClusterModel) -> list[str]:
    if target.node is not None:
        return [target.node]
    return model.with_role(target.role) if target.role is not None else list(model.nodes)
