"""`maildrill faults`: the kinds of faults, and which of them this machine can do."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from maildrill.commands.app import Json, app, print_json
from maildrill.errors import EnvironmentProblem
from maildrill.faults import KINDS

NoProbe = Annotated[bool, typer.Option("--no-probe", help="Only list them; ask no engine.")]
Docs = Annotated[Path | None, typer.Option("--docs", help="Write a page for each kind into this folder.")]


@app.command()
def faults(json: Json = False, no_probe: NoProbe = False, docs: Docs = None) -> None:
    """List the kinds of faults, and whether this machine can do each."""
    if docs is not None:
        write_pages(docs)
        return
    rows = [
        {"kind": name, "group": kind.group(), "about": summary(kind), "needs": list(kind.needs), **state}
        for (name, kind), state in zip(KINDS.items(), _states(no_probe), strict=True)
    ]
    if json:
        print_json(rows)
        return
    for group in dict.fromkeys(row["group"] for row in rows):
        typer.echo(f"{group}:")
        for row in (row for row in rows if row["group"] == group):
            typer.echo(f"  {row['kind']:24} {row['about']}")
            if row["status"] == "skipped":
                typer.echo(f"  {'':24} skipped here: {row['reason']}")


def write_pages(folder: Path) -> None:
    """The pages of all kinds, with the times in the folder's measured.json; pages of kinds that are gone go."""
    from maildrill.faults.pages import pages, read_measured

    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages(KINDS, read_measured(folder))
    for old in set(folder.glob("*.md")) - {folder / name for name in wanted}:
        old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    typer.echo(f"wrote {len(wanted)} pages into {folder}")


def summary(kind: type) -> str:
    """The first line of what the code says about a kind."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _states(no_probe: bool) -> list[dict[str, str]]:
    """status and reason of every kind, in the order of KINDS."""
    unknown = "not looked at" if no_probe else ""
    missing: dict[str, str] = {}
    if not unknown:
        from maildrill.cluster.engine import connect
        from maildrill.drill.machine import look

        try:
            missing = look(connect(), {name for kind in KINDS.values() for name in kind.needs})
        except EnvironmentProblem as problem:
            unknown = str(problem)
    return [_state(kind, missing, unknown) for kind in KINDS.values()]


def _state(kind: Any, missing: dict[str, str], unknown: str) -> dict[str, str]:
    from maildrill.drill.machine import why_not

    if unknown:
        return {"status": "unknown", "reason": unknown}
    reason = why_not(kind, missing)
    return {"status": "skipped" if reason else "available", "reason": reason}
