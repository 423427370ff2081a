"""Reads the cells of a comparison's folder: which are finished, and what they measured.

A cell's folder holds one drill's folder for each attempt. An attempt is *usable* if its drill was
conclusive, or inconclusive only because of what the mail system did: it was not back for long enough
when observation ended (HORIZON_TOO_SHORT), mail was missing where nobody can look (QUEUES_NOT_SEEN), or it
was still down, and so could not be healed, probed or read. Then its recovery times are censored and its
counts not proven (``doubts``), and to leave it out, or to try until it is quick, would flatter the slow.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from maildrill.compare.metrics import Waits, message_waits, observe
from maildrill.compare.observation import Observation
from maildrill.compare.plan import Plan, PlannedCell
from maildrill.errors import BadInput
from maildrill.journal.reader import read_journal
from maildrill.measure.interval import Censored
from maildrill.measure.result import Result

State = Literal["usable", "inconclusive", "unfinished"]
OWN_DOING = frozenset(("OBJECTIVE_MISSED", "HORIZON_TOO_SHORT", "QUEUES_NOT_SEEN"))
WHEN_STILL_DOWN = OWN_DOING | {"CENSUS_INCOMPLETE", "HEAL_FAILED", "NOT_OBSERVED"}


@dataclass(frozen=True)
class Attempt:
    """One drill of a cell; no result if it was killed before it could be measured."""

    folder: Path
    result: Result | None

    @property
    def codes(self) -> list[str]:
        """The codes of its diagnostics, each once."""
        return list(dict.fromkeys(one.code for one in self.result.diagnostics)) if self.result else []

    @property
    def state(self) -> State:
        """Usable, inconclusive, or unfinished (interrupted, killed): that one is run again."""
        if self.result is None or "INTERRUPTED" in self.codes:
            return "unfinished"
        down = any(isinstance(one.rta_s, Censored) for one in self.result.services.values())
        excused = set(self.codes) <= (WHEN_STILL_DOWN if down else OWN_DOING)
        return "usable" if excused or self.result.verdict != "inconclusive" else "inconclusive"


@dataclass(frozen=True)
class Cell:
    """A planned cell with its attempts, oldest first."""

    plan: PlannedCell
    attempts: list[Attempt]

    @property
    def usable(self) -> Attempt | None:
        """The first usable attempt, if any: later ones would be picked, not measured."""
        return next((one for one in self.attempts if one.state == "usable"), None)

    @property
    def inconclusive(self) -> list[Attempt]:
        """The attempts that prove nothing; they are kept and counted."""
        return [one for one in self.attempts if one.state == "inconclusive"]

    def finished(self, reruns: int) -> bool:
        """Whether nothing is left to run: usable, or inconclusive once more than it may be run again."""
        return self.usable is not None or len(self.inconclusive) > reruns


def read_cell(folder: Path, planned: PlannedCell) -> Cell:
    """The cell as it is on disk. Raises BadInput if another drill lies in its folder."""
    drills = sorted((folder / planned.cell).glob("*/journal.ndjson"), key=lambda path: _age(path.parent))
    return Cell(planned, [Attempt(path.parent, _result(path.parent, planned)) for path in drills])


def read_cells(folder: Path, plan: Plan) -> list[Cell]:
    """Every cell, in the plan's order."""
    return [read_cell(folder, one) for one in plan.cells]


def _age(drill: Path) -> str:
    """A drill's folder is named scenario-stamp-random: its stamp orders the attempts."""
    return "-".join(drill.name.rsplit("-", 2)[1:])


def _result(drill: Path, planned: PlannedCell) -> Result | None:
    path = drill / "result.json"
    if not path.is_file():
        return None
    try:
        result = Result.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise BadInput(f"{path}: not a result of this version of maildrill: {error.errors()[0]['msg']}") from None
    if (result.scenario, result.cluster, result.seed) != (planned.scenario, planned.cluster, planned.seed):
        what = f"{result.scenario} on {result.cluster} with seed {result.seed}"
        raise BadInput(f"{path}: holds {what}, which is not what plan.json has for this cell")
    return result


def measured(cell: Cell, need_s: float) -> tuple[dict[str, Observation], Waits]:
    """(the cell's metrics, every message's wait); both empty if the cell has no usable attempt."""
    attempt = cell.usable
    if attempt is None or attempt.result is None:
        return {}, Waits([], [])
    waits = message_waits(read_journal(attempt.folder / "journal.ndjson"))
    return observe(attempt.result, waits, need_s), waits


def needs(plan: Plan) -> dict[str, float]:
    """W + R of each scenario, s."""
    return {one.name: one.need_s for one in plan.scenarios}
