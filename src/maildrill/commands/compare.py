"""`maildrill compare`: the same disasters over several clusters, side by side."""

from __future__ import annotations

from dataclasses import dataclass
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
REPEATS, RERUNS = 5, 1


@dataclass(frozen=True)
class Work:
    """A comparison to be run or shown: its folder, plan and profiles; without inputs nothing is left to run."""

    folder: Path
    plan: Plan
    inputs: Inputs | None
    opinions: Opinions


@app.command()
def compare(
    cluster: Annotated[Names, typer.Option(help="A cluster, name or file; at least two of them.")] = None,
    scenarios: Annotated[Names, typer.Option(help="A scenario, by name or file, or a folder of them.")] = None,
    repeat: Annotated[
        int | None, typer.Option(min=1, help=f"Drills of each scenario on each cluster (default: {REPEATS}).")
    ] = None,
    reruns: Annotated[
        int | None, typer.Option(min=0, help=f"Most times an inconclusive cell is run again (default: {RERUNS}).")
    ] = None,
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
    if resume is None:
        times = REPEATS if repeat is None else repeat, RERUNS if reruns is None else reruns
        work = _begin(cluster or [], scenarios or [], *times, seed, profile or [], candidate, reports)
    elif cluster or scenarios or any(one is not None for one in (seed, repeat, reruns)):
        raise BadInput("--resume follows the plan in the folder: its clusters, scenarios, repeats, reruns and seed")
    else:
        work = _resumed(resume, profile, candidate)
    try:
        cells = _run(work)
    except KeyboardInterrupt as stop:
        say(f"maildrill: {str(stop) or 'interrupted'}\n{_again(work.folder)}")
        return INTERRUPTED
    except EnvironmentProblem as problem:
        raise EnvironmentProblem(f"{problem}\n{_again(work.folder)}") from None
    comparison = _conclude(work, cells)
    _show(work.folder, comparison, json)
    return EXIT_CODES["inconclusive"] if comparison.incomplete else 0


def _begin(
    clusters: list[str],
    scenarios: list[str],
    repeat: int,
    reruns: int,
    seed: int | None,
    profiles: list[str],
    candidates: Names,
    reports: Path,
) -> Work:
    """A new comparison: its plan is in its folder before the first drill."""
    from maildrill.commands.plan import load_opinions, new_plan, shipped_candidates, with_opinions
    from maildrill.compare.folder import new_folder

    plan, inputs = new_plan(clusters, scenarios, repeats=repeat, reruns=reruns, seed=seed)
    names = [one.name for one in plan.clusters]
    opinions = load_opinions(profiles, candidates or (shipped_candidates(names) if profiles else []), names)
    plan = with_opinions(plan, opinions)
    return Work(new_folder(reports, plan), plan, inputs, opinions)


def _resumed(folder: Path, profiles: Names, candidates: Names) -> Work:
    """What a folder's plan says; profiles and candidates may be other ones."""
    from maildrill.commands.plan import left_to_run, load_opinions, read_plan, same_inputs, shipped_candidates

    plan = read_plan(folder)
    inputs = same_inputs(plan) if left_to_run(folder, plan) else None
    names = [one.name for one in plan.clusters]
    known = [one.given for one in plan.candidates] or shipped_candidates(names)
    opinions = load_opinions(profiles or [one.given for one in plan.profiles], candidates or known, names)
    return Work(folder, plan, inputs, opinions)


def _run(work: Work) -> list[Cell]:
    """All cells, run if need be."""
    from maildrill.compare.cells import read_cells

    if work.inputs is None:
        return read_cells(work.folder, work.plan)
    from maildrill.drill.run import run_drill
    from maildrill.drill.series import run_series, sole_owner

    with sole_owner(work.folder), watching(err()) as watch:
        return run_series(work.folder, work.plan, work.inputs, run_drill, watch, say)


def _again(folder: Path) -> str:
    return f"finished cells are kept; go on with: maildrill compare --resume {folder}"


def _conclude(work: Work, cells: list[Cell]) -> Comparison:
    from maildrill.compare.conclude import conclude

    profiles, candidates = list(work.opinions.profiles.values()), list(work.opinions.candidates.values())
    return conclude(work.folder, work.plan, cells, profiles, candidates)


def _show(folder: Path, comparison: Comparison, json: bool) -> None:
    from maildrill.compare.terminal import terminal

    if json:
        typer.echo(comparison.text(), nl=False)
        return
    out().print(terminal(comparison))
    typer.echo(f"report: {folder / 'compare.html'}")
