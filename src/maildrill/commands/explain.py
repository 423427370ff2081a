"""`maildrill explain`: the story behind a number of a past drill."""

from __future__ import annotations

from typing import Annotated

import typer

from maildrill.commands.app import Json, app, print_json
from maildrill.commands.results import Folder


@app.command()
def explain(
    folder: Folder,
    what: Annotated[
        str,
        typer.Argument(
            help="A message's id, a service, balance, replicas, or a class: lost, held, duplicates, corrupt ..."
        ),
    ],
    json: Json = False,
) -> None:
    """Tell the events, in order, that make a message's class or a service's times. Nothing is written."""
    from maildrill.measure.explain import explain as story_of
    from maildrill.report.folder import read_folder

    measured, journal, _ = read_folder(folder)
    story = story_of(measured, journal, what)
    print_json(story.json()) if json else typer.echo(story.text())
