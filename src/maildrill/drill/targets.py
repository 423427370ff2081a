"""Who is hit: resolves a scenario's targets to nodes at the moment an entry fires."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from maildrill.errors import BadInput
from maildrill.scenario.model import Target
from maildrill.scenario.reach import candidates, choose


class Questions(Protocol):
    """What can be asked of a running cluster. Each answer: (name of the node, how that was seen)."""

    def holder(self, user: str, among: list[Any]) -> tuple[str, str]:
        """Where this user's newest mail was stored first."""

    def owner(self, address: str, among: list[Any]) -> tuple[str, str]:
        """Who has this address on an interface now."""

    def first_answering(self, among: list[Any]) -> tuple[str, str]:
        """The first that answers now; MX servers in order of preference."""


@dataclass(frozen=True)
class Found:
    """The nodes that are hit, and why these."""

    nodes: list[Any]
    why: str

    def __str__(self) -> str:
        return f"{', '.join(node.name for node in self.nodes)} ({self.why})"


def resolve(target: Target, nodes: Mapping[str, Any], dice: random.Random, ask: Questions) -> Found:
    """The nodes a target means now. Raises BadInput if there are none, EnvironmentProblem if nobody can tell."""
    among = candidates(target, nodes)
    if not among:
        raise BadInput(f"the cluster has no node for the target {describe(target)}")
    chosen = choose(target, among, dice)
    if chosen is not None:
        return Found([nodes[name] for name in chosen], describe(target))
    pool = [nodes[name] for name in among]
    if target.holds is not None:
        name, seen = ask.holder(target.holds, pool)
    elif target.has_address is not None:
        name, seen = ask.owner(target.has_address, pool)
    else:
        name, seen = ask.first_answering(pool)
    return Found([nodes[name]], f"{describe(target)}: {seen}")


def resolve_peers(
    peers: list[Target], hit: list[Any], nodes: Mapping[str, Any], dice: random.Random, ask: Questions
) -> list[Any]:
    """The peers a partition cuts off: never the hit nodes themselves, each once. Raises BadInput if none is left."""
    found = {node.name: node for peer in peers for node in resolve(peer, nodes, dice, ask).nodes}
    others = [node for name, node in found.items() if name not in {node.name for node in hit}]
    if peers and not others:
        raise BadInput(f"the peers are the target itself ({', '.join(found)}): nobody is left to cut it off from")
    return others


def describe(target: Target) -> str:
    """A target as its file says it: "role mx, pick random"."""
    given = target.model_dump(exclude_defaults=True)
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in given.items())
