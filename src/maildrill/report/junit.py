"""The numbers of a result as JUnit properties, for continuous integration."""

from __future__ import annotations

from collections.abc import Iterator

from maildrill.measure.result import Censored, Result


def properties(result: Result) -> Iterator[tuple[str, str]]:
    """Names and values; a censored recovery time is "> x" seconds."""
    yield "verdict", result.verdict
    yield "headline", result.headline
    yield "lost", str(result.ledger.lost_all_streams)
    for name, service in result.services.items():
        rta = service.rta_s
        if isinstance(rta, Censored):
            yield f"{name}.rta_s", f"> {rta.at_least_s:.3f}"
        elif rta is not None:
            yield f"{name}.rta_s", f"{rta.upper:.3f}"
