"""The folder of a comparison: its plan is in it before the first drill, what the drills say after the last."""

from __future__ import annotations

from pathlib import Path

from maildrill.compare.plan import Plan
from maildrill.errors import BadInput
from maildrill.places import made

PLAN = "plan.json"
PAGE = "compare.html"


def folder_of(reports: Path, created: str) -> Path:
    """Where a comparison that began then has its folder."""
    return reports / f"compare-{created.replace('-', '').replace(':', '')}"


def new_folder(reports: Path, plan: Plan) -> Path:
    """Make it, with the plan in it. Raises BadInput."""
    folder = folder_of(made(reports), plan.created)
    try:
        folder.mkdir()
    except FileExistsError:
        raise BadInput(f"{folder}: exists already; try again in a second") from None
    (folder / PLAN).write_text(plan.text(), encoding="utf-8")
    return folder
