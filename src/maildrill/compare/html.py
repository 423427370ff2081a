"""One page that needs no network: what differs first, where each number came from last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import jinja2

from maildrill.compare.charts import recovery_chart, strip_chart, varies, waits_chart
from maildrill.compare.metrics import Metric
from maildrill.compare.model import ALL_SCENARIOS, Comparison, Difference
from maildrill.compare.observation import Observation, span_text
from maildrill.compare.plan import PlannedScenario
from maildrill.compare.words import pair_lines

FEWEST = 3


@dataclass(frozen=True)
class Section:
    """One scenario's part of the page."""

    scenario: PlannedScenario
    metrics: list[Metric]
    strips: list[str]
    recoveries: list[str]
    waits: str
    coverages: list[str]


def html(comparison: Comparison, waits: Mapping[str, Sequence[Observation]]) -> str:
    """The page. Everything is escaped; only the charts are inserted as they are."""
    source = resources.files("maildrill.compare").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(source).render(
        c=comparison,
        sections=[_section(comparison, scenario, waits) for scenario in comparison.scenarios],
        differences=lambda scenario, metric: _differences(comparison, scenario, metric),
        pair_lines=pair_lines,
        all_scenarios=ALL_SCENARIOS,
        titles={metric.key: metric.title for metric in comparison.metrics},
        p=p_text,
        span=span_text,
    )


def p_text(p: float) -> str:
    """A p-value for people."""
    return f"{p:.2g}" if p >= 0.001 else "< 0.001"


def _section(comparison: Comparison, scenario: PlannedScenario, waits: Mapping[str, Sequence[Observation]]) -> Section:
    name = scenario.name
    known = {(one.scenario, one.metric) for one in comparison.summaries} | {key[:2] for key in comparison.doubts}
    there = [metric for metric in comparison.metrics if (name, metric.key) in known]
    moving = [metric for metric in there if varies(comparison, name, metric)]
    return Section(
        scenario=scenario,
        metrics=there,
        strips=[strip_chart(comparison, name, metric) for metric in moving],
        recoveries=[recovery_chart(comparison, name, metric) for metric in moving if _curve(comparison, name, metric)],
        waits=waits_chart(comparison, name, waits) if any(waits.values()) else "",
        coverages=_coverages(comparison, name),
    )


def _curve(comparison: Comparison, scenario: str, metric: Metric) -> bool:
    """Whether a curve over drills says more than the dots: enough drills, or one that did not come back."""
    found = [one for one in comparison.summaries if (one.scenario, one.metric) == (scenario, metric.key)]
    return metric.key.startswith("rta_") and any(one.n >= FEWEST or one.censored for one in found)


def _coverages(comparison: Comparison, scenario: str) -> list[str]:
    """ "50 % for 2 drills": how surely the interval of the median holds it, for each number of drills."""
    found = {one.n: one.interval.coverage for one in comparison.summaries if one.scenario == scenario}
    return [
        f"{100 * share:.3g} % for {n} drills" if n > 1 else "none for one drill" for n, share in sorted(found.items())
    ]


def _differences(comparison: Comparison, scenario: str, metric: str) -> list[Difference]:
    return [one for one in comparison.differences if (one.scenario, one.metric) == (scenario, metric)]
