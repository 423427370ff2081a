"""A drill written by hand, event by event, and the measuring of it: what tests of the measures add mail to."""

from __future__ import annotations

from typing import Any

from maildrill.journal.event import Event
from maildrill.journal.events import (
    Attempt,
    Census,
    Fault,
    Note,
    Offer,
    Phase,
    Probe,
    Start,
)
from maildrill.journal.reader import Journal
from maildrill.measure import Result, measure
from maildrill.scenario.model import SERVICES, Scenario

BOX = ("a@example.test", "b@example.test")
PHASES = {"up": 0.0, "baseline": 1.0, "timeline": 6.0, "settle": 12.0, "drain": 30.0, "census": 40.0, "teardown": 50.0}


def scenario(**objectives: Any) -> Scenario:
    return Scenario.model_validate({
        "scenario": "planted", "title": "Planted", "objectives": objectives or {"lost": 0},
        "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}],
    })  # fmt: skip


def frame_of_drill(down: tuple[float, float] | None = (7.0, 10.0)) -> list[Event]:
    """Phases, one kill at 7 s, and probes that fail while due in ``down`` (s)."""
    events: list[Event] = [Start(0.0, 1, "d", "planted", "c", 1, "2026-01-01T00:00:00Z")]
    events += [Phase(t, name) for name, t in PHASES.items()]
    events += [
        Fault(t, "kill", "k1", "mx1", state, "gone")
        for t, state in ((6.5, "requested"), (6.9, "injected"), (7.0, "effective"))
    ]
    for service in SERVICES:
        for i in range(10, 300):
            t = i / 10
            bad = service == "inbound" and down is not None and down[0] <= t < down[1]
            events.append(Probe(t, service, t, t + 0.05, not bad, "refused" if bad else ""))
    return [*events, Note(51.0, "clean", "", 0.0), Phase(52.0, "end")]


def census(ids: dict[str, list[str]], whole: bool = True) -> list[Event]:
    return [
        Census(
            41.0, box, whole, "", ids.get(box, []), list(range(len(ids.get(box, [])))), ["h"] * len(ids.get(box, []))
        )
        for box in BOX
    ]


def run(events: list[Event], plan: Scenario | None = None, whole: bool = True) -> Result:
    lines = "".join(event.line() + "\n" for event in events).encode()
    return measure(Journal(whole, len(lines), "" if whole else "cut", lines), plan or scenario())


def message(name: str, *outcomes: str, t: float = 5.0, box: str = BOX[0]) -> list[Event]:
    tries = [Attempt(t + n, name, n, "mx1", t + n + 0.1, None, outcome, 250, "") for n, outcome in enumerate(outcomes)]
    return [Offer(t, name, "inbound", "s@x.test", box, 500, "h", 0.0), *tries]
