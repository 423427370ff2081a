"""`maildrill measure` and `report`: past drills, measured and shown again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from maildrill.commands.app import EXIT_CODES, Json, app, out, say
from maildrill.errors import BadInput
from maildrill.places import is_file, tried

Folder = Annotated[Path, typer.Argument(help="The folder of one drill, below reports/.")]


@app.command()
def measure(folder: Folder, json: Json = False) -> int:
    """Judge a past drill again: exits with the verdict, as run does.

    It is measured from its journal; result and report are written anew, and what differs from before is said.
    """
    return _again(folder, json)


@app.command()
def report(folder: Folder, json: Json = False) -> None:
    """Show a past drill again: exits 0 whatever the verdict.

    It is measured from its journal, and result and report are written anew, as by measure.
    """
    _again(folder, json)


def _again(folder: Path, json: bool) -> int:
    from maildrill.report.folder import measure_folder
    from maildrill.report.terminal import terminal

    if not is_file(folder / "journal.ndjson"):
        raise BadInput(f"{folder}: not the folder of a drill: it has no journal.ndjson")
    result = measure_folder(tried(folder), say)
    if json:
        typer.echo((folder / "result.json").read_text(), nl=False)
    else:
        out().print(terminal(result))
        typer.echo(f"report: {folder / 'report.html'}")
    return EXIT_CODES[result.verdict]
