"""Which nodes of a drill get disks of their own: those whose file says so, and those a fault of disks could hit."""

from __future__ import annotations

from maildrill.cluster.disks import DiskModel
from maildrill.cluster.model import ClusterModel
from maildrill.faults import KINDS
from maildrill.scenario.model import Scenario
from maildrill.scenario.reach import candidates


def disks_wanted(scenario: Scenario, model: ClusterModel) -> dict[str, DiskModel]:
    """Node name -> what its disks are like. Which node a target means is known only when it fires: all it could."""
    shape = model.disks or DiskModel()
    wanted = {name: node.disks or shape for name, node in model.nodes.items() if node.disks or model.disks}
    for _, step in scenario.faults():
        if KINDS[step.fault].own_disk:
            wanted.update({name: wanted.get(name, shape) for name in candidates(step.target, model.nodes)})
    return wanted
