"""`maildrill faults`: the kinds of faults, and which of them this machine can do."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import typer

from maildrill.commands.app import Json, app, print_json, say
from maildrill.errors import BadInput, EnvironmentProblem
from maildrill.faults import KINDS
from maildrill.places import made

NoProbe = Annotated[bool, typer.Option("--no-probe", help="Only list them; ask no engine.")]
Docs = Annotated[Path | None, typer.Option("--docs", help="Write a page for each kind into this folder.")]
WIDTH = max(map(len, KINDS))


@app.command()
def faults(json: Json = False, no_probe: NoProbe = False, docs: Docs = None) -> int:
    """List the kinds of faults, and whether this machine can do each; exits 4 if no engine answers."""
    if docs is not None:
        written = write_pages(docs)
        print_json({"written": written}) if json else typer.echo(f"wrote {len(written)} pages into {docs}")
        return 0
    states, problem = _states(no_probe)
    rows = [
        {"kind": name, "group": kind.group(), "about": summary(kind), "needs": list(kind.needs), **state}
        for (name, kind), state in zip(KINDS.items(), states, strict=True)
    ]
    print_json(rows) if json else _show(rows)
    if problem:
        say(f"maildrill: which of them this machine can do is not known: {problem}")
    return EnvironmentProblem.exit_code if problem else 0


def _show(rows: list[dict[str, Any]]) -> None:
    for group in dict.fromkeys(row["group"] for row in rows):
        typer.echo(f"{group}:")
        for row in (row for row in rows if row["group"] == group):
            typer.echo(f"  {row['kind']:{WIDTH}} {row['about']}")
            if row["status"] == "skipped":
                typer.echo(f"  {'':{WIDTH}} skipped here: {row['reason']}")


def write_pages(folder: Path) -> list[str]:
    """The pages of all kinds, with the times in the folder's measured.json; pages of kinds that are gone go.

    Returns the pages' files.

    Raises BadInput, before anything is written, if a file of somebody else's stands in the way of a page.
    """
    from maildrill.faults.pages import is_ours, pages, read_measured

    wanted = pages(KINDS, read_measured(made(folder)))
    there = sorted(folder.glob("*.md"))
    ours = [path for path in there if is_ours(path)]
    for path in there:
        if path.name in wanted and path not in ours:
            raise BadInput(f"{path}: was not made by maildrill faults --docs, and stays; name another folder")
    for path in ours:
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(folder / name) for name in wanted]


def summary(kind: type) -> str:
    """The first line of what the code says about a kind, without the marks of code in it."""
    return (inspect.getdoc(kind) or "").partition("\n")[0].replace("``", "")


def _states(no_probe: bool) -> tuple[list[dict[str, str]], str]:
    """(status and reason of every kind, in the order of KINDS; why nobody knows them, if the engine was asked)."""
    problem = ""
    missing: dict[str, str] = {}
    if not no_probe:
        from maildrill.cluster.engine import connect
        from maildrill.drill.machine import look

        try:
            missing = look(connect(), {name for kind in KINDS.values() for name in kind.needs})
        except EnvironmentProblem as silent:
            problem = str(silent)
    unknown = "not looked at" if no_probe else problem
    return [_state(kind, missing, unknown) for kind in KINDS.values()], problem


def _state(kind: Any, missing: dict[str, str], unknown: str) -> dict[str, str]:
    from maildrill.drill.machine import why_not

    if unknown:
        return {"status": "unknown", "reason": unknown}
    reason = why_not(kind, missing)
    return {"status": "skipped" if reason else "available", "reason": reason}
