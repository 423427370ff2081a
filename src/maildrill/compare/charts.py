"""The comparison's charts, rendered offline to inline SVG: every drill is a dot, every message a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from maildrill.compare.metrics import Metric
from maildrill.compare.model import CellSeen, Comparison
from maildrill.compare.observation import Observation
from maildrill.compare.survival import StepPoint, come_back
from maildrill.report.charts import svg

WIDTH = 760
ROW = 34
MOST_STEPS = 200
SHORTEST_S = 0.01
COLOURS = ["#1f6fb2", "#d1662a", "#2e8b57", "#8e44ad", "#7f8c8d", "#b7950b", "#c0392b", "#16a085"]


def _colour(comparison: Comparison, legend: bool) -> Any:
    names = [cluster.name for cluster in comparison.clusters]
    scale = alt.Scale(domain=names, range=[COLOURS[i % len(COLOURS)] for i in range(len(names))])
    return alt.Color("cluster:N", scale=scale, legend=alt.Legend(title=None, orient="top") if legend else None)


def varies(comparison: Comparison, scenario: str, metric: Metric) -> bool:
    """Whether any two drills differ in this metric: only then a plot shows something."""
    cells = [cell for cell in comparison.cells if cell.scenario == scenario and metric.key in cell.observations]
    return len({cell.observations[metric.key].rank_key for cell in cells}) > 1


def strip_chart(comparison: Comparison, scenario: str, metric: Metric) -> str:
    """One metric (SVG): a dot for each drill, a triangle "longer than" for a censored one, a bar at the median, its
    interval as a line."""
    cells = [cell for cell in comparison.cells if cell.scenario == scenario and metric.key in cell.observations]
    longest = _longest([cell.observations[metric.key] for cell in cells])
    data = alt.Data(values=[_dot(cell, metric, longest) for cell in cells])
    title = f"{metric.title}, {metric.unit}" if metric.unit else metric.title
    x = alt.X("value:Q", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=8, format="~g"))
    y = alt.Y("cluster:N", title=None, sort=[c.name for c in comparison.clusters], axis=alt.Axis(labelLimit=260))
    kind = alt.Scale(domain=["measured", "longer than"], range=["circle", "triangle-right"])
    dots = (
        alt.Chart(data)
        .mark_point(size=70, filled=True, opacity=0.75)
        .encode(
            x=x,
            y=y,
            yOffset=alt.YOffset("repeat:O"),
            color=_colour(comparison, legend=False),
            shape=alt.Shape("kind:N", scale=kind, legend=None),
        )
    )
    middle = alt.Chart(alt.Data(values=_medians(comparison, scenario, metric, longest)))
    bars = middle.mark_tick(thickness=2, size=ROW - 8, color="#222").encode(x=x, y=y)
    labels = middle.mark_text(align="left", dx=4, dy=-10, fontSize=11, color="#222").encode(x=x, y=y, text="text:N")
    spread = (
        middle.mark_rule(color="#222", opacity=0.45)
        .encode(x=x, x2="high:Q", y=y)
        .transform_calculate(value="datum.low")
    )
    height = ROW * len(comparison.clusters)
    return svg(
        alt.layer(spread, dots, bars, labels).properties(width=WIDTH, height=height).configure_view(stroke="#ddd")
    )


def _longest(values: Sequence[Observation]) -> float:
    """The greatest number among them; 0 if there is none."""
    return max((one.value for one in values if not one.censored), default=0.0)


def _place(one: Observation, longest: float) -> float:
    """Where it is drawn: a censored value, which ranks above every number, is not left of any, whatever its bound."""
    return max(one.value, longest) if one.censored else one.value


def _dot(cell: CellSeen, metric: Metric, longest: float) -> dict[str, Any]:
    one = cell.observations[metric.key]
    kind = "longer than" if one.censored else "measured"
    return {"cluster": cell.cluster, "repeat": cell.repeat, "value": _place(one, longest), "kind": kind}


def _medians(comparison: Comparison, scenario: str, metric: Metric, longest: float) -> list[dict[str, Any]]:
    found = [comparison.summary(scenario, metric.key, cluster.name) for cluster in comparison.clusters]
    return [
        {"cluster": one.cluster, "value": _place(one.median, longest), "text": one.median.text(metric.unit),
         "low": _place(one.interval.low, longest), "high": _place(one.interval.high, longest)}
        for one in found
        if one is not None
    ]  # fmt: skip


def recovery_chart(comparison: Comparison, scenario: str, metric: Metric) -> str:
    """Share of the drills in which it was back within t (SVG, Kaplan-Meier); crosses: not back when last seen."""
    lines = {}
    for cluster in comparison.clusters:
        cells = [one for one in comparison.cells if (one.scenario, one.cluster) == (scenario, cluster.name)]
        values = [cell.observations[metric.key] for cell in cells if metric.key in cell.observations]
        if values:
            lines[cluster.name, cluster.name] = come_back(values)
    return _steps(comparison, lines, f"{metric.title}, s", "share of drills back", log=False)


def waits_chart(comparison: Comparison, scenario: str, waits: Mapping[str, Sequence[Observation]]) -> str:
    """Share of the messages visible within t (SVG), a line for each drill; crosses: never visible."""
    cells = [cell for cell in comparison.cells if cell.scenario == scenario and waits.get(cell.cell)]
    lines = {(cell.cell, cell.cluster): come_back(list(waits[cell.cell])) for cell in cells}
    return _steps(
        comparison, lines, "seconds from the sender's first try to visible (logarithmic)", "share of messages", log=True
    )


def _steps(
    comparison: Comparison, lines: Mapping[tuple[str, str], list[StepPoint]], x_title: str, y_title: str, *, log: bool
) -> str:
    ends = [point.t for points in lines.values() for point in points]
    end = max(ends, default=1.0)
    rows = [
        {"line": line, "cluster": cluster, "t": max(point.t, SHORTEST_S) if log else point.t, "share": point.share,
         "mark": point.mark}
        for (line, cluster), points in lines.items()
        for point in [*_thinned(points), StepPoint(end, points[-1].share)]
    ]  # fmt: skip
    colour, scale = _colour(comparison, legend=True), alt.Scale(type="log") if log else alt.Scale(zero=True)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("t:Q", title=x_title, scale=scale, axis=alt.Axis(format="~g")),
        y=alt.Y("share:Q", title=y_title, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%")),
        color=colour,
    )
    curves = base.mark_line(interpolate="step-after", opacity=0.7, strokeWidth=1.6).encode(detail="line:N")
    marks = base.transform_filter("datum.mark").mark_point(shape="cross", size=60, filled=True, opacity=1)
    return svg(alt.layer(curves, marks).properties(width=WIDTH, height=180))


def _thinned(points: list[StepPoint]) -> list[StepPoint]:
    """At most about 200 steps of a curve, its ends and marks always among them."""
    every = max(1, len(points) // MOST_STEPS)
    return [point for i, point in enumerate(points) if i % every == 0 or point.mark or i == len(points) - 1]
