"""What is compared: each metric, where it stands in a drill's result, and when it is censored."""

from __future__ import annotations

import polars as pl

from maildrill.compare.observation import Observation
from maildrill.compare.order import quantile
from maildrill.journal.reader import Journal
from maildrill.measure.frames import load_frames, phase_start
from maildrill.measure.ledger import HEADLINE_STREAMS, trace_messages
from maildrill.measure.result import Censored, Part, Result, Service
from maildrill.measure.services import horizon_of
from maildrill.scenario.model import SERVICES


class Metric(Part):
    """One compared quantity; lower is better. An empty unit means it is a count of messages."""

    key: str
    title: str
    unit: str
    source: str


def _rta(service: str) -> Metric:
    source = f"result.json services.{service}.rta_s, upper end; censored if not back for W + R when observation ended"
    return Metric(key=f"rta_{service}", title=f"{service} RTA", unit="s", source=source)


METRICS = (
    *(_rta(name) for name in SERVICES),
    Metric(key="catch_up", title="catch-up", unit="s", source="result.json catch_up_s; none: not reached"),
    Metric(key="latency_p95", title="delivery latency p95", unit="s",
           source="journal: messages accepted from the first fault on; not visible at the end: censored"),
    Metric(key="delay_debt", title="delay debt", unit="message-minutes",
           source="result.json delay_debt_message_minutes"),
    Metric(key="lost", title="messages lost", unit="", source="result.json ledger.lost_all_streams"),
    Metric(key="rpa", title="RPA", unit="s", source="result.json rpa.seconds"),
    Metric(key="held", title="messages held", unit="", source="result.json ledger.held"),
    Metric(key="system_duplicates", title="system duplicates", unit="", source="result.json duplicates.system"),
)  # fmt: skip
BY_KEY = {metric.key: metric for metric in METRICS}


def observe(result: Result, latencies: list[Observation], need_s: float) -> dict[str, Observation]:
    """Every metric of one drill that was measured. ``need_s``: W + R, how long a return must be watched."""
    found = {f"rta_{name}": _recovery(service, need_s) for name, service in result.services.items()}
    back = result.catch_up_s
    found["catch_up"] = Observation(value=0.0, censored=True) if back is None else Observation(value=back)
    found["latency_p95"] = quantile(latencies, 0.95) if latencies else None
    found["delay_debt"] = Observation(value=result.delay_debt_message_minutes)
    found["lost"] = Observation(value=result.ledger.lost_all_streams)
    found["rpa"] = None if result.rpa.seconds is None else Observation(value=result.rpa.seconds)
    found["held"] = Observation(value=result.ledger.held)
    found["system_duplicates"] = Observation(value=result.duplicates.system)
    return {key: one for key in BY_KEY if (one := found.get(key)) is not None}


def _recovery(service: Service, need_s: float) -> Observation | None:
    rta = service.rta_s
    if rta is None:
        return None
    if isinstance(rta, Censored):
        return Observation(value=max(0.0, rta.at_least_s), censored=True)
    unproven = bool(service.outages) and 0 < service.outages[-1].observed_s < need_s
    return Observation(value=max(0.0, rta.lower), censored=True) if unproven else Observation(value=max(0.0, rta.upper))


def message_waits(journal: Journal) -> list[Observation]:
    """Seconds until visible of each message accepted after the timeline began; never visible: censored."""
    frames = load_frames(journal.lines)
    begin, end = phase_start(frames, "timeline"), horizon_of(frames)
    if begin is None:
        return []
    end = max(end, phase_start(frames, "census") or 0.0)
    table = trace_messages(frames).table.filter(
        pl.col("stream").is_in(HEADLINE_STREAMS) & (pl.col("accepted_at") >= begin) & (pl.col("fate") != "bounced")
    )
    seen = pl.coalesce("seen_at", pl.when(pl.col("own_copies") > 0).then(pl.col("census_at")))
    return [
        Observation(value=max(0.0, (end if at is None else at) - accepted), censored=at is None)
        for accepted, at in table.select("accepted_at", seen=seen).iter_rows()
    ]
