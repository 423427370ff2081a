"""The comparison in sentences: what differs, what does not, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from maildrill.compare.metrics import BY_KEY
from maildrill.compare.model import Comparison, Difference

MOST = 4


def headline(comparison: Comparison) -> str:
    """What differs beyond noise, what was only seen, what does not differ."""
    found = comparison.differences
    if not found:
        return "Nothing can be compared: no two clusters have a usable drill of the same scenario."
    beyond = [one for one in found if one.beyond_noise]
    open_ = [one for one in found if not one.beyond_noise and one.said.endswith("needed")]
    same = [one for one in found if one.said == "the same in every drill"]
    noise = [one for one in found if one not in beyond and one not in open_ and one not in same]
    parts = [_beyond(comparison, beyond), _open(comparison, open_), _unlike("No difference beyond noise in", noise)]
    parts.append(_unlike("The same in every drill", same))
    return " ".join(part for part in parts if part)


def _beyond(comparison: Comparison, found: Sequence[Difference]) -> str:
    if not found:
        return "No difference is beyond noise."
    return f"Beyond noise: {_clauses(comparison, found)}."


def _open(comparison: Comparison, found: Sequence[Difference]) -> str:
    if not found:
        return ""
    apart = [one for one in found if one.separated]
    needed = max(one.repeats_needed for one in found)
    limit = f"with {comparison.repeats} repeats chance cannot be ruled out, {needed} are needed"
    if apart:
        return f"Seen in every drill, though {limit}: {_clauses(comparison, apart)}."
    return f"In {_names(found)} {limit}."


def _clauses(comparison: Comparison, found: Sequence[Difference]) -> str:
    """A clause for each scenario and pair, the metrics listed in it."""
    groups: dict[tuple[str, str, str], list[Difference]] = {}
    for one in found:
        groups.setdefault((one.scenario, *_better_worse(one)), []).append(one)
    clauses = [
        f"in {scenario} {better} is better than {worse} in {_listed([_medians(comparison, one) for one in rows])}"
        for (scenario, better, worse), rows in groups.items()
    ]
    return _listed(clauses, "; ")


def _listed(texts: Sequence[str], by: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = [f"and {len(texts) - MOST} more"] if len(texts) > MOST else []
    return by.join([*texts[:MOST], *more])


def _better_worse(one: Difference) -> tuple[str, str]:
    return (one.a, one.b) if one.u < one.n_a * one.n_b / 2 else (one.b, one.a)


def _medians(comparison: Comparison, one: Difference) -> str:
    """ "inbound RTA (median 0.40 s against > 60.00 s)"."""
    metric, texts = BY_KEY[one.metric], []
    for cluster in _better_worse(one):
        summary = comparison.summary(one.scenario, one.metric, cluster)
        texts.append(summary.median.text(metric.unit) if summary else "?")
    return f"{metric.title} (median {' against '.join(texts)})"


def _unlike(lead: str, found: Sequence[Difference]) -> str:
    return f"{lead}: {_names(found)}." if found else ""


def _names(found: Iterable[Difference]) -> str:
    """Metrics, with the scenarios if there are several."""
    rows = list(found)
    scenarios = {one.scenario for one in rows}
    names = [BY_KEY[one.metric].title + (f" ({one.scenario})" if len(scenarios) > 1 else "") for one in rows]
    return ", ".join(dict.fromkeys(names))
