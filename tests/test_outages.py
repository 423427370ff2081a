"""Outages, recovery times and the baseline, from journals written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planted_drill import census, frame_of_drill, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import (
    Fault,
    Probe,
)
from maildrill.report.html import rta_text


def test_planted_outage_is_measured() -> None:
    result = run([*frame_of_drill(), *census({})], scenario(inbound={"rto": "3.2s"}))
    inbound = result.services["inbound"]
    assert inbound.rta_s is not None
    assert inbound.rta_s.model_dump() == pytest.approx({"lower": 2.9, "upper": 3.05})
    assert (inbound.verdict, result.verdict, result.diagnostics) == ("pass", "pass", [])
    assert result.services["mailbox"].rta_s is not None
    assert result.services["mailbox"].rta_s.model_dump() == {"lower": 0.0, "upper": 0.0}


def test_missed_rto_fails_and_says_by_how_much() -> None:
    result = run([*frame_of_drill(), *census({})], scenario(inbound={"rto": "1s"}))
    assert result.verdict == "fail"
    assert [d.code for d in result.diagnostics] == ["OBJECTIVE_MISSED"]
    assert "2.05 s over" in result.diagnostics[0].message


@pytest.mark.parametrize(("rto", "verdict"), [("5s", "fail"), ("60s", "inconclusive")])
def test_never_back_is_censored(rto: str, verdict: str) -> None:
    result = run([*frame_of_drill((7.0, 99.0)), *census({})], scenario(inbound={"rto": rto}))
    rta = result.services["inbound"].rta_s
    assert rta is not None
    assert rta.model_dump() == pytest.approx({"censored": True, "at_least_s": 22.9})
    assert result.services["inbound"].verdict == verdict == result.verdict


def test_unhealthy_baseline_outranks_a_missed_objective() -> None:
    result = run([*frame_of_drill((4.0, 10.0)), *census({})], scenario(inbound={"rto": "1s"}))
    assert result.verdict == "inconclusive"
    assert "BASELINE_UNHEALTHY" in {d.code for d in result.diagnostics}


def test_what_was_due_before_the_baseline_is_no_evidence() -> None:
    """Servers find their pace; an outage of then neither counts nor joins one of later."""
    early = [Probe(t / 10, "inbound", t / 10, t / 10 + 0.05, False, "cold") for t in range(10)]
    plan = scenario(inbound={"rto": 5})
    with_it, without = run([*early, *frame_of_drill()], plan), run(frame_of_drill(), plan)
    assert with_it.services == without.services
    assert with_it.services["inbound"].outages


def down(service: str, *spans: tuple[float, float], late: float = 0.05) -> list[Event]:
    """The drill's events with probes of one service failing while due in ``spans``, each ``late`` s after."""
    events = [one for one in frame_of_drill(None) if not (isinstance(one, Probe) and one.service == service)]
    for i in range(10, 300):
        t = i / 10
        bad = any(a <= t < b for a, b in spans)
        events.append(Probe(t, service, t, t + (late if bad else 0.05), not bad, "refused" if bad else ""))
    return events


def moved(events: list[Event], **times: float) -> list[Event]:
    """The same drill with another moment for a state of its fault."""
    return [replace(e, t=times.get(e.state, e.t)) if isinstance(e, Fault) else e for e in events]


def test_an_outage_that_ended_before_the_effect_was_proven_is_not_forgotten() -> None:
    events = moved(down("inbound", (7.1, 9.3)), requested=6.9, injected=7.0, effective=9.4)
    result = run([*events, *census({})], scenario(inbound={"rto": "1s"}))
    rta = result.services["inbound"].rta_s
    assert rta is not None
    assert rta.model_dump() == pytest.approx({"lower": 0.0, "upper": 2.25})
    assert result.verdict == "fail"
    assert "inbound took longest to recover" in result.headline


def test_what_fails_long_after_it_had_come_back_is_an_outage_of_its_own() -> None:
    """One failed probe 13 s after the effect is not thirteen seconds of outage."""
    result = run([*down("inbound", (7.0, 8.0), (20.0, 20.1)), *census({})], scenario(inbound={"rto": "2s"}))
    rta = result.services["inbound"].rta_s
    assert rta is not None
    assert rta.model_dump() == pytest.approx({"lower": 0.9, "upper": 1.05})
    assert result.verdict == "pass"
    assert [outage.start for outage in result.services["inbound"].outages] == pytest.approx([7.0, 20.0])


def test_a_pause_of_the_probes_between_two_outages_does_not_make_them_one() -> None:
    """Four probes were not sent at 15 s: too few to be a stretch that nobody saw, and success lasted on both sides."""
    events = [one for one in down("inbound", (7.0, 8.0), (20.0, 20.1)) if not _is_inbound(one, 15.0, 15.4)]
    result = run([*events, *census({})], scenario(inbound={"rto": "2s"}))
    assert [outage.start for outage in result.services["inbound"].outages] == pytest.approx([7.0, 20.0])
    assert result.verdict == "pass"


def test_what_failed_without_a_fault_in_effect_is_not_said_to_be_no_outage() -> None:
    """The kill was never proven: the drill says nothing of it, and not that nothing failed either."""
    events = [one for one in down("inbound", (7.0, 12.0)) if not (isinstance(one, Fault) and one.state == "effective")]
    result = run([*events, *census({})], scenario(inbound={"rto": "5s"}))
    assert result.verdict == "inconclusive"
    assert result.headline.endswith("; inbound failed, but no fault had taken effect")
    texts = {name: rta_text(service) for name, service in result.services.items()}
    assert (texts["inbound"], texts["mailbox"]) == ("outage, but no fault", "no outage")


def _is_inbound(event: Event, begin: float, end: float) -> bool:
    return isinstance(event, Probe) and event.service == "inbound" and begin <= event.t < end


@pytest.mark.parametrize("late", [0.05, 3.0])
def test_a_service_that_fails_before_the_fault_is_no_healthy_baseline(late: float) -> None:
    """Also when its probes hang until after the fault."""
    result = run([*down("inbound", (4.4, 6.5), late=late), *census({})], scenario(inbound={"rto": "5s"}))
    assert result.verdict == "inconclusive"
    assert "BASELINE_UNHEALTHY" in {found.code for found in result.diagnostics}


def test_the_baseline_lasts_until_the_first_fault() -> None:
    """A fault that is due late in the timeline has a longer one."""
    events = moved(down("inbound", (8.0, 10.0)), requested=14.0, injected=14.1, effective=14.2)
    assert run([*events, *census({})], scenario(inbound={"rto": "5s"})).verdict == "inconclusive"


def test_a_probe_that_the_fault_hit_is_no_sign_of_a_bad_baseline() -> None:
    """Due before the fault was requested, under way when it came."""
    result = run([*down("inbound", (6.2, 7.5), late=1.0), *census({})], scenario(inbound={"rto": "5s"}))
    assert result.services["inbound"].baseline_ok == 1.0
    assert result.verdict == "pass"


def test_what_the_probes_slept_through_was_not_observed() -> None:
    """An outage from 7 to 10 s that a stalled harness did not look at, in a drill with little other lateness."""
    events: list[Event] = [
        replace(one, begin=12.0, end=12.05) if isinstance(one, Probe) and 6.95 <= one.t < 12.0 else one
        for one in frame_of_drill(None)
    ]
    result = run([*events, *census({})], scenario(inbound={"rto": "1s"}))
    assert result.verdict == "inconclusive"
    assert {"NOT_OBSERVED"} <= {found.code for found in result.diagnostics}
    assert [(gap.start, gap.end) for gap in result.services["inbound"].unobserved] == [(6.9, 11.8)], (
        "until what was no later than two intervals"
    )
