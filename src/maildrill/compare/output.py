"""Writes a comparison's compare.json, compare.csv and compare.html, and scoreboard.csv if there is a profile."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from maildrill.compare.html import html
from maildrill.compare.model import Comparison
from maildrill.compare.observation import Observation
from maildrill.compare.score import Scoreboard
from maildrill.report.folder import write_whole

COLUMNS = ("scenario", "cluster", "repeat", "seed", "verdict", "metric", "unit", "value", "censored", "folder")
BOARD_COLUMNS = ("profile", "cluster", "place", "score", "low", "high", "requirement", "found", "status")


def csv_text(comparison: Comparison) -> str:
    """One row a metric of a cell; value is the bound if censored. A cell without a usable drill has one row."""
    units = {metric.key: metric.unit for metric in comparison.metrics}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for cell in comparison.cells:
        head = (cell.scenario, cell.cluster, cell.repeat, cell.seed, cell.verdict)
        for key, one in cell.observations.items():
            table.writerow((*head, key, units[key], f"{one.value:.6f}", str(one.censored).lower(), cell.folder))
        if not cell.observations:
            table.writerow((*head, "", "", "", "", ""))
    return text.getvalue()


def scoreboard_csv(boards: Sequence[Scoreboard]) -> str:
    """One row a hard requirement of a candidate: met, failed or open. Only who meets them all has a place."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(BOARD_COLUMNS)
    for board in boards:
        for row in board.rows:
            place = row.rank or ("excluded" if row.standing == 2 else "open")
            numbers = ("" if one is None else f"{one:.6f}" for one in (row.score, row.low, row.high))
            head = (board.profile, row.cluster, place, *numbers)
            table.writerows((*head, one.requirement, one.found, one.status) for one in row.hard)
    return text.getvalue()


def write_comparison(folder: Path, comparison: Comparison, waits: Mapping[str, Sequence[Observation]]) -> None:
    """All files; ``waits``: of each cell, the seconds until each message was visible."""
    write_whole(folder / "compare.json", comparison.text())
    write_whole(folder / "compare.csv", csv_text(comparison))
    if comparison.scoreboards:
        write_whole(folder / "scoreboard.csv", scoreboard_csv(comparison.scoreboards))
    write_whole(folder / "compare.html", html(comparison, waits))
