"""From the cells of a comparison to everything it says. Pure, and the order of the cells does not matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from pathlib import Path

from maildrill.compare.cells import Cell, measured, needs
from maildrill.compare.differences import Values, find_differences
from maildrill.compare.doubts import NOTHING_ACCEPTED, doubts
from maildrill.compare.metrics import METRICS, Waits
from maildrill.compare.model import AttemptSeen, CellSeen, Comparison, Summary, doubts_of
from maildrill.compare.observation import Observation, ordered
from maildrill.compare.order import median, median_interval, quantile
from maildrill.compare.plan import Plan, digest
from maildrill.compare.profile import Candidate, Profile
from maildrill.compare.score import Evidence, Scoreboard, scoreboard
from maildrill.compare.words import headline

SOURCES = {
    "cell": "One drill of one scenario on one cluster: a sub folder with its journal, result and report.",
    "seeds": "Each repeat of a scenario has one seed, the same on every cluster; the order of the cells is shuffled "
    "within each repeat, from the comparison's seed.",
    "median": "Middle order statistic; of an even number the midpoint of two numbers, or the upper one if that is "
    "censored. No means are taken.",
    "interval": "Order statistics around the median, with the coverage stated: 95 % or more from six drills on, "
    "below that minimum and maximum with what coverage these have.",
    "censored": '"> x": it had not come back when observation ended. It ranks above every number.',
    "test": "Exact Mann-Whitney U, two-sided, ties counted exactly, censored values ranked last; beyond noise: p <= "
    "0.05 after Holm's correction over all questions of the comparison that could differ (p_holm_all); for this metric "
    "alone: after that over the pairs of clusters in one scenario and metric (p_holm). Over all scenarios: ranks "
    "within each, rank sums added.",
    "inconclusive": "A drill that proves nothing is kept, counted and not used; its cell is run again at most as often "
    "as the plan says. Inconclusive only because observation was too short, or the service was still down, is a "
    "censored value: used, not run again.",
    "not proven": "A number that one drill does not prove (queues or mailboxes that nobody could read) is not compared "
    "with others; a hard requirement of it is open, unless another drill fails it.",
    "score": "weight x normalised value, summed; 1 at the profile's good and better, 0 at its bad and worse. The raw "
    "value is the worst of the scenarios' medians; a hard requirement must hold in every drill. Where a scenario gave "
    "a candidate nothing usable, the requirement is open, unless the others fail it, and the criterion is worth 0.",
}  # fmt: skip


def compare(
    plan: Plan,
    cells: Sequence[CellSeen],
    profiles: Sequence[Profile] = (),
    candidates: Sequence[Candidate] = (),
) -> Comparison:
    """Everything that the cells say."""
    ranked = sorted(cells, key=lambda cell: (cell.scenario, cell.cluster, cell.repeat))
    observed = _values(ranked)
    doubted = doubts_of(ranked)
    values = {key: row for key, row in observed.items() if key not in doubted}
    summaries = [_summary(*key, row) for key, row in values.items()]
    comparison = Comparison(
        maildrill_version=plan.maildrill_version, created=plan.created, seed=plan.seed, repeats=plan.repeats,
        reruns=plan.reruns, headline="", clusters=plan.clusters, scenarios=plan.scenarios, metrics=list(METRICS),
        cells=ranked, summaries=summaries, differences=find_differences(values),
        scoreboards=_scoreboards(plan, ranked, observed, summaries, profiles, candidates), sources=SOURCES,
    )  # fmt: skip
    return comparison.model_copy(update={"headline": headline(comparison)})


def see_cells(folder: Path, plan: Plan, cells: Sequence[Cell]) -> tuple[list[CellSeen], dict[str, list[Observation]]]:
    """(what each cell measured, how long each of its messages took to the mailbox, s); folders below ``folder``."""
    seen, waits, need = [], {}, needs(plan)
    for cell in cells:
        observations, found = measured(cell, need[cell.plan.scenario])
        waits[cell.plan.cell] = found.offered
        seen.append(_seen(folder, cell, observations, found))
    return seen, waits


def _seen(folder: Path, cell: Cell, observations: dict[str, Observation], waits: Waits) -> CellSeen:
    result = cell.usable.result if cell.usable else None
    silent = NOTHING_ACCEPTED if waits.offered and not waits.accepted else {}
    return CellSeen(
        **cell.plan.model_dump(),
        verdict=result.verdict if result else "inconclusive" if cell.inconclusive else "missing",
        folder=cell.usable.folder.relative_to(folder).as_posix() if cell.usable else None,
        maildrill_version=result.maildrill_version if result else None,
        attempts=[
            AttemptSeen(
                folder=one.folder.relative_to(folder).as_posix(),
                state=one.state,
                verdict=one.result.verdict if one.result else "unknown",
                codes=one.codes,
            )
            for one in cell.attempts
        ],
        observations=observations,
        doubts=doubts(result) | silent if result else {},
    )


def _values(cells: Sequence[CellSeen]) -> Values:
    values: dict[tuple[str, str, str], list[Observation]] = defaultdict(list)
    for metric in METRICS:
        for cell in cells:
            if metric.key in cell.observations:
                values[cell.scenario, metric.key, cell.cluster].append(cell.observations[metric.key])
    return dict(values)


def _summary(scenario: str, metric: str, cluster: str, values: list[Observation]) -> Summary:
    row = ordered(values)
    return Summary(
        scenario=scenario, metric=metric, cluster=cluster, n=len(row), censored=sum(one.censored for one in row),
        median=median(row), q1=quantile(row, 0.25), q3=quantile(row, 0.75), best=row[0], worst=row[-1],
        interval=median_interval(row),
    )  # fmt: skip


def _scoreboards(
    plan: Plan,
    cells: Sequence[CellSeen],
    values: Values,
    summaries: Sequence[Summary],
    profiles: Sequence[Profile],
    candidates: Sequence[Candidate],
) -> list[Scoreboard]:
    ran = {(cell.scenario, cell.cluster) for cell in cells if cell.folder is not None}
    scenarios = [one.name for one in plan.scenarios]
    doubted = doubts_of(cells)
    asked = values.keys() | doubted.keys()
    evidence = {
        one.name: _evidence(one.name, values, summaries, _missing(one.name, scenarios, ran, asked), doubted)
        for one in plan.clusters
    }
    stated = {one.cluster: one for one in candidates}
    before = {one.sha256 for one in (*plan.profiles, *plan.candidates)}
    late = {name for name, one in stated.items() if digest(one, stated_only=True) not in before}
    return [
        scoreboard(one, evidence, stated, fixed_before=digest(one, stated_only=True) in before, stated_late=late)
        for one in profiles
    ]


def _missing(
    cluster: str, scenarios: Sequence[str], ran: Set[tuple[str, str]], asked: Set[tuple[str, str, str]]
) -> dict[str, list[str]]:
    """Metric -> the scenarios of which this cluster has no usable drill, or no value where another cluster has one.

    ``asked``: scenario, metric and cluster of each value, and of each that is in doubt.
    """
    measured = {(scenario, metric) for scenario, metric, _ in asked}
    missing = {
        metric.key: [
            name
            for name in scenarios
            if (name, cluster) not in ran
            or ((name, metric.key) in measured and (name, metric.key, cluster) not in asked)
        ]
        for metric in METRICS
    }
    return {metric: names for metric, names in missing.items() if names}


def _evidence(
    cluster: str,
    values: Values,
    summaries: Sequence[Summary],
    missing: dict[str, list[str]],
    doubted: dict[tuple[str, str, str], str],
) -> Evidence:
    found = Evidence(defaultdict(list), defaultdict(list), defaultdict(list), missing, defaultdict(list))
    for (scenario, metric, name), why in doubted.items():
        if name == cluster:
            found.doubts[metric].append(f"{why} in {scenario}")
    for (_, metric, name), row in values.items():
        if name == cluster:
            found.values[metric] += row
    for one in summaries:
        if one.cluster == cluster:
            found.medians[one.metric].append(one.median)
            found.intervals[one.metric].append(one.interval)
    return found
