"""Which fault an outage is counted from, when several may have caused it: never a later one alone to its favour."""

from __future__ import annotations

import pytest
from planted_drill import census, frame_of_drill, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import Fault, Node, Probe
from maildrill.measure.result import Service


def down(*spans: tuple[float, float], slow: float) -> list[Event]:
    """The planted drill (a kill requested at 6.5, effective at 7 s), in which inbound fails after ``slow`` s each."""
    events = [one for one in frame_of_drill(None) if not (isinstance(one, Probe) and one.service == "inbound")]
    for i in range(10, 300):
        t = i / 10
        bad = any(begin <= t < end for begin, end in spans)
        events.append(Probe(t, "inbound", t, t + (slow if bad else 0.05), not bad, "x" if bad else ""))
    return events


def second(asked: float, effective: float) -> list[Event]:
    """Another fault on another node."""
    moments = (("requested", asked), ("effective", effective))
    return [Fault(t, "freeze", "other", "dns9", state, "") for state, t in moments]


def inbound(*events: Event) -> Service:
    """The service as measured, with an RTO of 5 s."""
    return run([*events, *census({})], scenario(inbound={"rto": "5s"})).services["inbound"]


def interval(service: Service) -> tuple[float, float]:
    """The recovery time's bounds, s."""
    assert service.rta_s is not None
    return tuple(service.rta_s.model_dump().values())  # type: ignore[return-value]


@pytest.mark.parametrize("others", [[], second(9.9, 9.95), [*second(8.9, 9.0), *second(10.8, 11.0)]])
def test_a_fault_that_came_later_does_not_take_over_an_outage(others: list[Event]) -> None:
    """While a probe hangs, whatever is broken may be why: the time reaches to the earliest of them."""
    service = inbound(*down((7.0, 14.0), slow=3.0), *others)
    assert interval(service)[1] == pytest.approx(7.05)
    assert service.verdict == "fail"
    (outage,) = service.outages
    assert outage.trigger is not None
    assert outage.trigger.name == "k1"


def test_the_lower_bound_is_counted_from_the_latest_that_may_have_caused_it() -> None:
    service = inbound(*down((7.0, 14.0), slow=3.0), *second(9.9, 9.95))
    assert interval(service)[0] == pytest.approx(13.9 - 9.95)


def test_a_success_after_an_effect_rules_it_out_if_there_is_another() -> None:
    """For four seconds after the kill everything went well; then something else was broken."""
    service = inbound(*down((11.9, 14.0), slow=0.05), *second(11.5, 11.8))
    assert interval(service) == pytest.approx((2.1, 2.25))
    assert service.outages[0].trigger is not None
    assert service.outages[0].trigger.name == "other"


def test_one_success_after_an_effect_may_be_chance() -> None:
    """The probe due at 7.1 was still served; the next hang for 3 s, until long after the second fault."""
    service = inbound(*down((7.2, 14.0), slow=3.0), *second(9.5, 9.6))
    assert interval(service)[1] == pytest.approx(7.05)


@pytest.mark.parametrize(("asked", "lower"), [(9.5, 9.5), (11.0, 7.0)])
def test_what_hung_for_long_when_a_fault_was_asked_for_was_hit_before(asked: float, lower: float) -> None:
    """From 9.1 s on every probe hangs for 3 s. Half a second later the other fault may be why; two seconds, hardly."""
    (outage,) = inbound(*down((9.1, 14.0), slow=3.0), *second(asked, asked + 0.5)).outages
    assert outage.onset is not None
    assert outage.onset.model_dump() == {"lower": lower, "upper": asked + 0.5}


@pytest.mark.parametrize(("at", "detected"), [(7.2, None), (20.5, 0.5)])
def test_what_a_proxy_noticed_of_an_earlier_outage_is_no_detection_of_this_one(
    at: float, detected: float | None
) -> None:
    """One second away after the kill, and three seconds long after: those from 20 s on make the recovery time."""
    noticed = Node(at, "mx1", "down", "proxy: smtp/mx1")
    parts = inbound(*down((7.0, 8.0), (20.0, 23.0), slow=0.05), noticed).recovery
    assert parts is not None
    assert (parts.onset, parts.detected_s) == (20.0, detected)


def test_a_short_stretch_without_a_look_counts_where_a_fault_took_effect() -> None:
    """Nobody saw inbound from 6.5 to 7.4 s: it may have been away for 0.45 s. Elsewhere that is nothing."""
    events = [one for one in frame_of_drill(None) if not (isinstance(one, Probe) and 6.45 < one.t < 7.35)]
    assert interval(inbound(*events)) == pytest.approx((0.0, 0.45))
    events = [one for one in frame_of_drill(None) if not (isinstance(one, Probe) and 7.45 < one.t < 8.35)]
    assert interval(inbound(*events)) == (0.0, 0.0)
