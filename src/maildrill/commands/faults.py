"""`maildrill faults`: the kinds of faults, and which of them this machine can do."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer

from maildrill.commands.app import Json, app, print_json
from maildrill.errors import EnvironmentProblem
from maildrill.faults import KINDS

NoProbe = Annotated[bool, typer.Option("--no-probe", help="Only list them; ask no engine.")]


@app.command()
def faults(json: Json = False, no_probe: NoProbe = False) -> None:
    """List the kinds of faults, and whether this machine can do each."""
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
