"""What is compared: each metric, where it stands in a drill's result, and when it is censored."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from pydantic import Field

from maildrill.compare.doubts import doubts
from maildrill.compare.observation import Observation
from maildrill.compare.order import quantile
from maildrill.journal.reader import Journal
from maildrill.measure.frames import load_frames, phase_start
from maildrill.measure.interval import Censored
from maildrill.measure.ledger import HEADLINE_STREAMS, trace_messages
from maildrill.measure.part import Part
from maildrill.measure.result import Ledger, Result, Service
from maildrill.measure.services import horizon_of
from maildrill.scenario.model import SERVICES


class Metric(Part):
    """One compared quantity; lower is better. An empty unit means it is a count of messages."""

    key: str
    title: str
    unit: str
    means: str = Field(description="in words for who has never seen a drill")
    source: str


WORKS = {
    "inbound": "mail from strangers was taken",
    "submission": "users could send",
    "mailbox": "users could log in and read",
    "delivery": "accepted mail came into the mailbox",
    "outbound": "users' mail reached the outside",
}
"""What is so when a service is up."""


def _rta(service: str) -> Metric:
    means = f"recovery time: from when the fault took effect until, for good, {WORKS[service]} again"
    source = f"result.json services.{service}.rta_s, upper end; censored if not back for W + R when observation ended"
    return Metric(key=f"rta_{service}", title=f"{service} RTA", unit="s", means=means, source=source)


METRICS = (
    *(_rta(name) for name in SERVICES),
    Metric(key="catch_up", title="catch-up", unit="s",
           means="from the last service's return until all mail accepted before was in the mailboxes",
           source="result.json catch_up_s; none: not reached"),
    Metric(key="latency_p95", title="delivery latency p95", unit="s",
           means="of mail accepted after the disaster began, 95 % was in the mailbox so soon after it was accepted",
           source="journal: mail accepted after the timeline began, until visible; never visible (bounced): censored"),
    Metric(key="wait_p95", title="sender to mailbox p95", unit="s",
           means="of mail sent after the disaster began, 95 % was in the mailbox so soon after the sender's first try",
           source="journal: the same of mail offered after it began, from the sender's first try"),
    Metric(key="delay_debt", title="delay debt", unit="message-min",
           means="how much later than usual accepted mail was, minutes of all messages together",
           source="result.json delay_debt_message_minutes; censored if mail was lost, bounced, held or unresolved"),
    Metric(key="lost", title="messages lost", unit="", means="acknowledged to the sender, then gone without a bounce",
           source="result.json ledger.lost_all_streams"),
    Metric(key="rpa", title="RPA", unit="s",
           means="recovery point: how far back before the fault acknowledged mail is missing; 0: none is",
           source="result.json rpa.seconds"),
    Metric(key="held", title="messages held", unit="", source="result.json ledger.held",
           means="still in a queue, or on a server that was not back, when the drill ended"),
    Metric(key="system_duplicates", title="system duplicates", unit="", source="result.json duplicates.system",
           means="copies too many that the mail system made by itself"),
    Metric(key="false_rejections", title="false rejections", unit="", source="result.json ledger.false_rejections",
           means="refused or bounced for good although the recipient exists"),
    Metric(key="premature_bounces", title="premature bounces", unit="", source="result.json ledger.premature_bounces",
           means="sent back because a queue gave up"),
    Metric(key="corrupt", title="messages corrupt", unit="", source="result.json ledger.corrupt",
           means="read with another body than was sent"),
    Metric(key="misdelivered", title="messages misdelivered", unit="", source="result.json ledger.misdelivered",
           means="found in the mailbox of somebody else"),
)  # fmt: skip
LEDGER_DEFECTS = ("false_rejections", "premature_bounces", "corrupt", "misdelivered")
BY_KEY = {metric.key: metric for metric in METRICS}


@dataclass(frozen=True)
class Waits:
    """Seconds until each message was visible, from its acceptance and from the sender's first try."""

    accepted: list[Observation]
    offered: list[Observation]


def observe(result: Result, waits: Waits, need_s: float) -> dict[str, Observation]:
    """Every metric that one drill measured and proves. ``need_s``: W + R, how long a return must be watched."""
    found = {f"rta_{name}": _recovery(service, need_s) for name, service in result.services.items()}
    back = result.catch_up_s
    found["catch_up"] = Observation(value=0.0, censored=True) if back is None else Observation(value=back)
    found["latency_p95"] = quantile(waits.accepted, 0.95) if waits.accepted else None
    found["wait_p95"] = quantile(waits.offered, 0.95) if waits.offered else None
    found["delay_debt"] = Observation(value=result.delay_debt_message_minutes, censored=_still_grows(result.ledger))
    found["lost"] = Observation(value=result.ledger.lost_all_streams)
    found["rpa"] = None if result.rpa.seconds is None else Observation(value=result.rpa.seconds)
    found["held"] = Observation(value=result.ledger.held)
    found["system_duplicates"] = Observation(value=result.duplicates.system)
    found |= {key: Observation(value=getattr(result.ledger, key)) for key in LEDGER_DEFECTS}
    proven = BY_KEY.keys() - doubts(result).keys()
    return {key: one for key in BY_KEY if key in proven and (one := found.get(key)) is not None}


def _still_grows(ledger: Ledger) -> bool:
    """Whether mail was still late when the drill ended, or never comes: its delay until then is a lower bound."""
    return ledger.lost + ledger.bounced + ledger.held + ledger.unresolved > 0


def _recovery(service: Service, need_s: float) -> Observation | None:
    rta = service.rta_s
    if rta is None:
        return None
    if isinstance(rta, Censored):
        return Observation(value=max(0.0, rta.at_least_s), censored=True)
    unproven = bool(service.outages) and 0 < service.outages[-1].observed_s < need_s
    return Observation(value=max(0.0, rta.lower), censored=True) if unproven else Observation(value=max(0.0, rta.upper))


def message_waits(journal: Journal) -> Waits:
    """The waits of mail accepted, or offered, after the timeline began. Never visible (bounced, refused): censored."""
    frames = load_frames(journal.blocks())
    begin = phase_start(frames, "timeline")
    if begin is None:
        return Waits([], [])
    end = max(horizon_of(frames), phase_start(frames, "census") or 0.0)
    found = pl.when(pl.col("own_copies") > 0).then(pl.col("census_at"))
    table = (
        trace_messages(frames)
        .table.filter(pl.col("stream").is_in(HEADLINE_STREAMS))
        .with_columns(visible=pl.coalesce("seen_at", found))
    )
    return Waits(_waits(table, "accepted_at", begin, end), _waits(table, "t", begin, end))


def _waits(table: pl.DataFrame, since: str, begin: float, end: float) -> list[Observation]:
    rows = table.filter(pl.col(since) >= begin).select(since, "visible").iter_rows()
    return [
        Observation(value=max(0.0, (end if visible is None else visible) - start), censored=visible is None)
        for start, visible in rows
    ]
