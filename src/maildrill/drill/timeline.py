"""The timeline of a drill: what is due is done on time, each in its own thread, so that nothing slow delays others."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from maildrill.custody.care import Care
from maildrill.custody.work import Work
from maildrill.drill.recovery import Recoveries
from maildrill.drill.targets import Questions, resolve, resolve_peers
from maildrill.faults import KINDS, Fault, World
from maildrill.faults.hook import fault_on
from maildrill.faults.placement import Placement
from maildrill.journal.events import Note
from maildrill.scenario.model import Ask, Command, Heal, Scenario, Step
from maildrill.scenario.moments import Moment, moments

TICK_S = 0.1
LOOK_EVERY_S = 0.02


def dice_of(seed: int, entry: int, number: int) -> random.Random:
    """The dice of one entry and round: the same whatever else happens."""
    return random.Random(f"{seed}-{entry}-{number}")


class Timeline:
    """Runs a scenario's entries."""

    def __init__(
        self,
        scenario: Scenario,
        nodes: Mapping[str, Any],
        world: World,
        care: Care,
        recoveries: Recoveries,
        ask: Questions,
        seed: int,
    ) -> None:
        self._scenario, self._nodes, self._world = scenario, nodes, world
        self._care, self._recoveries, self._ask, self._seed = care, recoveries, ask, seed
        self._numbers = itertools.count(1)
        self._places: dict[tuple[int, int], dict[str, Placement]] = {}
        self._firing: dict[tuple[int, int], Work] = {}
        self._acting: dict[str, Work] = {}
        self._since: dict[tuple[int, int], float] = {}
        """From which monotonic moment `for` counts: finding the target, and asking a person, is not part of it."""
        self._by_hand: set[tuple[int, int]] = set()

    def run(self, tick: Callable[[], None]) -> None:
        """Run it; ``tick`` is called about ten times a second and may raise to stop it.

        Raises what a target's resolution raised. Stopped or not, no person is waited for any more.
        """
        began = time.monotonic()
        works: list[Work] = []
        try:
            for moment in moments(self._scenario):
                wait_until(began + moment.at, tick)
                works.append(self._start(moment))
            while not all(work.over() for work in works):
                wait_until(time.monotonic() + TICK_S, tick)
        finally:
            self._recoveries.over.set()
        for work in works:
            work.outcome()

    def _start(self, moment: Moment) -> Work:
        work = Work({"inject": self._inject, "heal": self._heal, "recover": self._recover}[moment.act], moment)
        if moment.act == "inject":
            self._firing[moment.entry, moment.round] = work
        return work

    def _inject(self, moment: Moment) -> None:
        key = (moment.entry, moment.round)
        faults = self._faults(moment, self._scenario.fault_at(moment.entry))
        self._since[key] = time.monotonic()
        if any(fault.by_hand for _, fault in faults.values()):
            self._by_hand.add(key)
        works = {
            name: Work(self._in_turn, place.inject_after, self._care.inject, name, fault)
            for name, (place, fault) in faults.items()
        }
        self._acting |= works
        self._places[key] = {name: place for name, (place, _) in faults.items()}
        for work in works.values():
            work.wait()
            work.outcome()
        if key in self._by_hand:
            self._since[key] = time.monotonic()

    def _heal(self, moment: Moment) -> None:
        key = (moment.entry, moment.round)
        places = self._in_force(*key)
        if key in self._by_hand:
            self._firing[key].wait()
        due = self._since.get(key, 0.0) + (self._scenario.fault_at(moment.entry).duration or 0.0)
        self._recoveries.over.wait(max(0.0, due - time.monotonic()))
        works = [Work(self._in_turn, place.heal_after, self._heal_one, name) for name, place in places.items()]
        for work in works:
            work.wait()
            work.outcome()

    def _heal_one(self, name: str) -> None:
        """Heal it, after its own turn to be injected has come, if that is later."""
        self._await_turn(name)
        self._care.heal(name)

    def _await_turn(self, name: str) -> None:
        """Returns when the injection has begun, or when the timeline ends."""
        while not (self._care.took(name) or self._acting[name].over() or self._recoveries.over.wait(LOOK_EVERY_S)):
            pass

    def _in_turn(self, wait: float, act: Callable[..., Any], *arguments: Any) -> None:
        """Act after ``wait`` s, or not at all if the timeline ends before."""
        if not self._recoveries.over.wait(wait):
            act(*arguments)

    def _in_force(self, entry: int, number: int) -> dict[str, Placement]:
        """The faults of one injection by name; waits for its target to be resolved, or for the timeline to end."""
        key = (entry, number)
        while key in self._firing and key not in self._places and not self._firing[key].over():
            if self._recoveries.over.wait(LOOK_EVERY_S):
                break
        return self._places.get(key, {})

    def _recover(self, moment: Moment) -> None:
        entry = self._scenario.timeline[moment.entry]
        name = entry.name or f"step-{moment.entry + 1}"
        match entry:
            case Heal():
                found = self._in_force_of(entry.of)
                for one in found:
                    self._await_turn(one)
                self._recoveries.heal(name, entry.of, found)
            case Ask():
                self._recoveries.ask(name, entry)
            case Command():
                dice = dice_of(self._seed, moment.entry, 0)
                hit = resolve(entry.target, self._nodes, dice, self._ask)
                self._note(name, str(hit))
                for node in hit.nodes:
                    self._recoveries.command(name, entry, node)

    def _in_force_of(self, name: str) -> list[str]:
        entries = {index for index, step in self._scenario.faults() if step.name == name}
        return [one for key in sorted(self._firing) if key[0] in entries for one in self._in_force(*key)]

    def _faults(self, moment: Moment, step: Step) -> dict[str, tuple[Placement, Fault]]:
        dice = dice_of(self._seed, moment.entry, moment.round)
        found = resolve(step.target, self._nodes, dice, self._ask)
        peers = resolve_peers(step.peers, found.nodes, self._nodes, dice, self._ask)
        kind = KINDS[step.fault]
        asked = kind.Parameters.model_validate(step.parameters)
        label = f"{step.name or step.fault}-{moment.entry + 1}" + (f".{moment.round + 1}" if step.repeat else "")
        self._note(label, str(found))
        return {
            f"{label}-{place.node.name}": (
                place,
                fault_on(kind, self._world, place.node, next(self._numbers), place.peers, asked),
            )
            for place in kind.arrange(found.nodes, peers, asked, dice)
        }

    def _note(self, label: str, found: str) -> None:
        self._recoveries.journal.write(Note(self._recoveries.now(), "target", f"{label}: {found}", 0.0))


def wait_until(moment: float, tick: Callable[[], None]) -> None:
    """Wait for a monotonic moment, ticking meanwhile."""
    while (left := moment - time.monotonic()) > 0:
        tick()
        time.sleep(min(TICK_S, left))
    tick()
