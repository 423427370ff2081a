"""`maildrill list`, `schema`: what there is."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from maildrill.catalogue import load_scenario
from maildrill.cluster.clusterfile import is_cluster_file, load_any_cluster
from maildrill.commands.app import Json, app, out, print_json
from maildrill.errors import BadInput
from maildrill.places import is_folder
from maildrill.scenario.schema import SCHEMAS, schema_of
from maildrill.shipped import list_clusters, list_scenarios


@app.command("list")
def list_(
    folder: Annotated[Path | None, typer.Option("--scenarios", help="Folder of scenarios (default: shipped).")] = None,
    json: Json = False,
) -> None:
    """List the scenarios, and the clusters they can run on."""
    if folder is not None and not is_folder(folder):
        raise BadInput(f"{folder}: no such folder")
    rows = [(path, load_scenario(path)) for path in list_scenarios(folder) if not (folder and is_cluster_file(path))]
    if json:
        scenarios = [{"name": s.scenario, "file": str(p), "title": s.title, "cluster": s.cluster} for p, s in rows]
        print_json({"scenarios": scenarios, "clusters": list_clusters()})
        return
    _show(("topic", "scenario", "title"), [(path.parent.name, one.scenario, one.title) for path, one in rows])
    folders = Counter(name.rpartition("/")[0] for name in list_clusters())
    of_their_own = [name for name in list_clusters() if "/" not in name]
    _show(("cluster", "about"), [(name, _first_sentence(load_any_cluster(name).about)) for name in of_their_own])
    typer.echo(", ".join(f"{count} more in fixtures/clusters/{folder}" for folder, count in folders.items() if folder))


def _show(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    grid = Table(box=None)
    for head in heads:
        grid.add_column(head)
    for row in rows:
        grid.add_row(*row)
    out().print(grid)


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=\.)\s", text, maxsplit=1)[0]


@app.command()
def schema(which: Annotated[str, typer.Argument(help=f"One of: {', '.join(SCHEMAS)}.")] = "scenario") -> None:
    """Print the JSON Schema of a kind of file."""
    print_json(schema_of(which))
