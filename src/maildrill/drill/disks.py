"""Which nodes of a drill get disks of their own: those whose file says so, and those a fault of disks could hit."""

from __future__ import annotations

from maildrill.cluster.disks import DiskModel
from maildrill.cluster.model import ClusterModel
from maildrill.faults import KINDS
from maildrill.scenario.model import Scenario, Step, Target


def disks_wanted(scenario: Scenario, model: ClusterModel) -> dict[str, DiskModel]:
    """Node name -> what its disks are like. Which node a target means is known only when it fires: all it could."""
    shape = model.disks or DiskModel()
    wanted = {name: node.disks or shape for name, node in model.nodes.items() if node.disks or model.disks}
    for step in scenario.timeline:
        if isinstance(step, Step) and KINDS[step.fault].own_disk:
            wanted.update({name: wanted.get(name, shape) for name in _could_hit(step.target, model)})
    return wanted


def _could_hit(target: Target, model: ClusterModel) -> list[str]:
    if target.node is not None:
        return [target.node]
    return model.with_role(target.role) if target.role is not None else list(model.nodes)
