"""`maildrill images`, `clean`, `doctor`: the container engine and what is on it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from maildrill.commands.app import Json, app, print_json, say
from maildrill.doctor import examine
from maildrill.errors import EnvironmentProblem
from maildrill.shipped import list_images

Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing unless something is built.")]
Images = Annotated[
    bool,
    typer.Option(
        "--images",
        help="Also server images that are not this version's and that no container uses; another checkout builds"
        " its own again.",
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Build nothing; exit 4 if an image is missing.")]


def client() -> Any:
    """The engine's client. Raises EnvironmentProblem if there is no engine."""
    from maildrill.cluster.engine import connect

    return connect()


@app.command()
def images(quiet: Quiet = False, check: Check = False, json: Json = False) -> None:
    """Build the server images that are missing or out of date."""
    engine = client()
    from maildrill.cluster.images import ensure_images, missing_images, tag_of

    if check and (missing := missing_images(engine, list_images())):
        raise EnvironmentProblem(f"server images are missing: {', '.join(missing)}; run: maildrill images")
    tags = {name: tag_of(name) for name in list_images()} if check else ensure_images(engine, list_images(), say=say)
    if json:
        print_json(tags)
    elif not (quiet or check):
        for name, tag in tags.items():
            typer.echo(f"{name:12} {tag}")


STUCK = (
    "try again; a network that has active endpoints though no container is left is a defect of the engine, and goes"
    " when that is restarted"
)


@app.command()
def clean(images: Images = False, json: Json = False) -> None:
    """Remove what interrupted drills left behind. Running drills are not touched. Exits 4 if something stays."""
    from maildrill.cluster.images import remove_superseded, tag_of
    from maildrill.custody.sweep import of_dead_owners, sweep

    engine = client()
    removed, left = sweep(engine), ", ".join(map(str, of_dead_owners(engine)))
    if images:
        removed += [f"image {name}" for name in remove_superseded(engine, map(tag_of, list_images()))]
    if json:
        print_json({"removed": removed})
    elif removed or not left:
        typer.echo("\n".join(f"removed {one}" for one in removed) or "nothing was left behind")
    if left:
        raise EnvironmentProblem(f"the engine does not remove {left}: {STUCK}")


@app.command()
def doctor(json: Json = False) -> int:
    """Look whether this machine can run drills, and which faults."""
    findings = examine()
    if json:
        print_json([{"check": f.check, "ok": f.ok, "detail": f.detail} for f in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.check:10} {finding.detail}")
    return 0 if all(finding.ok for finding in findings) else EnvironmentProblem.exit_code
