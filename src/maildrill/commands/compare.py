"""`maildrill compare`: the same disasters over several clusters, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maildrill.commands.app import EXIT_CODES, INTERRUPTED, Json, Reports, app, err, out, say
from maildrill.commands.run import watching
from maildrill.errors import BadInput, EnvironmentProblem

if TYPE_CHECKING:
    from maildrill.commands.plan import Opinions
    from maildrill.compare.cells import Cell
    from maildrill.compare.model import Comparison
    from maildrill.compare.plan import Plan
    from maildrill.drill.series import Inputs

Names = list[str] | None


@app.command()
def compare(
    cluster: Annotated[Names, typer.Option(help="A cluster, name or file; at least two of them.")] = None,
    scenarios: Annotated[Names, typer.Option(help="A scenario, by name or file, or a folder of them.")] = None,
    repeat: Annotated[int, typer.Option(min=1, help="Drills of each scenario on each cluster.")] = 5,
    reruns: Annotated[int, typer.Option(min=0, help="Most times an inconclusive cell is run again.")] = 1,
    profile: Annotated[Names, typer.Option(help="A requirement profile, name or file.")] = None,
    candidate: Annotated[Names, typer.Option(help="A candidate file, or the name of a shipped one.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the order and of all drills (default: new).")] = None,
    reports: Reports = Path("reports"),
    resume: Annotated[Path | None, typer.Option(help="Go on with the comparison in this folder.")] = None,
    json: Json = False,
) -> int:
    """Run the same scenarios on several clusters, and say which differences are real.

    Exits 0 when every cell has a usable drill (a comparison has no pass or fail), 3 when some stayed
    inconclusive, 130 when interrupted: finished cells are kept, and --resume goes on.
    """
    from maildrill.commands.plan import (
        PLAN,
        left_to_run,
        load_opinions,
        new_plan,
        read_plan,
        same_inputs,
        shipped_candidates,
        with_opinions,
    )  # fmt: skip

    inputs: Inputs | None
    if resume is None:
        plan, inputs = new_plan(cluster or [], scenarios or [], repeats=repeat, reruns=reruns, seed=seed)
        names = [one.name for one in plan.clusters]
        known = shipped_candidates(names) if profile else []
        opinions = load_opinions(profile or [], candidate or known, names)
        plan = with_opinions(plan, opinions)
        folder = _new_folder(reports, plan)
        (folder / PLAN).write_text(plan.text(), encoding="utf-8")
    else:
        if cluster or scenarios or seed is not None:
            raise BadInput("--resume follows the plan in the folder, which has its clusters, scenarios and seed")
        folder, plan = resume, read_plan(resume)
        inputs = same_inputs(plan) if left_to_run(folder, plan) else None
        names = [one.name for one in plan.clusters]
        known = [one.given for one in plan.candidates] or shipped_candidates(names)
        opinions = load_opinions(profile or [one.given for one in plan.profiles], candidate or known, names)
    try:
        cells = _run(folder, plan, inputs)
    except KeyboardInterrupt as stop:
        say(f"maildrill: {str(stop) or 'interrupted'}\n{_again(folder)}")
        return INTERRUPTED
    except EnvironmentProblem as problem:
        raise EnvironmentProblem(f"{problem}\n{_again(folder)}") from None
    comparison = _conclude(folder, plan, cells, opinions)
    _show(folder, comparison, json)
    return EXIT_CODES["inconclusive"] if comparison.incomplete else 0


def _new_folder(reports: Path, plan: Plan) -> Path:
    stamp = plan.created.replace("-", "").replace(":", "")
    folder = reports / f"compare-{stamp}"
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise BadInput(f"{folder}: exists already; try again in a second") from None
    return folder


def _run(folder: Path, plan: Plan, inputs: Inputs | None) -> list[Cell]:
    """All cells, run if need be; without inputs nothing is left to run."""
    from maildrill.compare.cells import read_cells

    if inputs is None:
        return read_cells(folder, plan)
    from maildrill.drill.run import run_drill
    from maildrill.drill.series import run_series, sole_owner

    with sole_owner(folder), watching(err()) as watch:
        return run_series(folder, plan, inputs, run_drill, watch, say)


def _again(folder: Path) -> str:
    return f"finished cells are kept; go on with: maildrill compare --resume {folder}"


def _conclude(folder: Path, plan: Plan, cells: list[Cell], opinions: Opinions) -> Comparison:
    from maildrill.compare.build import compare as build
    from maildrill.compare.build import see_cells
    from maildrill.compare.output import write_comparison

    seen, waits = see_cells(folder, plan, cells)
    comparison = build(plan, seen, list(opinions.profiles.values()), list(opinions.candidates.values()))
    write_comparison(folder, comparison, waits)
    return comparison


def _show(folder: Path, comparison: Comparison, json: bool) -> None:
    from maildrill.compare.terminal import terminal

    if json:
        typer.echo(comparison.text(), nl=False)
        return
    out().print(terminal(comparison))
    typer.echo(f"report: {folder / 'compare.html'}")
