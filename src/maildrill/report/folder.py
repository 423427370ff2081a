"""Measures a drill's folder again from what is in it, and writes result.json and report.html."""

from __future__ import annotations

import json
import os
from pathlib import Path

from maildrill.errors import BadInput
from maildrill.journal.reader import read_journal
from maildrill.measure import Result
from maildrill.measure.measure import Timers, measure_with_tables
from maildrill.report.html import html
from maildrill.scenario.document import check, read_yaml
from maildrill.scenario.model import Scenario


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, so that no reader sees half of it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def _timers(folder: Path) -> Timers:
    """The timers declared in the folder's cluster file; none if the file is not there or not readable."""
    try:
        found = json.loads((folder / "cluster.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    timers = found.get("timers") if isinstance(found, dict) else None
    return timers if isinstance(timers, dict) else {}


def measure_folder(folder: Path) -> Result:
    """Read scenario.yaml, cluster.json and journal.ndjson, measure, write result.json, then report.html.

    Raises BadInput if the scenario or the journal is missing or cannot be understood.
    """
    for name in ("scenario.yaml", "journal.ndjson"):
        if not (folder / name).is_file():
            raise BadInput(f"{folder}: no {name}; expected the folder of a drill")
    scenario = check(Scenario, read_yaml(folder / "scenario.yaml"))
    measured = measure_with_tables(read_journal(folder / "journal.ndjson"), scenario, _timers(folder))
    write_whole(folder / "result.json", measured.result.text())
    write_whole(folder / "report.html", html(measured, scenario))
    return measured.result
