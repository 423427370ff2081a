"""The blast radius of a timeline: which nodes have a fault when, shapes over several nodes included; and its limits.

Known from the files alone. Where only the running cluster can tell who is hit, or the drill's dice in which order
nodes are healed, the numbers are upper bounds.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

from maildrill.errors import BadInput
from maildrill.faults import KINDS
from maildrill.faults.placement import Placement
from maildrill.scenario.model import Heal, Scenario, Step, Target
from maildrill.scenario.moments import Span, length, spans
from maildrill.scenario.reach import Placed, candidates, choose, reach


@dataclass(frozen=True, eq=False)
class Somebody:
    """A node of which only the running cluster, or chance, will tell which it is."""

    among: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """One node (its name, or Somebody) with a fault of an entry from ``begin`` to ``end``, s of the timeline."""

    entry: int
    node: str | Somebody
    begin: float
    end: float


def placements(step: Step, nodes: Mapping[str, Placed], dice: random.Random | None = None) -> list[Placement]:
    """Where the faults of a step go. Raises BadInput if its kind cannot be arranged over these nodes.

    ``dice``: those of the entry and round; they are thrown as a drill throws them, for target, peers and turns.
    """
    hit = _those(step.target, nodes, dice)
    peers = list(dict.fromkeys(one for peer in step.peers for one in _those(peer, nodes, dice) if one not in hit))
    if step.peers and not peers:
        raise BadInput("the peers are the target itself: nobody is left to cut it off from")
    kind = KINDS[step.fault]
    asked = kind.Parameters.model_validate(step.parameters)
    return kind.arrange(hit, peers, asked, dice or random.Random(0))


def _those(target: Target, nodes: Mapping[str, Placed], dice: random.Random | None) -> list[str | Somebody]:
    chosen = None if dice is None else choose(target, candidates(target, nodes), dice)
    if chosen is not None:
        return list(chosen)
    possible = reach(target, nodes)
    return list(possible.among) if possible.certain else [Somebody(possible.among) for _ in range(possible.count)]


def hits(scenario: Scenario, nodes: Mapping[str, Placed]) -> list[Hit]:
    """Every fault on every node, in order of time; each is counted until the last turn of healing.

    A step heals all of them, after all have had their turn to be injected.
    """
    found = []
    for span in spans(scenario):
        places = placements(scenario.fault_at(span.entry), nodes)
        begins = [span.begin + place.inject_after for place in places]
        if _healed_by_step(scenario, span):
            end = max(span.end, *begins)
        else:
            end = span.end + max(place.heal_after for place in places)
        found += [
            Hit(span.entry, place.node, begin, max(begin, end)) for place, begin in zip(places, begins, strict=True)
        ]
    return sorted(found, key=lambda hit: hit.begin)


def _healed_by_step(scenario: Scenario, span: Span) -> bool:
    name = scenario.fault_at(span.entry).name
    return any(isinstance(one, Heal) and one.of == name and one.at == span.end for one in scenario.timeline)


def most_nodes_hit(found: list[Hit], nodes: Mapping[str, Placed]) -> tuple[int, int]:
    """(most nodes with a fault at one moment, the entry with which that is reached). Unknown ones count apart.

    One that is healed in the moment of its injection counts, and so do those that are healed with it.
    """
    worst, place = 0, 0
    for now in found:
        together = {hit.node for hit in found if hit.begin <= now.begin < hit.end or hit.end == now.end == now.begin}
        if (most := min(len(together), len(nodes))) > worst:
            worst, place = most, now.entry
    return worst, place


def full_length(scenario: Scenario, found: list[Hit]) -> float:
    """When the last entry is due and the last turn of a shape has come, s from the start of the timeline."""
    return max([length(scenario), *(moment for hit in found for moment in (hit.begin, hit.end) if moment < math.inf)])


def planned_time(scenario: Scenario, nodes: Mapping[str, Placed]) -> float:
    """Baseline, timeline and settle as the file plans them, s."""
    return scenario.baseline + full_length(scenario, hits(scenario, nodes)) + scenario.settle


def fault_time(scenario: Scenario, found: list[Hit]) -> float:
    """How long any fault is in force, s. One that nothing heals lasts until the drill ends."""
    end, total, until = full_length(scenario, found) + scenario.settle + scenario.drain, 0.0, 0.0
    for hit in found:
        stop = min(hit.end, end)
        total += max(0.0, stop - max(hit.begin, until))
        until = max(until, stop)
    return total


def over_limits(scenario: Scenario, nodes: Mapping[str, Placed]) -> tuple[tuple[str | int, ...], str] | None:
    """(place in the file, what is wrong) if the timeline asks for more than its limits allow."""
    limits, found = scenario.limits, hits(scenario, nodes)
    most, entry = most_nodes_hit(found, nodes)
    if limits.nodes_down is not None and most > limits.nodes_down:
        text = f"up to {most} nodes have a fault at once; limits.nodes_down is {limits.nodes_down}"
        return ("timeline", entry), text
    time = fault_time(scenario, found)
    if limits.fault_time is not None and time > limits.fault_time:
        return ("limits", "fault_time"), f"faults are in force for up to {time:g} s, allowed {limits.fault_time:g} s"
    return None
