"""Measures a drill's folder again from what is in it, and writes result.json and report.html."""

from __future__ import annotations

import os
from pathlib import Path

from maildrill.errors import BadInput
from maildrill.journal.reader import Journal, read_journal
from maildrill.measure import Result, measure
from maildrill.report.html import html
from maildrill.scenario.document import check, read_yaml
from maildrill.scenario.model import Scenario


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, so that no reader sees half of it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def write_result(folder: Path, result: Result, journal: Journal, title: str = "") -> None:
    """Write result.json first, then report.html."""
    write_whole(folder / "result.json", result.text())
    write_whole(folder / "report.html", html(result, journal, title))


def measure_folder(folder: Path) -> Result:
    """Read scenario.yaml and journal.ndjson, measure, write the result. BadInput if one is missing."""
    for name in ("scenario.yaml", "journal.ndjson"):
        if not (folder / name).is_file():
            raise BadInput(f"{folder}: no {name}; expected the folder of a drill")
    scenario = check(Scenario, read_yaml(folder / "scenario.yaml"))
    journal = read_journal(folder / "journal.ndjson")
    result = measure(journal, scenario)
    write_result(folder, result, journal, scenario.title)
    return result
