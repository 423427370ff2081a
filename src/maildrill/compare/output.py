"""Writes a comparison's compare.json, compare.csv and compare.html."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from maildrill.compare.html import html
from maildrill.compare.model import Comparison
from maildrill.compare.observation import Observation
from maildrill.report.folder import write_whole

COLUMNS = ("scenario", "cluster", "repeat", "seed", "verdict", "metric", "unit", "value", "censored", "folder")


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


def write_comparison(folder: Path, comparison: Comparison, waits: Mapping[str, Sequence[Observation]]) -> None:
    """All three files; ``waits``: of each cell, the seconds until each message was visible."""
    write_whole(folder / "compare.json", comparison.text())
    write_whole(folder / "compare.csv", csv_text(comparison))
    write_whole(folder / "compare.html", html(comparison, waits))
