"""The timeline of a drill: when each fault is injected and healed, and doing it on time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from maildrill.custody.care import Care
from maildrill.drill.targets import resolve, resolve_peers
from maildrill.faults import KINDS, World
from maildrill.scenario.model import Scenario, Step

TICK_S = 0.1


@dataclass(frozen=True)
class Moment:
    """Something due at ``at`` s after the timeline began."""

    at: float
    step: int
    act: str


def moments(scenario: Scenario) -> list[Moment]:
    """Injections and heals of all steps, in order of time."""
    found = []
    for number, step in enumerate(scenario.timeline):
        found.append(Moment(step.at, number, "inject"))
        if step.duration is not None:
            found.append(Moment(step.at + step.duration, number, "heal"))
    return sorted(found, key=lambda moment: moment.at)


class Timeline:
    """Runs a scenario's steps, each in its own thread so that a slow proof delays nobody."""

    def __init__(self, scenario: Scenario, nodes: dict[str, Any], world: World, care: Care, seed: int) -> None:
        self._scenario = scenario
        self._nodes = nodes
        self._world = world
        self._care = care
        self._dice = random.Random(seed)
        self._names: dict[int, list[str]] = {}

    def run(self, tick: Callable[[], None]) -> None:
        """Run it; ``tick`` is called about ten times a second and may raise to stop it."""
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=16, thread_name_prefix="fault") as pool:
            works: list[Future[None]] = []
            for moment in moments(self._scenario):
                wait_until(began + moment.at, tick)
                works += self._start(pool, moment)
            while not all(work.done() for work in works):
                wait_until(time.monotonic() + TICK_S, tick)
            for work in works:
                work.result()

    def _start(self, pool: ThreadPoolExecutor, moment: Moment) -> list[Future[None]]:
        if moment.act == "heal":
            return [pool.submit(self._care.heal, name) for name in self._names.get(moment.step, [])]
        step = self._scenario.timeline[moment.step]
        faults = self._faults(moment.step, step)
        self._names[moment.step] = list(faults)
        return [pool.submit(self._care.inject, name, fault) for name, fault in faults.items()]

    def _faults(self, number: int, step: Step) -> dict[str, Any]:
        hit = resolve(step.target, self._nodes, self._dice)
        peers = resolve_peers(step.peers, hit, self._nodes, self._dice)
        kind = KINDS[step.fault]
        asked = kind.Parameters.model_validate(step.parameters)
        return {
            f"{step.fault}-{number + 1}-{node.name}": kind(self._world, node, number + 1, peers, asked) for node in hit
        }


def wait_until(moment: float, tick: Callable[[], None]) -> None:
    """Wait for a monotonic moment, ticking meanwhile."""
    while (left := moment - time.monotonic()) > 0:
        tick()
        time.sleep(min(TICK_S, left))
    tick()
