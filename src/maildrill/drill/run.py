"""One drill from the scenario to the result, and the way out.

Whatever happens, faults are healed, everything made is removed, the journal is kept and measured.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maildrill.cluster.attach import check_network
from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.confidential import read_secrets
from maildrill.cluster.engine import connect
from maildrill.cluster.model import AnyCluster
from maildrill.drill.machine import check_machine
from maildrill.drill.person import check_somebody_is_there
from maildrill.drill.phases import Drill
from maildrill.drill.progress import Progress
from maildrill.drill.signals import signals_as_interrupt, undisturbed
from maildrill.drill.turns import turn
from maildrill.errors import BadInput, EnvironmentProblem
from maildrill.journal.events import JOURNAL_VERSION, Phase, Start
from maildrill.measure.result import Result
from maildrill.permission import asked_of_people
from maildrill.places import made
from maildrill.report.folder import SCENARIO, SYSTEM, digest, measure_folder
from maildrill.scenario.document import check, read_yaml
from maildrill.scenario.model import Scenario


@dataclass(frozen=True)
class Outcome:
    """Where the drill's evidence is, and what it says."""

    folder: Path
    result: Result


def make_folder(reports: Path, scenario: str) -> Path:
    """A new folder for one drill's evidence."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = reports / f"{scenario}-{stamp}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True)
    return folder


def run_drill(
    scenario: Scenario,
    cluster_model: AnyCluster,
    *,
    scenario_path: Path,
    reports: Path,
    seed: int,
    progress: Callable[[Progress], None],
) -> Outcome:
    """Run one drill and measure it.

    Raises EnvironmentProblem if the engine is not there, or if the journal could not be written (everything is
    healed and removed then), BadInput if a password of an attached system is not in the environment, ``reports``
    cannot be written to, or the scenario's file was changed since it was read, Skipped if the machine cannot do one
    of the faults or there is nobody to ask, KeyboardInterrupt after an interrupted drill has been healed, removed and
    measured. A drill that broke in the middle is measured too and comes out inconclusive.
    """
    _check(scenario, cluster_model, reports)
    with _turn(cluster_model, progress):
        folder = make_folder(reports, scenario.scenario)
        _keep(scenario, scenario_path, folder)
        (folder / SYSTEM).write_text(cluster_model.model_dump_json(indent=2) + "\n")
        drill = Drill(scenario, cluster_model, folder, seed, progress)
        drill.journal.write(
            Start(0.0, JOURNAL_VERSION, folder.name, scenario.scenario, cluster_model.cluster, seed, drill.clock.wall,
                  digest(folder / SCENARIO), digest(folder / SYSTEM))
        )  # fmt: skip
        was_interrupted, problem = _carry_out(drill), drill.journal.problem
        result = None if problem else measure_folder(folder)
    if was_interrupted:
        what_is_left = problem or f"the journal is in {folder}"
        raise KeyboardInterrupt(f"interrupted; everything is healed and removed, {what_is_left}")
    if result is None:
        raise EnvironmentProblem(problem)
    return Outcome(folder, result)


def _keep(scenario: Scenario, file: Path, folder: Path) -> None:
    """Copy the scenario, by which the drill is measured, into its folder. Raises BadInput if it is another one now."""
    kept = folder / SCENARIO
    try:
        shutil.copy(file, kept)
        same = check(Scenario, read_yaml(kept)) == scenario
    except (OSError, BadInput):
        same = False
    if not same:
        shutil.rmtree(folder)
        raise BadInput(f"{file}: changed since this drill was planned, so it was not run; put it back as it was")


def _check(scenario: Scenario, cluster_model: AnyCluster, reports: Path) -> None:
    if isinstance(cluster_model, AttachedCluster):
        read_secrets(cluster_model)
        check_somebody_is_there(scenario, asked_of_people(scenario, cluster_model))
        made(reports)
        check_network(connect(), cluster_model)
    else:
        check_somebody_is_there(scenario)
        made(reports)
        check_machine(connect(), scenario)


def _turn(cluster_model: AnyCluster, progress: Callable[[Progress], None]) -> AbstractContextManager[None]:
    """An attached system has processors of its own; if it runs on this machine, who started it left room for it."""
    if isinstance(cluster_model, AttachedCluster):
        return nullcontext()
    return turn(connect().info()["NCPU"], lambda message: progress(Progress(phase="waiting", message=message)))


def _carry_out(drill: Drill) -> bool:
    """From the first container to the last; whether it was interrupted."""
    with signals_as_interrupt():
        try:
            drill.up()
            drill.mail()
        except KeyboardInterrupt:
            drill.note("interrupted", "the drill was interrupted; faults healed, cluster removed, journal kept")
            drill.say("interrupted: healing and removing everything, the journal is kept")
            return True
        except Exception as problem:
            drill.note("error", f"{type(problem).__name__}: {problem}")
            drill.say(f"the drill broke: {problem}")
        finally:
            with undisturbed():
                drill.down()
                drill.journal.write(Phase(drill.clock.now(), "end"))
                drill.journal.close()
                drill.watch.finish()
    return False
