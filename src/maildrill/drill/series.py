"""Runs the cells of a comparison one after another, and never a finished one again.

What is finished is read from the comparison's folder before each cell: there is no state beside it,
so whatever ended the last run (Ctrl-C, a crash, a power cut), the next one goes on where it stopped.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from maildrill.cluster.model import AnyCluster
from maildrill.compare.cells import Cell, read_cell, read_cells
from maildrill.compare.plan import Plan, PlannedCell
from maildrill.drill.progress import Progress
from maildrill.drill.run import Outcome
from maildrill.drill.signals import signals_as_interrupt
from maildrill.errors import BadInput, EnvironmentProblem
from maildrill.scenario.model import Scenario

Watcher = Callable[[Progress], None]


class RunDrill(Protocol):
    """``drill.run.run_drill``, or what a test puts in its place."""

    def __call__(
        self,
        scenario: Scenario,
        cluster_model: AnyCluster,
        *,
        scenario_path: Path,
        reports: Path,
        seed: int,
        progress: Watcher,
    ) -> Outcome: ...


@dataclass(frozen=True)
class Inputs:
    """The checked files behind a plan: a pair and the scenario's file for each (scenario, cluster)."""

    pairs: Mapping[tuple[str, str], tuple[Scenario, AnyCluster]]
    files: Mapping[str, Path]


class Estimate:
    """Time left, from the drills finished in this run: of the same scenario if there is one, else of any."""

    def __init__(self) -> None:
        self._took: dict[str, list[float]] = {}

    def add(self, scenario: str, seconds: float) -> None:
        """A drill has ended."""
        self._took.setdefault(scenario, []).append(seconds)

    def left(self, cells: list[PlannedCell]) -> float | None:
        """Seconds for these cells; None before the first drill has ended."""
        every = [seconds for row in self._took.values() for seconds in row]
        if not every:
            return None
        rows = (self._took.get(cell.scenario, every) for cell in cells)
        return sum(sum(row) / len(row) for row in rows)


@contextmanager
def sole_owner(folder: Path) -> Iterator[None]:
    """No second `maildrill compare` in the same folder. Raises BadInput if there is one."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(f"{folder}: another maildrill compare is at work there") from None
        yield


def run_series(
    folder: Path, plan: Plan, inputs: Inputs, run: RunDrill, watch: Watcher, say: Callable[[str], None]
) -> list[Cell]:
    """Run every cell that is not finished; returns all cells as they then are.

    Raises KeyboardInterrupt after an interrupted drill has been healed and removed, and whatever
    stops a drill from starting (EnvironmentProblem); finished cells stay as they are.
    """
    estimate = Estimate()
    with signals_as_interrupt():
        for place, planned in enumerate(plan.cells):
            while not (cell := read_cell(folder, planned)).finished(plan.reruns):
                say(_announce(plan, place, cell, estimate))
                began = time.monotonic()
                _run_once(folder, cell, inputs, run, watch)
                estimate.add(planned.scenario, time.monotonic() - began)
            say(f"cell {place + 1} of {len(plan.cells)}: {planned.cell}: {_standing(cell)}")
    return read_cells(folder, plan)


def _run_once(folder: Path, cell: Cell, inputs: Inputs, run: RunDrill, watch: Watcher) -> None:
    planned = cell.plan
    scenario, cluster = inputs.pairs[planned.scenario, planned.cluster]
    file, place = inputs.files[planned.scenario], folder / planned.cell
    run(scenario, cluster, scenario_path=file, reports=place, seed=planned.seed, progress=watch)
    if len(read_cell(folder, planned).attempts) == len(cell.attempts):
        raise EnvironmentProblem(f"{place}: the drill left no journal there")


def _announce(plan: Plan, place: int, cell: Cell, estimate: Estimate) -> str:
    again = f", run again ({len(cell.inconclusive)} inconclusive)" if cell.inconclusive else ""
    return f"cell {place + 1} of {len(plan.cells)}: {cell.plan.cell}{again}; {_left(plan, place, estimate)}"


def _left(plan: Plan, place: int, estimate: Estimate) -> str:
    left = estimate.left(plan.cells[place:])
    if left is None:
        return "time left is known after the first drill"
    return f"about {left / 60:.0f} min left" if left >= 90 else f"about {left:.0f} s left"


def _standing(cell: Cell) -> str:
    if cell.usable and cell.usable.result:
        return f"finished, {cell.usable.result.verdict}"
    return f"finished, inconclusive {len(cell.inconclusive)} times, not used"
