"""A drill on paper: what would be done to whom and when, as far as that is known before the start. No cluster."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

from maildrill.cluster.attached import AttachedCluster, without_secrets
from maildrill.cluster.model import AnyCluster
from maildrill.drill.targets import choose, describe
from maildrill.drill.timeline import dice_of
from maildrill.faults import KINDS
from maildrill.permission import may_be_hit, meant
from maildrill.scenario.model import Ask, Command, Heal, Scenario, Step, Stop, Target
from maildrill.scenario.moments import Moment, length, moments
from maildrill.scenario.reach import candidates, fault_time, most_nodes_hit, reach


@dataclass(frozen=True)
class Line:
    """One thing that would be done, ``at`` s after the timeline began."""

    at: float
    act: str
    what: str
    whom: str
    detail: str


def rehearse(scenario: Scenario, model: AnyCluster, seed: int | None) -> list[Line]:
    """Everything on the timeline. With a seed, choices by chance are those that a run with that seed makes."""
    return [_line(scenario, model, seed, moment) for moment in moments(scenario)]


def _line(scenario: Scenario, model: AnyCluster, seed: int | None, moment: Moment) -> Line:
    entry = scenario.timeline[moment.entry]
    match entry:
        case Step():
            whom = _whom(entry.target, model, seed, moment)
            if moment.act == "heal":
                return Line(moment.at, "heal", entry.fault, whom, _owners_way(entry, model, "heal"))
            peers = "; ".join(_whom(peer, model, seed, moment) for peer in entry.peers)
            ours = (inspect.getdoc(KINDS[entry.fault]) or "").partition("\n")[0]
            about = _owners_way(entry, model, "inject") or ours
            settings = ", ".join(f"{name} {value}" for name, value in entry.parameters.items())
            said = [f"from {peers}" if peers else "", settings, about]
            return Line(moment.at, "inject", entry.fault, whom, ". ".join(one for one in said if one))
        case Heal():
            return Line(moment.at, "recover", "heal", entry.of, "every fault of that name that is in force")
        case Command():
            detail = _owners_command(entry, model) or entry.run
            return Line(moment.at, "recover", "command", _whom(entry.target, model, seed, moment), detail)
        case Ask():
            return Line(moment.at, "recover", "ask", "a person", f"{entry.say} (within {entry.deadline:g} s)")


def _owners_way(step: Step, model: AnyCluster, act: str) -> str:
    """ "mx1: POST https://..." for every node that may be hit: what the owner of an attached system has done."""
    if not isinstance(model, AttachedCluster):
        return ""
    hooks = [(name, getattr(model.nodes[name].allow[step.fault], act)) for name in may_be_hit(step, model)]
    return "; ".join(f"{name}: {without_secrets(str(hook), model)}" for name, hook in hooks)


def _owners_command(step: Command, model: AnyCluster) -> str:
    if not isinstance(model, AttachedCluster):
        return ""
    hooks = [(name, model.nodes[name].allow_commands[step.run]) for name in meant(step.target, model)]
    return f"{step.run}, done by " + "; ".join(f"{name}: {without_secrets(str(hook), model)}" for name, hook in hooks)


def _whom(target: Target, model: AnyCluster, seed: int | None, moment: Moment) -> str:
    """Names, where they are known; who is possible, where chance or a question decides."""
    possible = reach(target, model.nodes)
    if possible.certain or seed is None:
        return str(possible)
    chosen = choose(target, candidates(target, model.nodes), dice_of(seed, moment.entry, moment.round))
    return str(possible) if chosen is None else f"{', '.join(chosen)} (by chance, seed {seed})"


def summary(scenario: Scenario, model: AnyCluster) -> list[str]:
    """How large and how long it would be, and what would end it early."""
    hit, _ = most_nodes_hit(scenario, model.nodes)
    limits = scenario.limits
    observed = scenario.baseline + length(scenario) + scenario.settle
    return [
        f"blast radius: at most {hit} of {len(model.nodes)} nodes at once{_limit(limits.nodes_down, '')};"
        f" faults in force for {fault_time(scenario):g} s{_limit(limits.fault_time, ' s')}",
        f"time: baseline {scenario.baseline:g} s + timeline {length(scenario):g} s + settle {scenario.settle:g} s"
        f" = {observed:g} s, then up to {scenario.drain:g} s for the backlog; and the cluster's start and end",
        *(f"stops early if {_stop(stop)}" for stop in scenario.stop),
    ]


def _limit(limit: float | None, unit: str) -> str:
    return "" if limit is None else f" (limit {limit:g}{unit})"


def _stop(stop: Stop) -> str:
    if stop.probe is not None:
        return f"{stop.probe} fails for longer than {stop.longer_than:g} s"
    if stop.messages is not None:
        return f"more than {stop.above} messages are {stop.messages}"
    where = describe(stop.target) if stop.target else ""
    return f"{stop.run!r} ends with another exit code than 0 (in {where}, every {stop.every:g} s)"
