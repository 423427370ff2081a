"""What the types of a scenario file cannot say: entries that name each other, faults, nodes, limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maildrill.blast import over_limits, placements
from maildrill.claims import check_backends
from maildrill.clashes import clash
from maildrill.cluster.attached import AttachedCluster
from maildrill.errors import BadInput
from maildrill.faults import KINDS
from maildrill.permission import check_looking, check_permitted, may_be_hit
from maildrill.scenario.document import Document, Loc, check, nearest
from maildrill.scenario.model import Command, Heal, Scenario, Step, Stop, Target
from maildrill.scenario.moments import begins, length
from maildrill.scenario.reach import OUTSIDE, candidates
from maildrill.scenario.units import LONGEST_S

if TYPE_CHECKING:
    from maildrill.cluster.model import AnyCluster, ClusterModel


def check_timeline(scenario: Scenario, document: Document) -> None:
    """Everything that can be checked without the cluster. Raises BadInput with the place."""
    if not scenario.faults():
        raise document.bad(("timeline",), "at least one entry must be a fault")
    _check_names(scenario, document)
    planned = scenario.baseline + length(scenario) + scenario.settle + scenario.drain
    if planned > LONGEST_S:
        message = f"the drill would take {planned / 3600:.0f} hours; {LONGEST_S // 3600} are the most"
        raise document.bad(("timeline",), message)
    for index, step in scenario.faults():
        _check_fault(document, ("timeline", index), step)
    for index, stop in enumerate(scenario.stop):
        _check_stop(document, ("stop", index), stop)
    for place, target in targets(scenario):
        _check_choice(document, place, target)


def check_against_cluster(scenario: Scenario, document: Document, model: AnyCluster) -> None:
    """Whether the cluster has whom the timeline hits, and whether that is within the limits. Raises BadInput."""
    for place, target in targets(scenario):
        _check_target(document, place, target, model)
    if isinstance(model, AttachedCluster):
        check_permitted(scenario, document, model)
    for index, step in scenario.faults():
        try:
            placed = placements(step, model.nodes)
        except BadInput as problem:
            raise document.bad(("timeline", index), str(problem)) from None
        _check_heals(scenario, document, step, max(place.heal_after for place in placed))
        if not isinstance(model, AttachedCluster):
            _check_hit(document, ("timeline", index, "target"), step, model)
    if scenario.probes.replicas and len(model.replicas()) < 2:
        message = f'cluster "{model.cluster}" has no two stores that could be replicas of each other'
        raise document.bad(("probes", "replicas"), message)
    check_backends(scenario, document, model)
    over = over_limits(scenario, model.nodes)
    if over is not None:
        raise document.bad(*over)
    clashing = clash(scenario, model.nodes)
    if clashing is not None:
        raise document.bad(("timeline", clashing[0]), clashing[1])


def targets(scenario: Scenario) -> list[tuple[Loc, Target]]:
    """Every target of the file with its place."""
    found: list[tuple[Loc, Target]] = []
    for index, entry in enumerate(scenario.timeline):
        if isinstance(entry, Step | Command):
            found.append((("timeline", index, "target"), entry.target))
        if isinstance(entry, Step):
            found += [(("timeline", index, "peers", number), peer) for number, peer in enumerate(entry.peers)]
    found += [(("stop", index, "target"), stop.target) for index, stop in enumerate(scenario.stop) if stop.target]
    return found


def _check_names(scenario: Scenario, document: Document) -> None:
    faults = {step.name: (begins(step)[0], index) for index, step in scenario.faults() if step.name}
    seen: set[str] = set()
    for index, entry in enumerate(scenario.timeline):
        if entry.name in seen:
            raise document.bad(("timeline", index, "name"), f'another entry is called "{entry.name}"')
        seen |= {entry.name} if entry.name else set()
        if isinstance(entry, Heal) and entry.of not in faults:
            hint = nearest(entry.of, faults) if faults else "give the fault a name"
            raise document.bad(("timeline", index, "of"), f'no fault is called "{entry.of}"; {hint}')
        if isinstance(entry, Heal) and (entry.at, index) < faults[entry.of]:
            message = f'"{entry.of}" is not injected before {faults[entry.of][0]:g} s: nothing would be healed'
            raise document.bad(("timeline", index, "at"), message)


def _check_fault(document: Document, loc: Loc, step: Step) -> None:
    """The kind of fault is known, and has what it needs and only that."""
    if step.fault not in KINDS:
        raise document.bad((*loc, "fault"), f'unknown fault "{step.fault}"; {nearest(step.fault, KINDS)}')
    kind = KINDS[step.fault]
    if kind.has_peers and not kind.peers_optional and not step.peers:
        raise document.bad(loc, f"a {step.fault} needs peers: whom the target cannot reach")
    if step.peers and not kind.has_peers:
        raise document.bad((*loc, "peers"), f"a {step.fault} has no peers")
    check(kind.Parameters, document, step.parameters, (*loc, "with"))
    if step.repeat is not None:
        if step.duration is None:
            raise document.bad(loc, 'a repeated fault needs "for": when is each of them healed?')
        if step.duration > step.repeat.every:
            raise document.bad((*loc, "repeat", "every"), "the next one would begin before this one is healed")


def _check_stop(document: Document, loc: Loc, stop: Stop) -> None:
    pairs: tuple[tuple[str, Any, str, Any], ...] = (
        ("probe", stop.probe, "longer_than", stop.longer_than),
        ("messages", stop.messages, "above", stop.above),
        ("run", stop.run, "target", stop.target),
    )
    given = [pair for pair in pairs if pair[1] is not None or pair[3] is not None]
    if len(given) != 1:
        raise document.bad(loc, "one condition each: probe and longer_than, messages and above, or run and target")
    name, value, other, limit = given[0]
    if value is None or limit is None:
        raise document.bad(loc, f'"{name}" and "{other}" belong together')


def _check_choice(document: Document, place: Loc, target: Target) -> None:
    grouped = target.role is not None or target.site is not None
    if (target.node is not None) == grouped:
        raise document.bad(place, "name either a node or a role (or a site)")
    choices = target.choices()
    if len(choices) > 1:
        raise document.bad(place, f"choose in one way only, not by {' and '.join(choices)}")
    if choices and target.node is not None:
        raise document.bad((*place, choices[0]), "a node that is named needs no choice")


def _check_target(document: Document, place: Loc, target: Target, model: AnyCluster) -> None:
    known = {
        "node": set(model.nodes),
        "role": {role for node in model.nodes.values() for role in node.roles},
        "site": {node.site for node in model.nodes.values() if node.site},
    }
    for field, names in known.items():
        name = getattr(target, field)
        if name is not None and name not in names:
            hint = nearest(name, names) if names else f"it has no {field}s"
            raise document.bad((*place, field), f'cluster "{model.cluster}" has no {field} "{name}"; {hint}')
    if not candidates(target, model.nodes):
        raise document.bad(place, f'cluster "{model.cluster}" has no such node: role {target.role}, site {target.site}')
    if isinstance(model, AttachedCluster):
        check_looking(document, place, target)
    elif target.holds is not None and account(target.holds, model) is None:
        raise document.bad((*place, "holds"), f"no such user; there are user1 to user{model.accounts}")


def _check_hit(document: Document, place: Loc, step: Step, model: ClusterModel) -> None:
    """The servers that a fault may hit can have it; and the instrument is none of them."""
    kind = KINDS[step.fault]
    asked = kind.Parameters.model_validate(step.parameters)
    for name in may_be_hit(step, model.nodes):
        node = model.nodes[name]
        if OUTSIDE in node.roles:
            message = f"{name} sends the mail and measures, so no fault may hit it; as a peer it can be cut off"
            raise document.bad(place, message)
        if why := kind.misfit(node, asked):
            message = f'cluster "{model.cluster}": {name} ({node.image}) {why}, so no {step.fault} is possible there'
            at_port = kind.port_of_target and "port" in step.parameters
            raise document.bad((*place[:-1], "with", "port") if at_port else place, message)


def _check_heals(scenario: Scenario, document: Document, step: Step, last: float) -> None:
    """A step that heals it comes while it is in force: until its ``for``, and the ``last`` turn (s) of a shape."""
    if step.duration is None or step.name is None:
        return
    spans = [(begin, begin + step.duration + last) for begin in begins(step)]
    for index, entry in enumerate(scenario.timeline):
        heals = isinstance(entry, Heal) and entry.of == step.name
        if heals and not any(begin <= entry.at < end for begin, end in spans):
            message = f'"{step.name}" is healed by then: its "for" ends at {spans[-1][1]:g} s'
            raise document.bad(("timeline", index, "at"), message)


def account(user: str, model: ClusterModel) -> str | None:
    """The address of "user7", "user-7" or "user7@example.test"; None if the cluster has no such account."""
    name, _, domain = user.partition("@")
    number = name.removeprefix("user").removeprefix("-")
    is_one = number.isdecimal() and 1 <= int(number) <= model.accounts and domain in ("", model.domain)
    return f"user{int(number)}@{model.domain}" if name.startswith("user") and is_one else None
