"""When the entries of a timeline are due, and how long each fault is in force."""

from __future__ import annotations

import math
from dataclasses import dataclass

from maildrill.scenario.model import Heal, Scenario, Step


@dataclass(frozen=True)
class Moment:
    """Something due at ``at`` s after the timeline began: act inject, heal or recover of an entry."""

    at: float
    entry: int
    act: str
    round: int = 0


@dataclass(frozen=True)
class Span:
    """One injection of a fault, s: from ``begin`` until it is healed; ``end`` is infinite if nothing heals it."""

    entry: int
    round: int
    begin: float
    end: float


def moments(scenario: Scenario) -> list[Moment]:
    """Everything that is due, in order of time; at one moment, in the order of the file."""
    found = []
    for index, entry in enumerate(scenario.timeline):
        if not isinstance(entry, Step):
            found.append(Moment(entry.at, index, "recover"))
            continue
        for number, begin in enumerate(begins(entry)):
            found.append(Moment(begin, index, "inject", number))
            if entry.duration is not None:
                found.append(Moment(begin + entry.duration, index, "heal", number))
    return sorted(found, key=lambda moment: moment.at)


def begins(step: Step) -> list[float]:
    """When a fault is injected, s."""
    if step.repeat is None:
        return [step.at]
    return [step.at + number * step.repeat.every for number in range(step.repeat.times)]


def spans(scenario: Scenario) -> list[Span]:
    """Every injection with its planned end, in order of time."""
    found = []
    for index, step in scenario.faults():
        heals = [entry.at for entry in scenario.timeline if isinstance(entry, Heal) and entry.of == step.name]
        for number, begin in enumerate(begins(step)):
            by_itself = math.inf if step.duration is None else begin + step.duration
            found.append(Span(index, number, begin, min([by_itself, *(at for at in heals if at >= begin)])))
    return sorted(found, key=lambda span: span.begin)


def length(scenario: Scenario) -> float:
    """When the last entry is due, s from the start of the timeline."""
    return max(moment.at for moment in moments(scenario))
