"""`maildrill list`, `schema`: what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from maildrill.catalogue import load_scenario
from maildrill.commands.app import Json, app, out, print_json
from maildrill.errors import BadInput
from maildrill.scenario.schema import SCHEMAS, schema_of
from maildrill.shipped import list_clusters, list_scenarios


@app.command("list")
def list_(
    folder: Annotated[Path | None, typer.Option("--scenarios", help="Folder of scenarios (default: shipped).")] = None,
    json: Json = False,
) -> None:
    """List the scenarios, and the clusters they can run on."""
    if folder and not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    rows = [(path, load_scenario(path)) for path in list_scenarios(folder)]
    if json:
        scenarios = [{"name": s.scenario, "file": str(p), "title": s.title, "cluster": s.cluster} for p, s in rows]
        print_json({"scenarios": scenarios, "clusters": list_clusters()})
        return
    grid = Table(box=None)
    for head in ("topic", "scenario", "title"):
        grid.add_column(head)
    for path, scenario in rows:
        grid.add_row(path.parent.name, scenario.scenario, scenario.title)
    out().print(grid)
    typer.echo(f"clusters: {', '.join(list_clusters())}")


@app.command()
def schema(which: Annotated[str, typer.Argument(help=f"One of: {', '.join(SCHEMAS)}.")] = "scenario") -> None:
    """Print the JSON Schema of a kind of file."""
    print_json(schema_of(which))
