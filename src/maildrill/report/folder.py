"""Measures a drill's folder again from what is in it, and writes result.json and report.html."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from maildrill.errors import BadInput
from maildrill.journal.reader import Journal, read_journal
from maildrill.journal.sound import first_unsound
from maildrill.measure import Result
from maildrill.measure.measure import Measured, Timers, measure_with_tables
from maildrill.report.difference import difference
from maildrill.report.html import html
from maildrill.scenario.document import check, read_yaml
from maildrill.scenario.model import Scenario

SCENARIO, SYSTEM = "scenario.yaml", "cluster.json"
"""The copies in a drill's folder of what was run, and of what it was run on."""


class ClusterFile(BaseModel):
    """What is read again of a cluster.json."""

    timers: Timers = {}


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, so that no reader sees half of it. Raises BadInput if a folder is in its place."""
    if path.is_dir():
        raise BadInput(f"{path}: a folder; a file is to be written there")
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def _timers(folder: Path) -> Timers:
    """The timers declared in the folder's cluster file; none without a file. Raises BadInput if they make no sense."""
    path = folder / SYSTEM
    if not path.exists():
        return {}
    try:
        return ClusterFile.model_validate_json(path.read_bytes()).timers
    except (OSError, ValueError):
        raise BadInput(f"{path}: not the cluster file that maildrill wrote there") from None


def digest(file: Path) -> str:
    """SHA-256 of a scenario or cluster file, as the start of a journal holds it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _check_unchanged(folder: Path, journal: Journal) -> None:
    """Scenario and cluster are those that the journal began with: objectives are fixed before the run."""
    first = next(iter(journal.blocks()), b"").split(b"\n", 1)[0]
    try:
        start = json.loads(first or b"{}")
    except ValueError:
        return
    for key, path, what in (
        ("plan", folder / SCENARIO, "its objectives were fixed before the run"),
        ("system", folder / SYSTEM, "it says what was drilled"),
    ):
        written = start.get(key)
        if written and not path.is_file():
            raise BadInput(f"{path}: missing since the drill; {what}")
        if written and written != digest(path):
            raise BadInput(f"{path}: changed since the drill; {what}")


def read_folder(folder: Path) -> tuple[Measured, Journal, Scenario]:
    """Measure a drill from its scenario.yaml, cluster.json and journal.ndjson; nothing is written.

    Raises BadInput if a file is missing or cannot be understood, or scenario or cluster were changed.
    """
    for name in (SCENARIO, "journal.ndjson"):
        if not (folder / name).is_file():
            raise BadInput(f"{folder}: no {name}; expected the folder of a drill")
    scenario = check(Scenario, read_yaml(folder / SCENARIO))
    journal, timers = read_journal(folder / "journal.ndjson"), _timers(folder)
    _check_unchanged(folder, journal)
    try:
        return measure_with_tables(journal, scenario, timers), journal, scenario
    except Exception as problem:
        if unsound := first_unsound(journal):
            raise BadInput(f"{folder / 'journal.ndjson'}: {unsound}") from problem
        raise


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
