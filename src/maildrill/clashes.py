"""Faults that undo each other: one starts what another keeps down, however well both are cared for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from maildrill.blast import Hit, hits
from maildrill.scenario.model import Scenario
from maildrill.scenario.reach import Placed

STARTS_ITS_NODE = "restart-loop"
KEEPS_ITS_NODE_DOWN = ("kill", "stop")


def clash(scenario: Scenario, nodes: Mapping[str, Placed]) -> tuple[int, str] | None:
    """(entry, what is wrong) if two faults that undo each other are certain to be on a node at one time."""
    for down, loop in permutations(hits(scenario, nodes), 2):
        kinds = [scenario.fault_at(hit.entry).fault for hit in (down, loop)]
        if kinds[1] == STARTS_ITS_NODE and kinds[0] in KEEPS_ITS_NODE_DOWN and _meet(down, loop):
            first, last = sorted((down, loop), key=lambda hit: (hit.begin, hit.entry))
            message = (
                f"a {kinds[0]} and a {kinds[1]} on {down.node} at one time: the loop would start it again;"
                f" timeline[{first.entry}] must be healed before"
            )
            return last.entry, message
    return None


def _meet(one: Hit, other: Hit) -> bool:
    """Both are on a node that is known before the start, and at one time."""
    return (
        one.node == other.node and isinstance(one.node, str) and max(one.begin, other.begin) < min(one.end, other.end)
    )
