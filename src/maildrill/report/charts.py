"""The two charts of the page, rendered offline to inline SVG."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
import vl_convert

from maildrill.measure.result import Result
from maildrill.measure.runs import fold, unseen_after

MOST_POINTS = 2000
WIDTH = 860


def svg(chart: Any) -> str:
    """A chart as SVG text; nothing is fetched."""
    return str(vl_convert.vegalite_to_svg(chart.to_json(validate=False), allowed_base_urls=[]))


def _bands(result: Result, end: float) -> list[dict[str, Any]]:
    """A band for each effective fault, until it was healed or observation ended."""
    return [
        {
            "from": life.effective_at,
            "to": life.healed_at or life.verified_healed_at or end,
            "what": f"{life.kind} {life.target}",
        }
        for life in result.faults
        if life.effective_at is not None
    ]


def _band_layer(result: Result, end: float) -> Any:
    data = alt.Data(values=_bands(result, end))
    return alt.Chart(data).mark_rect(color="#c0392b", opacity=0.15).encode(x="from:Q", x2="to:Q")


def _bars(probes: pl.DataFrame, every: float) -> list[dict[str, Any]]:
    """Each run of probes of one outcome as a bar; the longest ones if there are too many to draw."""
    bars: list[dict[str, Any]] = [
        {"from": run.first, "to": run.last + every, "service": service, "probe": "ok" if run.ok else "failed"}
        for service, runs in fold(probes, unseen_after(every)).items()
        for run in runs
    ]
    return sorted(bars, key=lambda bar: bar["from"] - bar["to"])[:MOST_POINTS]


def services_chart(result: Result, probes: pl.DataFrame, every: float) -> str:
    """Each service's probes over time (SVG): green succeeded, red failed, blank not observed; faults as bands."""
    rows = _bars(probes, every)
    end = max((row["to"] for row in rows), default=0.0)
    colour = alt.Color("probe:N", scale=alt.Scale(domain=["ok", "failed"], range=["#2e8b57", "#c0392b"]))
    bars = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(height=18)
        .encode(
            x=alt.X("from:Q", title="seconds since the start of the drill"),
            x2="to:Q",
            y=alt.Y("service:N", title=None),
            color=colour,
        )
    )
    return svg(alt.layer(_band_layer(result, end), bars).properties(width=WIDTH, height=170))


def latency_chart(result: Result, latency: pl.DataFrame) -> str:
    """Latency of every message by when it was accepted (SVG); a sample if there are more."""
    some = latency.sample(MOST_POINTS, seed=0) if len(latency) > MOST_POINTS else latency
    rows = some.select("accepted_at", "latency", "stream").sort("accepted_at", "stream", "latency").to_dicts()
    end = max((row["accepted_at"] for row in rows), default=0.0)
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=14, opacity=0.6)
        .encode(
            x=alt.X("accepted_at:Q", title="accepted, seconds since the start of the drill"),
            y=alt.Y("latency:Q", title="until visible, s"),
            color="stream:N",
        )
    )
    return svg(alt.layer(_band_layer(result, end), points).properties(width=WIDTH, height=240))
