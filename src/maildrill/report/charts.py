"""The two charts of the page, rendered offline to inline SVG."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl
import vl_convert

from maildrill.measure.frames import Frames
from maildrill.measure.result import Result

MOST_POINTS = 5000
WIDTH = 860


def svg(chart: Any) -> str:
    """A chart as SVG text; nothing is fetched."""
    return str(vl_convert.vegalite_to_svg(chart.to_json(), allowed_base_urls=[]))


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


def services_chart(result: Result, frames: Frames) -> str:
    """Each service's probes over time (SVG): green succeeded, red failed; faults as bands."""
    probes = frames["probe"]
    probes = probes.sample(4 * MOST_POINTS, seed=0).sort("t") if len(probes) > 4 * MOST_POINTS else probes
    rows = [
        {"t": t, "service": s, "probe": "ok" if ok else "failed"}
        for t, s, ok in probes.select("t", "service", "ok").iter_rows()
    ]
    end = max((row["t"] for row in rows), default=0.0)
    colour = alt.Color("probe:N", scale=alt.Scale(domain=["ok", "failed"], range=["#2e8b57", "#c0392b"]))
    ticks = (
        alt.Chart(alt.Data(values=rows))
        .mark_tick(thickness=2, height=18)
        .encode(
            x=alt.X("t:Q", title="seconds since the start of the drill"), y=alt.Y("service:N", title=None), color=colour
        )
    )
    return svg(alt.layer(_band_layer(result, end), ticks).properties(width=WIDTH, height=170))


def latency_chart(result: Result, latency: pl.DataFrame) -> str:
    """Latency of every message by when it was accepted (SVG); a sample of 5000 if there are more."""
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
