"""The typed comparison: what compare.json holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from maildrill.compare.metrics import Metric
from maildrill.compare.observation import Observation
from maildrill.compare.order import Confidence
from maildrill.compare.plan import PlannedCluster, PlannedScenario
from maildrill.compare.score import Scoreboard
from maildrill.measure.part import Part
from maildrill.measure.result import rounded

SCHEMA = "maildrill.compare/1"
ALL_SCENARIOS = "*"


class AttemptSeen(Part):
    """One drill of a cell, its folder below the comparison's, and what it said."""

    folder: str
    state: Literal["usable", "inconclusive", "unfinished"]
    verdict: str
    codes: list[str]


class CellSeen(Part):
    """One cell: what was measured, from which of its attempts; nothing if none was usable."""

    cell: str
    cluster: str
    scenario: str
    repeat: int
    seed: int
    verdict: str = Field(description="of the usable attempt; else inconclusive, or missing if it has not run")
    folder: str | None
    maildrill_version: str | None
    attempts: list[AttemptSeen]
    observations: dict[str, Observation]
    doubts: dict[str, str] = Field({}, description="metric -> why the usable attempt proves no number of it")


def doubts_of(cells: Sequence[CellSeen]) -> dict[tuple[str, str, str], str]:
    """(scenario, metric, cluster) -> why a drill of it proves no number, so that the others cannot stand for all."""
    return {(cell.scenario, metric, cell.cluster): why for cell in cells for metric, why in cell.doubts.items()}


class Summary(Part):
    """One metric of one cluster in one scenario, over its repeats; there is none unless each proves its number."""

    scenario: str
    metric: str
    cluster: str
    n: int
    censored: int
    median: Observation
    q1: Observation
    q3: Observation
    best: Observation
    worst: Observation
    interval: Confidence


class Difference(Part):
    """Two clusters compared in one metric, in one scenario or over all.

    ``lower``: who is better, if that is beyond noise (``beyond_noise``: p_holm), be it for this metric alone.
    """

    scenario: str = Field(description=f'a scenario, or "{ALL_SCENARIOS}": all that both have been through, as strata')
    metric: str
    a: str
    b: str
    n_a: int
    n_b: int
    u: float = Field(description="pairs of drills in which a is above b, a tie counting half; of ``pairs``")
    pairs: int
    p: float
    p_holm: float = Field(description="corrected for the pairs of clusters in this scenario and metric")
    p_holm_all: float = Field(description="corrected for every question of the comparison")
    smallest_p: float = Field(description="p after a complete separation, with this n and these ties")
    repeats_needed: int
    beyond_noise: bool
    separated: bool = Field(description="in each scenario every value of one cluster is below every value of the other")
    lower: str | None
    kind: Literal["beyond", "metric", "noise", "open", "same"] = Field(
        description="beyond: beyond noise by p_holm_all; metric: by p_holm only; open: too few drills to tell"
    )
    said: str


class Comparison(Part):
    """Everything that a comparison says."""

    schema_: str = Field(SCHEMA, alias="schema")
    maildrill_version: str
    created: str
    seed: int
    repeats: int
    reruns: int
    headline: str
    clusters: list[PlannedCluster]
    scenarios: list[PlannedScenario]
    metrics: list[Metric]
    cells: list[CellSeen]
    summaries: list[Summary]
    differences: list[Difference]
    scoreboards: list[Scoreboard]
    sources: dict[str, str]

    def text(self) -> str:
        """Deterministic JSON: keys sorted, floats rounded to a microsecond."""
        data = rounded(self.model_dump(mode="json", by_alias=True))
        return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @property
    def incomplete(self) -> list[CellSeen]:
        """Cells without a usable drill."""
        return [cell for cell in self.cells if cell.folder is None]

    @property
    def unproven(self) -> list[tuple[str, str]]:
        """(scenario, cluster) without any usable drill."""
        ran = {(cell.scenario, cell.cluster) for cell in self.cells if cell.folder is not None}
        pairs = dict.fromkeys((cell.scenario, cell.cluster) for cell in self.cells)
        return [pair for pair in pairs if pair not in ran]

    @property
    def doubts(self) -> dict[tuple[str, str, str], str]:
        """(scenario, metric, cluster) -> why it is not compared."""
        return doubts_of(self.cells)

    @property
    def versions(self) -> list[str]:
        """Of maildrill, that ran the drills: with several, two cells may differ by how they were measured."""
        return sorted({cell.maildrill_version for cell in self.cells if cell.maildrill_version})

    @property
    def set_aside(self) -> int:
        """Inconclusive attempts, kept and not used."""
        return sum(one.state == "inconclusive" for cell in self.cells for one in cell.attempts)

    @property
    def used_inconclusive(self) -> int:
        """Drills that prove nothing of their objectives, only because of what the mail system did, and are used."""
        return sum(cell.folder is not None and cell.verdict == "inconclusive" for cell in self.cells)

    def summary(self, scenario: str, metric: str, cluster: str) -> Summary | None:
        """One summary, if that was measured."""
        wanted = (scenario, metric, cluster)
        return next((one for one in self.summaries if (one.scenario, one.metric, one.cluster) == wanted), None)
