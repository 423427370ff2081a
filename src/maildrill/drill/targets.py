"""Who is hit: resolves a scenario's targets to nodes at the moment a fault fires."""

from __future__ import annotations

import random
from typing import Any

from maildrill.errors import BadInput
from maildrill.scenario.model import Target


def resolve(target: Target, nodes: dict[str, Any], dice: random.Random) -> list[Any]:
    """The nodes a target means, in the cluster file's order. Raises BadInput if there is none."""
    if target.node is not None:
        found = [nodes[target.node]] if target.node in nodes else []
    else:
        found = [node for node in nodes.values() if target.role in node.roles]
    if not found:
        raise BadInput(f"the cluster has no node for target {target.node or target.role!r}")
    match target.pick:
        case "first":
            return found[:1]
        case "last":
            return found[-1:]
        case "random":
            return [dice.choice(found)]
    return found


def resolve_peers(peers: list[Target], hit: list[Any], nodes: dict[str, Any], dice: random.Random) -> list[Any]:
    """The peers a partition cuts off: never the hit nodes themselves, each once."""
    found = {node.name: node for peer in peers for node in resolve(peer, nodes, dice)}
    return [node for name, node in found.items() if name not in {node.name for node in hit}]
