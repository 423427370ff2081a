"""What the owner of an attached system allows: a scenario that asks for more is refused before anything starts."""

from __future__ import annotations

from collections.abc import Mapping

from maildrill.blast import placements
from maildrill.cluster.attached import AttachedCluster, AttachedNode
from maildrill.errors import BadInput
from maildrill.faults import KINDS
from maildrill.scenario.document import Document, Loc, nearest
from maildrill.scenario.model import Command, Scenario, Step, Stop, Target
from maildrill.scenario.reach import Placed, candidates, reach


def check_permitted(scenario: Scenario, document: Document, model: AttachedCluster) -> None:
    """Raises BadInput with the place in the scenario, and the place in the cluster file that would have to allow it."""
    _check_kinds(model)
    for index, entry in enumerate(scenario.timeline):
        if isinstance(entry, Step):
            for name in _whom(document, ("timeline", index), entry, model):
                _check_fault(document, ("timeline", index, "fault"), entry.fault, name, model)
        if isinstance(entry, Command):
            for name in meant(entry.target, model):
                _check_command(document, ("timeline", index, "run"), entry.run, name, model)
    for index, stop in enumerate(scenario.stop):
        _check_stop(document, ("stop", index), stop)
    if model.outside is None and scenario.objectives.outbound is not None:
        message = f'{model.where()} has no "outside": outbound mail is not read, so nothing can be claimed about it'
        raise document.bad(("objectives", "outbound"), message)
    if scenario.objectives.fairness is not None:
        message = "an attached system's proxies are not looked into, so nobody knows how sessions are shared out"
        raise document.bad(("objectives", "fairness"), message)


def asked_of_people(scenario: Scenario, model: AttachedCluster) -> list[str]:
    """What the hooks that may be carried out ask a person to do."""
    pairs = [
        model.nodes[name].allow[step.fault]
        for _, step in scenario.faults()
        for name in may_be_hit(step, model.nodes)
        if step.fault in model.nodes[name].allow
    ]
    return [hook.ask for pair in pairs for hook in (pair.inject, pair.heal) if hook.ask is not None]


def meant(target: Target, model: AttachedCluster) -> list[str]:
    """Everyone whom the target may hit: chance and questions count with all candidates."""
    return list(reach(target, model.nodes).among) or candidates(target, model.nodes)


def may_be_hit(step: Step, nodes: Mapping[str, Placed]) -> list[str]:
    """On whom a step may put its fault, peers among them where the kind is a shape over several nodes.

    Where chance or a question decides, all candidates count. Raises BadInput if the kind needs more nodes than these.
    """
    placed = [place.node for place in placements(step, nodes)]
    names = [name for node in placed for name in ((node,) if isinstance(node, str) else node.among)]
    return list(dict.fromkeys(names))


def check_looking(document: Document, place: Loc, target: Target) -> None:
    """Raises BadInput for a question that only the inside of a node answers."""
    for field in ("holds", "has_address"):
        if getattr(target, field) is not None:
            message = "an attached system's nodes are not looked into; name the node, or use role, site or pick"
            raise document.bad((*place, field), message)


def _check_kinds(model: AttachedCluster) -> None:
    for name, node in model.nodes.items():
        for kind in node.allow:
            if kind not in KINDS:
                place = model.where("nodes", name, "allow", kind)
                raise BadInput(f'{place}: nodes.{name}.allow: unknown fault "{kind}"; {nearest(kind, KINDS)}')


def _whom(document: Document, place: Loc, step: Step, model: AttachedCluster) -> list[str]:
    try:
        return may_be_hit(step, model.nodes)
    except BadInput as error:
        raise document.bad((*place, "fault"), str(error)) from None


def _check_fault(document: Document, place: Loc, kind: str, name: str, model: AttachedCluster) -> None:
    node = model.nodes[name]
    if kind not in node.allow:
        raise document.bad(place, f"{_may_not(kind, name, model)}{_allowed(list(node.allow), name, model, 'allow')}")


def _check_command(document: Document, place: Loc, command: str, name: str, model: AttachedCluster) -> None:
    node: AttachedNode = model.nodes[name]
    if command not in node.allow_commands:
        allowed = _allowed(list(node.allow_commands), name, model, "allow_commands")
        raise document.bad(place, f"{_may_not(repr(command), name, model)}{allowed}")


def _check_stop(document: Document, place: Loc, stop: Stop) -> None:
    if stop.run is not None:
        raise document.bad((*place, "run"), "no command is run in a node of an attached system to stop a drill")


def _may_not(what: str, name: str, model: AttachedCluster) -> str:
    return f'the attached cluster "{model.cluster}" does not allow {what} on {name}; '


def _allowed(names: list[str], node: str, model: AttachedCluster, field: str) -> str:
    return f"{model.where('nodes', node, field)} allows {', '.join(names) or 'nothing'}"
