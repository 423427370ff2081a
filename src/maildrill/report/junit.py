"""The numbers of a result as JUnit properties, for continuous integration."""

from __future__ import annotations

from collections.abc import Iterator

from maildrill.measure.interval import Censored
from maildrill.measure.result import Counts, Result


def properties(result: Result) -> Iterator[tuple[str, str]]:
    """Names and values; a censored recovery time is "> x" seconds. What is not known has no property."""
    yield "verdict", result.verdict
    yield "headline", result.headline
    yield "lost", str(result.ledger.lost_all_streams)
    for name in Counts.model_fields:
        yield f"ledger.{name}", str(getattr(result.ledger, name))
    yield "duplicates.protocol", str(result.duplicates.protocol)
    yield "duplicates.system", str(result.duplicates.system)
    if result.rpa.seconds is not None:
        yield "rpa_s", f"{result.rpa.seconds:.3f}"
    if result.catch_up_s is not None:
        yield "catch_up_s", f"{result.catch_up_s:.3f}"
    for name, service in result.services.items():
        rta = service.rta_s
        if isinstance(rta, Censored):
            yield f"{name}.rta_s", f"> {rta.at_least_s:.3f}"
        elif rta is not None:
            yield f"{name}.rta_lower_s", f"{rta.lower:.3f}"
            yield f"{name}.rta_s", f"{rta.upper:.3f}"
