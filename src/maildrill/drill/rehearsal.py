"""A drill on paper: what would be done to whom and when, as far as that is known before the start. No cluster."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from maildrill.blast import Somebody, fault_time, full_length, hits, most_nodes_hit, placements
from maildrill.cluster.attached import AttachedCluster, Hook
from maildrill.cluster.confidential import known_secrets, without_secrets
from maildrill.cluster.model import AnyCluster
from maildrill.drill.targets import describe
from maildrill.drill.timeline import dice_of
from maildrill.faults import KINDS
from maildrill.permission import may_be_hit, meant
from maildrill.scenario.model import Ask, Command, Heal, Scenario, Step, Stop, Target
from maildrill.scenario.moments import Moment, moments
from maildrill.scenario.reach import candidates, choose, reach


@dataclass(frozen=True)
class Line:
    """One thing that would be done, ``at`` s after the timeline began."""

    at: float
    act: str
    what: str
    whom: str
    detail: str


class Chance:
    """The dice of one moment, from its first throw; none without a seed."""

    def __init__(self, seed: int | None, moment: Moment) -> None:
        self.seed = seed
        self.dice = None if seed is None else dice_of(seed, moment.entry, moment.round)


def rehearse(scenario: Scenario, model: AnyCluster, seed: int | None) -> list[Line]:
    """Everything on the timeline. With a seed, choices by chance are those that a run with that seed makes."""
    lines = [line for moment in moments(scenario) for line in _lines(scenario, model, seed, moment)]
    return sorted(lines, key=lambda line: line.at)


def _lines(scenario: Scenario, model: AnyCluster, seed: int | None, moment: Moment) -> list[Line]:
    entry = scenario.timeline[moment.entry]
    match entry:
        case Step():
            return _fault(entry, model, seed, moment)
        case Heal():
            return [Line(moment.at, "recover", "heal", entry.of, "every fault of that name that is in force")]
        case Command():
            detail = _owners_command(entry, model) or entry.run
            return [Line(moment.at, "recover", "command", _whom(entry.target, model, Chance(seed, moment)), detail)]
        case Ask():
            return [Line(moment.at, "recover", "ask", "a person", f"{entry.say} (within {entry.deadline:g} s)")]


def _fault(step: Step, model: AnyCluster, seed: int | None, moment: Moment) -> list[Line]:
    """Its injection, or its healing; of a shape over several nodes, every node's turn."""
    chance = Chance(seed, moment)
    whom = _whom(step.target, model, chance)
    peers = "; ".join(_whom(peer, model, chance) for peer in step.peers)
    ours = (inspect.getdoc(KINDS[step.fault]) or "").partition("\n")[0]
    about = _owners_way(step, model, "inject") or ours
    settings = ", ".join(f"{name} {value}" for name, value in step.parameters.items())
    detail = ". ".join(one for one in (f"from {peers}" if peers else "", settings, about) if one)
    healing = _owners_way(step, model, "heal")
    places = placements(step, model.nodes, Chance(seed, moment).dice)
    if not any(place.inject_after or place.heal_after for place in places):
        return [Line(moment.at, moment.act, step.fault, whom, detail if moment.act == "inject" else healing)]
    if moment.act == "inject":
        return [
            Line(moment.at + place.inject_after, "inject", step.fault, _name(place.node), detail) for place in places
        ]
    turns = sorted((place.heal_after, _name(place.node)) for place in places)
    by_lot = "one of them, by lot"
    return [
        Line(moment.at + turn, "heal", step.fault, by_lot if seed is None else name, healing) for turn, name in turns
    ]


def _name(node: str | Somebody) -> str:
    return node if isinstance(node, str) else f"one of {', '.join(node.among)}"


def _owners_way(step: Step, model: AnyCluster, act: str) -> str:
    """ "mx1: POST https://..." for every node that may be hit: what the owner of an attached system has done."""
    if not isinstance(model, AttachedCluster):
        return ""
    hooks = [(name, getattr(model.nodes[name].allow[step.fault], act)) for name in may_be_hit(step, model.nodes)]
    return "; ".join(f"{name}: {_shown(hook, model)}" for name, hook in hooks)


def _owners_command(step: Command, model: AnyCluster) -> str:
    if not isinstance(model, AttachedCluster):
        return ""
    hooks = [(name, model.nodes[name].allow_commands[step.run]) for name in meant(step.target, model)]
    return f"{step.run}, done by " + "; ".join(f"{name}: {_shown(hook, model)}" for name, hook in hooks)


def _shown(hook: Hook, model: AttachedCluster) -> str:
    return without_secrets(str(hook), known_secrets(model))


def _whom(target: Target, model: AnyCluster, chance: Chance) -> str:
    """Names, where they are known; who is possible, where chance or a question decides.

    Throws the dice as a drill does, so it must be asked in the order of a drill: the target, then each peer.
    """
    possible = reach(target, model.nodes)
    chosen = None if chance.dice is None else choose(target, candidates(target, model.nodes), chance.dice)
    if possible.certain or chosen is None:
        return str(possible)
    return f"{', '.join(chosen)} (by chance, seed {chance.seed})"


def summary(scenario: Scenario, model: AnyCluster) -> list[str]:
    """How large and how long it would be, and what would end it early."""
    found, limits = hits(scenario, model.nodes), scenario.limits
    hit, _ = most_nodes_hit(found, model.nodes)
    takes = full_length(scenario, found)
    observed = scenario.baseline + takes + scenario.settle
    return [
        f"blast radius: at most {hit} of {len(model.nodes)} nodes at once{_limit(limits.nodes_down, '')};"
        f" faults in force for {fault_time(scenario, found):g} s{_limit(limits.fault_time, ' s')}",
        f"time: baseline {scenario.baseline:g} s + timeline {takes:g} s + settle {scenario.settle:g} s"
        f" = {observed:g} s, then up to {scenario.drain:g} s for the backlog; and the cluster's start and end"
        f"{_longer(scenario, takes)}",
        *(f"stops early if {_stop(stop)}" for stop in scenario.stop),
    ]


def _longer(scenario: Scenario, takes: float) -> str:
    """How much longer than planned the timeline takes if a command, or a person, takes as long as allowed."""
    ends = [entry.at + entry.deadline for entry in scenario.timeline if isinstance(entry, Command | Ask)]
    late = max(ends, default=0.0) - takes
    return f"; up to {late:g} s more if a recovery step takes all of its time" if late > 0 else ""


def _limit(limit: float | None, unit: str) -> str:
    return "" if limit is None else f" (limit {limit:g}{unit})"


def _stop(stop: Stop) -> str:
    if stop.probe is not None:
        return f"{stop.probe} fails for longer than {stop.longer_than:g} s"
    if stop.messages is not None:
        return f"more than {stop.above} messages are {stop.messages}"
    where = describe(stop.target) if stop.target else ""
    return f"{stop.run!r} ends with another exit code than 0 (in {where}, every {stop.every:g} s)"
