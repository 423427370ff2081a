"""What nobody saw is not health; recovery in parts; the longest silences; exact edges of "sustained"."""

from __future__ import annotations

import polars as pl
import pytest
from planted_drill import BOX, census, frame_of_drill, message, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import Attempt, Bounce, Held, Node, Offer, Probe, Recovery
from maildrill.journal.reader import Journal
from maildrill.measure.measure import measure_with_tables
from maildrill.measure.result import FaultLife, Outage, Result, Service
from maildrill.measure.runs import fold, unseen_after, with_gaps
from maildrill.measure.services import find_outages
from maildrill.report.html import html, parts_text, rpa_text
from maildrill.scenario.model import Scenario

SLOW = FaultLife(kind="kill", target="mx1", name="k", requested_at=7.5, effective_at=8.0)


def unseen(service: str, begin: float, end: float) -> list[Event]:
    """The planted drill, without this service's probes due in [begin, end) s."""
    return [
        event
        for event in [*frame_of_drill(None), *census({})]
        if not (isinstance(event, Probe) and event.service == service and begin <= event.t < end)
    ]


def delivery(events: list[Event], rto: str) -> tuple[Service, Result]:
    result = run(events, scenario(delivery={"rto": rto}))
    return result.services["delivery"], result


def test_a_stretch_without_probes_widens_the_recovery_time() -> None:
    service, result = delivery(unseen("delivery", 7.0, 10.0), "4s")
    assert service.rta_s is not None
    assert service.rta_s.model_dump() == pytest.approx({"lower": 0.0, "upper": 3.05})
    assert [(gap.start, gap.end) for gap in service.unobserved] == [(6.9, 10.0)]
    assert (service.verdict, result.verdict) == ("pass", "pass")


def test_what_only_an_unobserved_stretch_puts_over_the_rto_is_not_proven() -> None:
    service, result = delivery(unseen("delivery", 7.0, 10.0), "2s")
    assert (service.verdict, result.verdict) == ("inconclusive", "inconclusive")
    (found,) = result.diagnostics
    assert found.code == "NOT_OBSERVED"
    assert "delivery: not observed from 6.90 s to 10.00 s" in found.message


def test_a_service_whose_probes_end_is_not_healthy() -> None:
    service, result = delivery(unseen("delivery", 7.0, 99.0), "60s")
    assert service.rta_s is None
    assert (service.failed, service.verdict, result.verdict) == (0, "inconclusive", "inconclusive")
    assert {found.code for found in result.diagnostics} >= {"NOT_OBSERVED"}


def test_failures_on_both_sides_of_a_gap_are_one_outage() -> None:
    events = [event for event in unseen("delivery", 8.0, 10.0) if not _is_at(event, "delivery", 7.0, 10.5)]
    events += [Probe(t, "delivery", t, t + 3, False, "x") for t in (7.0, 7.5, 10.2)]
    service, _ = delivery(events, "4s")
    (outage,) = service.outages
    assert (outage.start, outage.lower, outage.failed) == (7.0, 10.2, 3)
    assert outage.upper == pytest.approx(10.55)


def _is_at(event: Event, service: str, begin: float, end: float) -> bool:
    return isinstance(event, Probe) and event.service == service and begin <= event.t < end


def exact(*failing: float, horizon: float = 64.0) -> list[Outage]:
    """Probes every 0.25 s (exact in binary), failing at these; a failure takes until long after it was due."""
    dues = [i / 4 for i in range(int(horizon * 4))]
    frame = pl.DataFrame({
        "t": dues, "service": ["s"] * len(dues), "ok": [due not in failing for due in dues],
        "end": [due + (3.0 if due in failing else 0.0625) for due in dues],
    })  # fmt: skip
    plan = Scenario.model_validate({
        "scenario": "p", "title": "P", "objectives": {"lost": 0}, "sustained": {"window": 3, "relapse": 5},
        "timeline": [{"at": 0, "fault": "kill", "target": {"role": "mx"}}],
    })  # fmt: skip
    runs = with_gaps(fold(frame, unseen_after(0.25))["s"], 0.0, horizon, unseen_after(0.25))
    return find_outages(runs, [SLOW], horizon, plan)


@pytest.mark.parametrize(("relapse", "outages"), [(17.75, 1), (18.0, 1), (18.25, 1), (18.5, 2)])
def test_a_relapse_counts_up_to_and_with_the_end_of_window_and_relapse(relapse: float, outages: int) -> None:
    """The last failure is due at 10, the first success at 10.25: nothing may fail in [10.25, 18.25]."""
    assert len(exact(9.75, 10.0, relapse)) == outages


@pytest.mark.parametrize(("horizon", "back"), [(13.0, False), (13.25, True), (13.5, True)])
def test_a_success_is_sustained_after_exactly_the_window(horizon: float, back: bool) -> None:
    (only,) = exact(9.75, 10.0, horizon=horizon)
    assert (only.upper is not None) == back


def test_an_outage_is_bounded_by_when_probes_were_due_not_by_when_they_ended() -> None:
    (only,) = exact(9.75, 10.0)
    assert (only.start, only.lower, only.upper, only.first_success) == (9.75, 10.0, 10.3125, 10.3125)


def test_recovery_is_told_in_parts_that_add_up() -> None:
    """Effect 7, noticed 8.2, one success at 9.0, more failures, lasting from 10.0, backlog visible at 15."""
    flap = [Probe(9.0, "inbound", 9.0, 9.05, True, "")]
    events = [event for event in frame_of_drill() if not (isinstance(event, Probe) and event.t == 9.0)] + flap
    late = [*message("m1", "accepted", t=9.0), *census({BOX[0]: ["m1"]})]
    from maildrill.journal.events import Copy

    noticed = [Node(8.2, "store1", "down", "proxy: imaps/store1"), Node(7.5, "mx1", "dead", "exit 137")]
    result = run([*events, *late, *noticed, Copy(15.0, "m1", BOX[0], 1, 1, "h")], scenario(inbound={"rto": "9s"}))
    parts = result.services["inbound"].recovery
    assert parts is not None
    known = {"detected_s": 1.2, "first_success_s": 0.85, "sustained_s": 1.0, "backlog_s": 4.95}
    assert parts.model_dump(include=set(known)) == pytest.approx(known)
    assert parts.whole_s == pytest.approx(sum(known.values()))
    assert parts.switched_s is None
    assert parts_text(result.services["inbound"]).startswith("noticed 1.20 + first success 0.85 + sustained 1.00")


def test_recovery_without_a_detection_begins_at_the_effect() -> None:
    result = run([*frame_of_drill(), *census({})], scenario(inbound={"rto": "9s"}))
    parts = result.services["inbound"].recovery
    assert parts is not None
    assert (parts.detected_s, parts.first_success_s) == (None, pytest.approx(3.05))
    assert parts.whole_s == pytest.approx(3.05)
    assert result.services["mailbox"].recovery is None


@pytest.mark.parametrize(("action", "detected"), [("command", 0.5), ("ask", 0.5), ("heal", None)])
def test_somebody_who_acts_has_noticed_and_healing_is_no_reaction(action: str, detected: float | None) -> None:
    """What was done before the effect is no reaction either."""
    steps = [Recovery(t, action, "switch", "dns", "requested", "") for t in (6.0, 7.5, 8.0)]
    parts = run([*frame_of_drill(), *steps, *census({})], scenario(inbound={"rto": "9s"})).services["inbound"].recovery
    assert parts is not None
    assert (parts.detected_s, parts.whole_s) == (detected, pytest.approx(3.05))


def test_longest_time_without_an_acknowledgement_or_a_read() -> None:
    mail = [event for t in (2.0, 8.0, 12.0, 29.0) for event in message(f"m{t}", "accepted", t=t)]
    result = run([*frame_of_drill(), *mail, *census({})])
    gap = result.write_outage["inbound"]
    assert (gap.start, gap.end) == pytest.approx((12.1, 29.1))
    assert "submission" not in result.write_outage
    assert result.read_outage is not None
    assert result.read_outage.end - result.read_outage.start == pytest.approx(0.1)


def test_each_defect_is_counted_with_its_ids() -> None:
    planted = {
        "false_rejections": [*message("r1", "permanent"), *message("r2", "accepted"),
                             Bounce(9.0, "r2", "s@x.test", "5.1.1")],
        "premature_bounces": [*message("p1", "accepted"), Bounce(9.0, "p1", "s@x.test", "4.4.7"),
                              *message("p2", "accepted"), Bounce(9.0, "p2", "s@x.test", "5.4.7")],
        "silently_expired": [*message("e1", "accepted"), Held(20.0, "mx1", "queue", "running", "", ["e1"])],
        "lost": message("l1", "accepted"),
    }  # fmt: skip
    result = run([*frame_of_drill(), *(event for part in planted.values() for event in part), *census({})])
    ledger = result.ledger
    assert (ledger.false_rejections, ledger.premature_bounces, ledger.silently_expired, ledger.lost) == (2, 2, 1, 2)
    assert ledger.ids["false_rejections"] == ["r1", "r2"]
    assert ledger.ids["premature_bounces"] == ["p1", "p2"]
    assert ledger.ids["silently_expired"] == ["e1"]
    assert ledger.ids["lost"] == ["e1", "l1"]
    assert "duplicates_system" not in ledger.ids


def test_an_ambiguous_attempt_is_no_acknowledgement() -> None:
    """Nothing is lost if nothing was acknowledged, and nothing was accepted to bound a rate with."""
    tries = [Attempt(5.0, "a", 1, "mx1", 5.1, 5.05, "ambiguous", 0, "")]
    result = run([*frame_of_drill(), Offer(5.0, "a", "inbound", "s", BOX[0], 500, "h", 0.0), *tries, *census({})])
    assert (result.ledger.accepted, result.ledger.lost, result.ledger.ambiguous_missing) == (0, 0, 1)
    assert result.rpa.bound is None


def test_the_report_says_how_sure_nothing_lost_is_and_which_timers_were_set() -> None:
    events = [*frame_of_drill(), *message("m1", "accepted"), *census({BOX[0]: ["m1"]})]
    lines = "".join(event.line() + "\n" for event in events).encode()
    timers: dict[str, dict[str, str | int | float]] = {"postfix": {"queue_run_delay": "2s"}}
    measured = measure_with_tables(Journal(True, len(lines), "", lines), scenario(), timers)
    page = html(measured, scenario())
    assert rpa_text(measured.result) == (
        "0 lost of 1 accepted, mail of probes included: the rate of loss is below 1 with 95 % confidence (3/N)"
    )
    assert rpa_text(measured.result) in page
    assert "queue_run_delay" in page
