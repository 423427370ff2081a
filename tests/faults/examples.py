"""An example of every kind of fault: whom it hits and with what, taken from the shipped scenarios."""

from __future__ import annotations

from typing import Any

import pytest
from arena import Arena, until

from maildrill.catalogue import load_scenario
from maildrill.cluster.engine import connect
from maildrill.drill.machine import look, why_not
from maildrill.faults import KINDS, Fault
from maildrill.faults.load.account_attack import AccountAttack
from maildrill.scenario.model import Step, Target
from maildrill.shipped import list_scenarios


def example_step(kind: str) -> Step:
    """The first step of a shipped scenario that uses the kind; without one, a step that hits a store."""
    for path in list_scenarios():
        for _, step in load_scenario(path).faults():
            if step.fault == kind:
                return step
    peers = [Target(role="mx", pick="all")] if KINDS[kind].has_peers else []
    return Step.model_validate({"at": 0, "fault": kind, "target": {"role": "store"}, "peers": peers})


def example(request: pytest.FixtureRequest, kind: str) -> Fault:
    """The kind on the first node that its example can mean, in the arena it needs. Skips what cannot be done here."""
    cls, step = KINDS[kind], example_step(kind)
    reason = why_not(cls, look(connect(), set(cls.needs)))
    if reason:
        pytest.skip(reason)
    arena: Arena = request.getfixturevalue(_arena(cls, step))
    node = _node(arena, step.target)
    peers = list(dict.fromkeys(_node(arena, peer) for peer in step.peers))
    if issubclass(cls, AccountAttack):
        until("mail in the account's inbox", lambda: arena.works("delivery", 3.0))
    return arena.fault(kind, node, [peer for peer in peers if peer != node] or None, **step.parameters)


def _arena(cls: type[Fault], step: Step) -> str:
    """The fixture with what the kind needs of its cluster."""
    if getattr(cls, "own_disk", False):
        return "disks"
    if cls.own_clock:
        return "clocked"
    if step.peers or cls.kind == "freeze-daemon":  # the port of its example is looked at on a store of its own
        return "ha"
    return "quota" if cls.kind.startswith("quota") else "single"


def _node(arena: Arena, target: Target) -> str:
    nodes = arena.cluster.nodes
    if target.node in nodes:
        return str(target.node)
    roles = [target.role, "store"] if target.role else ["store"]
    found = [name for role in roles for name, node in nodes.items() if role in node.roles]
    return found[-1] if target.pick == "last" else found[0]


class Record:
    """Measured times of kinds, s: inject to effect and heal to recovery, as seen from outside."""

    def __init__(self) -> None:
        self.times: dict[str, dict[str, Any]] = {}

    def add(self, kind: str, events: list[dict[str, Any]]) -> None:
        """Times from the states that custody wrote down."""
        at = {event["state"]: event["t"] for event in events}
        self.times[kind] = {
            "effect_s": round(max(0.0, at["effective"] - at["requested"]), 3),
            "heal_s": round(max(0.0, at["heal-verified"] - at["heal-requested"]), 3),
        }
