"""Measures a drill's folder again from what is in it, and writes result.json and report.html."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from maildrill.errors import BadInput
from maildrill.journal.reader import Journal, read_journal
from maildrill.measure import Result
from maildrill.measure.measure import Measured, Timers, measure_with_tables
from maildrill.report.difference import difference
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


def digest(scenario: Path) -> str:
    """SHA-256 of a scenario file, as the start of a journal holds it."""
    return hashlib.sha256(scenario.read_bytes()).hexdigest()


def _check_plan(folder: Path, journal: Journal) -> None:
    """Objectives are fixed before the run: the scenario is the one that the journal began with."""
    first = next(iter(journal.blocks()), b"").split(b"\n", 1)[0]
    try:
        plan = json.loads(first or b"{}").get("plan")
    except ValueError:
        return
    if plan and plan != digest(folder / "scenario.yaml"):
        raise BadInput(f"{folder / 'scenario.yaml'}: changed since the drill; its objectives were fixed before the run")


def read_folder(folder: Path) -> tuple[Measured, Journal, Scenario]:
    """Measure a drill from its scenario.yaml, cluster.json and journal.ndjson; nothing is written.

    Raises BadInput if the scenario or the journal is missing or cannot be understood, or the scenario was changed.
    """
    for name in ("scenario.yaml", "journal.ndjson"):
        if not (folder / name).is_file():
            raise BadInput(f"{folder}: no {name}; expected the folder of a drill")
    scenario = check(Scenario, read_yaml(folder / "scenario.yaml"))
    journal = read_journal(folder / "journal.ndjson")
    _check_plan(folder, journal)
    return measure_with_tables(journal, scenario, _timers(folder)), journal, scenario


def measure_folder(folder: Path, say: Callable[[str], None] = lambda _: None) -> Result:
    """Measure a drill again and write result.json, then report.html. Raises BadInput as ``read_folder``.

    ``say`` is told how the new result differs from the one that was there, if it does.
    """
    measured, _, scenario = read_folder(folder)
    path, text = folder / "result.json", measured.result.text()
    if path.is_file() and (found := difference(path.read_text(encoding="utf-8", errors="replace"), text)):
        say(found)
    write_whole(path, text)
    write_whole(folder / "report.html", html(measured, scenario))
    return measured.result
