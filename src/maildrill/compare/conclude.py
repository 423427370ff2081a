"""What a comparison's drills say, once they have run: written beside its plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maildrill.compare.build import compare, see_cells
from maildrill.compare.cells import Cell
from maildrill.compare.model import Comparison
from maildrill.compare.output import write_comparison
from maildrill.compare.plan import Plan
from maildrill.compare.profile import Candidate, Profile


def conclude(
    folder: Path,
    plan: Plan,
    cells: Sequence[Cell],
    profiles: Sequence[Profile] = (),
    candidates: Sequence[Candidate] = (),
) -> Comparison:
    """Compare what the cells measured, and write the results beside the plan."""
    seen, waits = see_cells(folder, plan, cells)
    comparison = compare(plan, seen, profiles, candidates)
    write_comparison(folder, comparison, waits)
    return comparison
