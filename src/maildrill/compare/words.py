"""The comparison in sentences: what differs, what does not, and what could not be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from maildrill.compare.differences import IN_METRIC
from maildrill.compare.metrics import BY_KEY
from maildrill.compare.model import ALL_SCENARIOS, Comparison, Difference

MOST = 4


def headline(comparison: Comparison) -> str:
    """What differs beyond noise, what was only seen, what does not differ; over all scenarios, if there are several.

    Beyond noise is what remains so among all questions of the comparison: the more are asked, the more look real.
    """
    found = comparison.differences
    if len(comparison.clusters) == 1:
        return "One cluster, so nothing is compared; its drills side by side."
    if not found:
        return "Nothing can be compared: no two clusters have a usable drill of the same scenario."
    doubted = {metric for _, metric, _ in comparison.doubts}
    known = [one for one in found if one.metric not in doubted]
    nothing = [f"{scenario} on {cluster}" for scenario, cluster in comparison.unproven]
    scope = ALL_SCENARIOS if any(one.scenario == ALL_SCENARIOS for one in found) else found[0].scenario
    wide = [one for one in found if one.scenario == scope]
    inside = _inside(found, scope)
    quiet = [one for one in wide if one.metric not in {other.metric for other in inside}]
    parts = [
        _beyond(comparison, scope, [one for one in wide if one.kind == "beyond"], inside),
        _in_metric(comparison, [one for one in wide if one.kind == "metric"]),
        _open(comparison, [one for one in wide if one.kind == "open"]),
        _listing("No difference beyond noise between any two in", _all_of(quiet, {"noise", "same"}, but={"same"})),
        _listing("The same in every drill", _all_of(known, {"same"})),
        _listing("Not proven, and so not compared", _doubted(comparison)),
        _listing("No usable drill, so nothing is known of", nothing),
    ]
    return " ".join(part for part in parts if part)


def pair_lines(found: Sequence[Difference]) -> list[tuple[str, str]]:
    """(kind, sentence) about all pairs of one metric and scenario, as few as will say it."""
    if len(found) == 1:
        return [(found[0].kind, found[0].said)]
    worse: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one.lower:
            worse.setdefault((one.kind, one.lower), []).append(_better_worse(one)[1])
    surest_first = sorted(worse.items(), key=lambda pair: (pair[0][0], -len(pair[1])))
    lines = [
        (kind, f"{better} is better than {', '.join(names)}{IN_METRIC if kind == 'metric' else ''}")
        for (kind, better), names in surest_first
    ]
    others = Counter((one.kind, one.said) for one in found if not one.lower)
    if len(others) == 1 and not lines:
        return list(others)
    return [*lines, *((kind, f"{count} pairs: {said}" if count > 1 else f"1 pair: {said}")
                      for (kind, said), count in others.items())]  # fmt: skip


def _inside(found: Sequence[Difference], scope: str) -> list[Difference]:
    """What is beyond noise within one scenario, and not said by what is beyond noise in all of them together."""
    beyond = [one for one in found if one.kind == "beyond"]
    said = {(one.metric, *_better_worse(one)) for one in beyond if one.scenario == scope}
    return [one for one in beyond if one.scenario != scope and (one.metric, *_better_worse(one)) not in said]


def _beyond(comparison: Comparison, scope: str, found: Sequence[Difference], inside: Sequence[Difference]) -> str:
    names = ", ".join(dict.fromkeys(one.scenario for one in inside))
    are = f"{len(inside)} {'is' if len(inside) == 1 else 'are'}"
    if found:
        where = "over all scenarios" if scope == ALL_SCENARIOS else f"in {scope}"
        more = f" Not so over all of them, {are} beyond noise within: {names}." if inside else ""
        return f"Beyond noise {where}: {_clauses(comparison, found)}.{more}"
    if inside:
        return f"Over all scenarios together no difference is beyond noise, but {are} within: {names}."
    return "No difference is beyond noise."


def _in_metric(comparison: Comparison, found: Sequence[Difference]) -> str:
    return f"For one metric alone, though not among all that was asked: {_clauses(comparison, found)}." if found else ""


def _open(comparison: Comparison, found: Sequence[Difference]) -> str:
    if not found:
        return ""
    apart = [one for one in found if one.separated]
    needed = max(one.repeats_needed for one in found)
    limit = f"with {_drills(comparison, found)} chance cannot be ruled out, {needed} are needed"
    if apart:
        return f"Seen in every drill, though {limit}: {_clauses(comparison, apart)}."
    return f"In {', '.join(dict.fromkeys(BY_KEY[one.metric].title for one in found))} {limit}."


def _drills(comparison: Comparison, found: Sequence[Difference]) -> str:
    """ "5 repeats", or how many of them were usable where that was least."""
    asked = {(one.metric, name) for one in found for name in (one.a, one.b)}
    rows = [one for one in comparison.summaries if found[0].scenario in (one.scenario, ALL_SCENARIOS)]
    fewest = min(one.n for one in rows if (one.metric, one.cluster) in asked)
    repeats = f"{comparison.repeats} repeat{'s' if comparison.repeats > 1 else ''}"
    return repeats if fewest == comparison.repeats else f"{fewest} usable of {repeats}"


def _clauses(comparison: Comparison, found: Sequence[Difference]) -> str:
    """A clause for all clusters that are better than the same others in the same metrics; that of most pairs first."""
    of_metric: dict[tuple[str, str], list[Difference]] = {}
    for one in found:
        of_metric.setdefault((_better_worse(one)[1], one.metric), []).append(one)
    measured: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (worse, _), rows in of_metric.items():
        better = tuple(_better_worse(one)[0] for one in rows)
        measured.setdefault((better, worse), []).append(_measured(comparison, rows[0]))
    beaten: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (better, worse), metrics in measured.items():
        beaten.setdefault((better, tuple(metrics)), []).append(worse)
    most_first = sorted(beaten.items(), key=lambda one: -len(one[0][0]) * len(one[0][1]) * len(one[1]))
    clauses = [f"{_are(better)} better than {_and(worse)} in {_listed(m)}" for (better, m), worse in most_first]
    return _listed(clauses, "; ")


def _are(names: Sequence[str]) -> str:
    return f"{_and(names)} {'is' if len(names) == 1 else 'are'}"


def _listed(texts: Sequence[str], by: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = [f"and {len(texts) - MOST} more"] if len(texts) > MOST else []
    return by.join([*texts[:MOST], *more])


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _better_worse(one: Difference) -> tuple[str, str]:
    return (one.a, one.b) if one.u < one.pairs / 2 else (one.b, one.a)


def _measured(comparison: Comparison, one: Difference) -> str:
    """A metric, with both medians if there are only two clusters and one scenario to speak of."""
    metric = BY_KEY[one.metric]
    found = [comparison.summary(one.scenario, one.metric, cluster) for cluster in _better_worse(one)]
    medians = [summary.median.text(metric.unit) for summary in found if summary]
    if len(comparison.clusters) > 2 or len(medians) < 2:
        return metric.title
    return f"{metric.title} (median {' against '.join(medians)})"


def _all_of(found: Sequence[Difference], kinds: Set[str], but: Set[str] = frozenset()) -> list[str]:
    """Titles of the metrics all of whose differences are of these kinds, and not all of the kinds ``but``."""
    by_metric: dict[str, set[str]] = {}
    for one in found:
        by_metric.setdefault(one.metric, set()).add(one.kind)
    return [BY_KEY[key].title for key, seen in by_metric.items() if seen <= kinds and not seen <= but]


def _doubted(comparison: Comparison) -> list[str]:
    """ "messages held of a, b": whatever the scenario was."""
    names: dict[str, list[str]] = {}
    for _, metric, cluster in comparison.doubts:
        names.setdefault(metric, []).append(cluster)
    return [f"{BY_KEY[key].title} of {', '.join(dict.fromkeys(names[key]))}" for key in BY_KEY if key in names]


def _listing(lead: str, names: Sequence[str]) -> str:
    return f"{lead}: {', '.join(names)}." if names else ""
