"""What a comparison will do, fixed and written down before it begins: plan.json."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, Field

from maildrill.cluster.model import AnyCluster
from maildrill.measure.part import Part
from maildrill.scenario.model import Scenario

PLAN_SCHEMA = "maildrill.plan/1"


class PlannedScenario(Part):
    """A scenario, and the content it had. ``need_s``: W + R, how long a return must be watched."""

    name: str
    title: str
    why: str
    file: str
    sha256: str
    need_s: float


class PlannedCluster(Part):
    """A cluster as it was named on the command line, and the content it had."""

    name: str
    given: str
    about: str
    sha256: str
    images_sha256: str | None = Field(
        None, description="of its images' folders: Dockerfile, templates; None: planned by an older version"
    )


class PlannedFile(Part):
    """A requirement profile or candidate file named before the first drill ran."""

    name: str
    given: str
    sha256: str


class PlannedCell(Part):
    """One drill to do. ``cell`` is its folder; the seed is that of the scenario and repeat on every cluster."""

    cell: str
    cluster: str
    scenario: str
    repeat: int
    seed: int


class Plan(Part):
    """The whole comparison, cells in the order in which they run."""

    schema_: str = Field(PLAN_SCHEMA, alias="schema")
    maildrill_version: str
    created: str
    seed: int
    repeats: Annotated[int, Field(ge=1)]
    reruns: Annotated[int, Field(ge=0)] = Field(description="most times an inconclusive cell is run again")
    scenarios: list[PlannedScenario]
    clusters: list[PlannedCluster]
    profiles: list[PlannedFile] = Field([])
    candidates: list[PlannedFile] = Field([])
    cells: list[PlannedCell]

    def text(self) -> str:
        """The file's content."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def planned_scenario(scenario: Scenario, file: str) -> PlannedScenario:
    """The plan's entry for a scenario file."""
    need = scenario.sustained.window + scenario.sustained.relapse
    return PlannedScenario(
        name=scenario.scenario, title=scenario.title, why=scenario.why, file=file, sha256=digest(scenario), need_s=need
    )


def planned_cluster(model: AnyCluster, given: str, images: str) -> PlannedCluster:
    """The plan's entry for a cluster, named so by the user; ``images``: the hash of what its images are made of."""
    return PlannedCluster(
        name=model.cluster, given=given, about=model.about, sha256=digest(model), images_sha256=images
    )


def digest(model: BaseModel, *, stated_only: bool = False) -> str:
    """SHA-256 of what a file says, inherited parts and (unless ``stated_only``) defaults included; not of comments."""
    return hashlib.sha256(model.model_dump_json(exclude_defaults=stated_only).encode()).hexdigest()


def cell_seed(seed: int, scenario: str, repeat: int) -> int:
    """The seed of a scenario's repeat: it does not depend on the cluster."""
    return random.Random(f"{seed} {scenario} {repeat}").getrandbits(31)


def cell_name(scenario: str, cluster: str, repeat: int) -> str:
    """A cell's folder."""
    return f"{scenario}--{cluster}--r{repeat}"


def order_cells(clusters: Sequence[str], scenarios: Sequence[str], repeats: int, seed: int) -> list[PlannedCell]:
    """All cells, repeat by repeat, each repeat shuffled.

    Blocks keep the clusters balanced: a machine that grows slower, or an interruption, hits all alike.
    """
    dice, cells = random.Random(f"{seed} order"), []
    for repeat in range(1, repeats + 1):
        block = [
            PlannedCell(
                cell=cell_name(scenario, cluster, repeat),
                cluster=cluster,
                scenario=scenario,
                repeat=repeat,
                seed=cell_seed(seed, scenario, repeat),
            )
            for scenario in sorted(scenarios)
            for cluster in sorted(clusters)
        ]
        dice.shuffle(block)
        cells += block
    return cells
