"""A comparison in the terminal: the sentence, a table of medians and ranges, the scoreboards."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from maildrill.compare.metrics import Metric
from maildrill.compare.model import ALL_SCENARIOS, Comparison
from maildrill.compare.observation import span_text
from maildrill.compare.score import Scoreboard
from maildrill.compare.words import pair_lines


def range_text(comparison: Comparison, scenario: str, metric: Metric, cluster: str) -> str:
    """ "1.20 s (0.90 to > 12.00 s)": median, least and most of a cluster's drills."""
    one = comparison.summary(scenario, metric.key, cluster)
    if one is None:
        return "not proven" if (scenario, metric.key, cluster) in comparison.doubts else "–"
    if one.best == one.worst:
        return one.median.text(metric.unit)
    return f"{one.median.text(metric.unit)} ({span_text(one.best, one.worst, metric.unit)})"


def terminal(comparison: Comparison) -> RenderableType:
    """Everything that fits."""
    parts: list[RenderableType] = [Text(comparison.headline, style="bold"), Text()]
    if len(comparison.scenarios) > 1:
        parts += [_overall(comparison), Text()]
    for scenario in comparison.scenarios:
        parts += [_table(comparison, scenario.name), Text()]
    parts += [_counted(comparison)]
    for board in comparison.scoreboards:
        parts += [Text(), _board(board)]
    return Group(*parts)


def _table(comparison: Comparison, scenario: str) -> Table:
    grid = Table(title=f"{scenario}: median (least to most)", title_justify="left", box=None)
    names = [cluster.name for cluster in comparison.clusters]
    for head in ("metric", *names, "a real difference?"):
        grid.add_column(head, overflow="fold")
    for metric in comparison.metrics:
        cells = [range_text(comparison, scenario, metric, name) for name in names]
        if any(cell != "–" for cell in cells):
            grid.add_row(metric.title, *cells, _said(comparison, scenario, metric.key))
    return grid


def _said(comparison: Comparison, scenario: str, metric: str) -> str:
    found = [one for one in comparison.differences if (one.scenario, one.metric) == (scenario, metric)]
    return "\n".join(text for _, text in pair_lines(found)) if found else ""


def _overall(comparison: Comparison) -> Table:
    grid = Table(title="over all scenarios", title_justify="left", box=None)
    grid.add_column("metric")
    grid.add_column("a real difference?", overflow="fold")
    for metric in comparison.metrics:
        text = _said(comparison, ALL_SCENARIOS, metric.key)
        if text:
            grid.add_row(metric.title, text)
    return grid


def _counted(comparison: Comparison) -> Text:
    used = len(comparison.cells) - len(comparison.incomplete)
    text = f"{used} of {len(comparison.cells)} cells have a usable drill; inconclusive drills kept "
    text += f"and not used: {comparison.set_aside}; seed {comparison.seed}"
    if len(comparison.versions) > 1:
        text += f"; run by several versions of maildrill ({', '.join(comparison.versions)})"
    missing = ", ".join(cell.cell for cell in comparison.incomplete)
    return Text(f"{text}; without a usable drill: {missing}" if missing else text)


def _board(board: Scoreboard) -> Table:
    grid = Table(title=f"{board.title} ({board.organisation})", title_justify="left", box=None)
    for head in ("place", "candidate", "score", "could be", "hard requirements"):
        grid.add_column(head, overflow="fold")
    for row in board.rows:
        open_ = [f"{one.status}: {one.requirement} ({one.found})" for one in row.hard if one.status != "met"]
        name = f"{row.cluster} (example values)" if row.example else row.cluster
        place = str(row.rank) if row.rank else "out" if row.standing == 2 else "open"
        grid.add_row(place, name, f"{row.score:.1f}", row.could_be, "\n".join(open_) or "all met")
    return grid
