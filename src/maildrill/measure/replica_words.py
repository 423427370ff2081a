"""The stores compared, in sentences: for the terminal, the page and the story behind the numbers."""

from __future__ import annotations

from collections.abc import Iterator

from maildrill.measure.copies import Replicas, Store
from maildrill.measure.interval import Censored
from maildrill.times import between, seconds


def sentences(replicas: Replicas) -> list[str]:
    """Lag before the fault, who was behind at it, and whether and when all had the same mail."""
    return [*_usual(replicas), *filter(None, map(_behind, replicas.stores)), _convergence(replicas), _end(replicas)]


def _usual(replicas: Replicas) -> Iterator[str]:
    """The direction in which most messages went."""
    found = [(one, one.phases["baseline"]) for one in replicas.lags if "baseline" in one.phases]
    if found:
        one, lag = max(found, key=lambda pair: pair[1].messages)
        error = "" if replicas.error_s is None else f", each good to {seconds(replicas.error_s)}"
        text = f"median {seconds(lag.p50)}, 95 % within {seconds(lag.p95)}, longest {seconds(lag.max)}{error}"
        yield f"{one.first} to {one.last}, of what came in the baseline: {text}"


def _behind(store: Store) -> str:
    if store.behind_s is None:
        return ""
    low, high = store.behind_at_least, store.behind_at_most
    number = f"{low}" if low >= high else f"{low} to {high}"
    return f"at the fault {store.name} lacked {number} messages, the oldest at most {seconds(store.behind_s)} old"


def _convergence(replicas: Replicas) -> str:
    took = replicas.convergence_s
    if took is None:
        return "when the stores had the same mail after the last heal is not known"
    if isinstance(took, Censored):
        return f"not all that one store had at the last heal came to the others within {seconds(took.at_least_s)}"
    return f"each had after {between(took.lower, took.upper)} what any had at the last heal"


def _end(replicas: Replicas) -> str:
    if replicas.equal is None:
        return "whether they were equal at the end is not known"
    twice = "".join(f", {one.name} holds {one.twice} copies too many" for one in replicas.stores if one.twice)
    if replicas.equal:
        return f"equal at the end{twice}"
    return "NOT equal at the end: " + ", ".join(f"{one.name} lacks {one.lacks}" for one in replicas.stores) + twice
