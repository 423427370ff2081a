"""What `maildrill compare` is about to do: its files checked, its plan made, written and read again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

import maildrill
from maildrill.catalogue import find_scenario, load_pair
from maildrill.cluster.clusterfile import is_cluster_file
from maildrill.cluster.content import content_of, images_of
from maildrill.cluster.model import AnyCluster
from maildrill.compare.cells import read_cells
from maildrill.compare.folder import PLAN
from maildrill.compare.plan import (
    Plan,
    PlannedCluster,
    PlannedFile,
    PlannedScenario,
    digest,
    order_cells,
    planned_cluster,
    planned_scenario,
)
from maildrill.compare.profile import Candidate, Profile, load_candidate, load_profile
from maildrill.drill.series import Inputs
from maildrill.errors import BadInput
from maildrill.places import is_file, is_folder
from maildrill.scenario.model import Scenario
from maildrill.shipped import data_dir, list_scenarios


@dataclass(frozen=True)
class Opinions:
    """What is required, and what drills cannot see; with the names the files were given by."""

    profiles: dict[str, Profile]
    candidates: dict[str, Candidate]


def load_opinions(profiles: list[str], candidates: list[str], clusters: list[str]) -> Opinions:
    """Read and check profile and candidate files, and that they fit each other. Raises BadInput."""
    shipped = data_dir() / "fixtures"
    stated = {absolute(one): load_candidate(one, shipped / "candidates") for one in candidates}
    wanted = {absolute(one): load_profile(one, shipped / "profiles") for one in profiles}
    about = [one.cluster for one in stated.values()]
    for given, one in stated.items():
        if one.cluster not in clusters:
            raise BadInput(f'{given}: about the cluster "{one.cluster}", which is not compared here')
        if about.count(one.cluster) > 1:
            raise BadInput(f"{given}: another candidate file is about {one.cluster} too")
        for profile in wanted.values():
            if one.currency != profile.budget.currency:
                raise BadInput(f"{given}: price in {one.currency}, but {profile.profile} has {profile.budget.currency}")
    return Opinions(wanted, stated)


def shipped_candidates(clusters: list[str]) -> list[str]:
    """The names of shipped candidate files about these clusters: invented values, and marked so."""
    folder = data_dir() / "fixtures" / "candidates"
    return [name for name in clusters if (folder / f"{name}.yaml").is_file()]


def absolute(given: str) -> str:
    """A file by its full path, so that a comparison can be resumed from anywhere; a name as it is."""
    return str(Path(given).resolve()) if given.endswith((".yaml", ".yml")) else given


def check_inputs(clusters: list[str], files: list[Path]) -> Inputs:
    """Every scenario on every cluster, checked before anything starts. Raises BadInput with every mistake."""
    pairs: dict[tuple[str, str], tuple[Scenario, AnyCluster]] = {}
    places, mistakes = {}, []
    for path in files:
        for given in clusters:
            try:
                scenario, model = load_pair(path, given)
            except BadInput as error:
                mistakes.append(f"{given}: {error}" if given not in str(error) else str(error))
                continue
            if (scenario.scenario, model.cluster) in pairs:
                mistakes.append(f"{scenario.scenario} on {model.cluster} is given twice: {path}, {given}")
            pairs[scenario.scenario, model.cluster] = scenario, model
            places[scenario.scenario] = path.resolve()
    if mistakes:
        raise BadInput("\n".join(dict.fromkeys(mistakes)))
    return Inputs(pairs, places)


def scenario_files(given: list[str]) -> list[Path]:
    """The files of scenarios named one by one, or by a folder (a path, or a shipped topic)."""
    files: list[Path] = []
    for one in given:
        topic = data_dir() / "scenarios" / one
        if not one.strip():
            raise BadInput("a scenario without a name (--scenarios with nothing after it)")
        folder = Path(one) if is_folder(Path(one)) else topic if is_folder(topic) else None
        found = (
            [path for path in list_scenarios(folder) if not is_cluster_file(path)] if folder else [find_scenario(one)]
        )
        if not found:
            raise BadInput(f"{one}: no scenario files in this folder")
        files += found
    return files


def new_plan(
    clusters: list[str], scenarios: list[str], *, repeats: int, reruns: int, seed: int | None
) -> tuple[Plan, Inputs]:
    """A plan for a new comparison. Raises BadInput; nothing is written."""
    if len(clusters) < 2:
        raise BadInput("a comparison needs at least two clusters: --cluster A --cluster B")
    if not scenarios:
        raise BadInput("a comparison needs scenarios: --scenarios NAME, or a folder of them")
    given = [absolute(one) for one in clusters]
    inputs = check_inputs(given, scenario_files(scenarios))
    dice = secrets.randbits(31) if seed is None else seed
    planned = _clusters(inputs, given)
    plan = Plan(
        maildrill_version=maildrill.__version__,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        seed=dice,
        repeats=repeats,
        reruns=reruns,
        scenarios=_scenarios(inputs),
        clusters=planned,
        cells=order_cells([one.name for one in planned], list(inputs.files), repeats, dice),
    )
    return plan, inputs


def with_opinions(plan: Plan, opinions: Opinions) -> Plan:
    """The plan with the profiles and candidate files fixed in it."""
    profiles = [
        PlannedFile(name=one.profile, given=given, sha256=digest(one, stated_only=True))
        for given, one in opinions.profiles.items()
    ]
    stated = [
        PlannedFile(name=one.candidate, given=given, sha256=digest(one, stated_only=True))
        for given, one in opinions.candidates.items()
    ]
    return plan.model_copy(update={"profiles": profiles, "candidates": stated})


def read_plan(folder: Path) -> Plan:
    """The plan of a comparison to resume. Raises BadInput."""
    path = folder / PLAN
    if not is_file(path):
        raise BadInput(f"{folder}: not the folder of a comparison: it has no {PLAN}")
    try:
        return Plan.model_validate_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def left_to_run(folder: Path, plan: Plan) -> bool:
    """Whether any cell is not finished."""
    return any(not cell.finished(plan.reruns) for cell in read_cells(folder, plan))


def same_inputs(plan: Plan) -> Inputs:
    """The files of a plan as they were when it was made. Raises BadInput if they say something else now."""
    inputs = check_inputs([one.given for one in plan.clusters], [Path(one.file) for one in plan.scenarios])
    scenarios, clusters = _scenarios(inputs), _clusters(inputs, [one.given for one in plan.clusters])
    before, now = _contents(plan.scenarios, plan.clusters), _contents(scenarios, clusters)
    changed = sorted(name for name, content in before.items() if content and now.get(name) != content)
    if changed:
        raise BadInput(
            f"{', '.join(changed)}: changed since this comparison began (with maildrill {plan.maildrill_version}, "
            f"this is {maildrill.__version__}); what is left cannot be run: begin a new comparison"
        )
    return inputs


def _contents(scenarios: Sequence[PlannedScenario], clusters: Sequence[PlannedCluster]) -> dict[str, str | None]:
    """What must not change while a comparison lasts -> its hash; None: not known."""
    images = {f"the images or configuration templates of {one.name}": one.images_sha256 for one in clusters}
    return {one.name: one.sha256 for one in scenarios} | {one.name: one.sha256 for one in clusters} | images


def _scenarios(inputs: Inputs) -> list[PlannedScenario]:
    found = {name: scenario for (name, _), (scenario, _) in inputs.pairs.items()}
    return [planned_scenario(found[name], str(path)) for name, path in inputs.files.items()]


def _clusters(inputs: Inputs, given: list[str]) -> list[PlannedCluster]:
    found = {model.cluster: model for _, model in inputs.pairs.values()}
    return [
        planned_cluster(model, one, content_of(images_of(model)))
        for model, one in zip(found.values(), given, strict=True)
    ]
