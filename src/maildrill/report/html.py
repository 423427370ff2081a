"""One page that needs no network: the verdict first, where each number came from last."""

from __future__ import annotations

from importlib import resources

import jinja2

from maildrill.journal.reader import Journal
from maildrill.measure.frames import load_frames
from maildrill.measure.ledger import trace_messages
from maildrill.measure.result import Censored, Counts, Result, Service
from maildrill.measure.timing import message_latency
from maildrill.report.charts import latency_chart, services_chart


def seconds(value: float | None) -> str:
    """A number of seconds for people; a dash for none."""
    return "–" if value is None else f"{value:.2f} s"


def rta_text(service: Service) -> str:
    """A recovery time for people: an interval, or "> x" if the service did not come back."""
    rta = service.rta_s
    if rta is None:
        return "not observed"
    if isinstance(rta, Censored):
        return f"> {rta.at_least_s:.2f} s"
    return f"{rta.lower:.2f} to {rta.upper:.2f} s" if rta.upper > 0 else "no probe failed"


def html(result: Result, journal: Journal, title: str = "") -> str:
    """The page. Everything from the journal is escaped; only the two charts are inserted as they are."""
    frames = load_frames(journal.lines)
    latency = message_latency(trace_messages(frames).table, frames)
    source = resources.files("maildrill.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(source)
    return template.render(
        r=result,
        title=title or result.scenario,
        classes=list(Counts.model_fields),
        seconds=seconds,
        rta=rta_text,
        services_svg=services_chart(result, frames),
        latency_svg=latency_chart(result, latency),
    )
