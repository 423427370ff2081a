"""Measuring generated and planted histories."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildrill.journal.event import Event
from maildrill.journal.events import (  # fmt: skip
    Attempt,
    Bounce,
    Census,
    Copy,
    Fault,
    Held,
    Note,
    Offer,
    Phase,
    Probe,
    Recovery,
    Start,
)
from maildrill.journal.reader import Journal
from maildrill.measure import Result, measure
from maildrill.measure.ledger import CLASSES
from maildrill.measure.measure import measure_with_tables
from maildrill.report.html import html
from maildrill.report.terminal import terminal
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


@pytest.mark.parametrize(
    ("objective", "events"),
    [
        ("false_rejections", [*message("m1", "permanent"),
                              *message("m2", "accepted"), Bounce(9.0, "m2", "s", "5.1.1")]),
        ("premature_bounces", [*message("m1", "accepted"), Bounce(9.0, "m1", "s", "4.4.7"),
                               *message("m2", "accepted"), Bounce(9.0, "m2", "s", "4.4.1")]),
    ],
)  # fmt: skip
def test_objective_that_is_a_number_of_messages(objective: str, events: list[Event]) -> None:
    missed = run([*frame_of_drill(None), *events, *census({})], scenario(**{objective: 1}))
    assert missed.verdict == "fail"
    assert [(one.code, one.about) for one in missed.diagnostics] == [("OBJECTIVE_MISSED", objective)]
    assert missed.diagnostics[0].message.startswith(f"{objective}: 2 messages")
    met = run([*frame_of_drill(None), *events, *census({})], scenario(**{objective: 2}))
    assert met.verdict == "pass"


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


def test_each_class_is_found() -> None:
    planted: dict[str, list[Event]] = {
        "delivered": message("m1", "broken", "accepted"), "ambiguous_delivered": message("m2", "ambiguous"),
        "bounced": [*message("m3", "accepted"), Bounce(9.0, "m3", BOX[1], "5.1.1")],
        "held": [*message("m4", "accepted"), Held(45.0, "mx1", "queue", "dead", "", ["m4"])],
        "lost": [*message("m5", "accepted"), Held(20.0, "mx1", "queue", "live", "", ["m5"])],
        "ambiguous_missing": message("m6", "ambiguous", "temporary"),
        "refused_permanent": message("m7", "temporary", "permanent"),
        "refused_temporary": message("m8", "permanent", "temporary"),
        "unresolved": message("m9", "accepted", box="c@example.test"),
    }  # fmt: skip
    events = [event for part in planted.values() for event in part]
    result = run([*frame_of_drill(), *events, *census({BOX[0]: ["m1", "m1", "m2", "m2", "m2"], BOX[1]: ["m5"]})])
    assert {name: getattr(result.ledger, name) for name in CLASSES} == dict.fromkeys(CLASSES, 1)
    assert result.ledger.identity
    assert result.ledger.misdelivered == 1
    assert result.ledger.held_at_settle == 1
    assert result.duplicates.model_dump() == {"protocol": 0, "system": 3}, "one ambiguous attempt may be one copy"
    assert (result.rpa.messages, result.rpa.seconds) == (1, pytest.approx(1.9))


OUTCOMES = st.lists(st.sampled_from(["accepted", "temporary", "permanent", "broken", "ambiguous"]), max_size=4)
HISTORY = st.lists(st.tuples(OUTCOMES, st.integers(0, 3), st.booleans(), st.booleans(), st.booleans()), max_size=12)


def history(rows: list[Any], whole: bool) -> list[Event]:
    events, found = frame_of_drill(), dict[str, list[str]]({box: [] for box in BOX})
    for i, (outcomes, copies, bounced, held, visible) in enumerate(rows):
        name, box = f"m{i}", BOX[i % 2]
        events += message(name, *outcomes, t=5.0 + i / 3, box=box)
        found[BOX[(i + (copies == 3)) % 2]] += [name] * copies
        events += [Bounce(20.0, name, box, "5.0.0")] * bounced + [Held(45.0, "n", "v", "dead", "", [name])] * held
        events += [Copy(18.0 - i / 2, name, box, i, 1, "h")] * visible
    return [*events, *census(found, whole)]


@settings(max_examples=30, deadline=None)
@given(rows=HISTORY, whole=st.booleans(), seed=st.integers(0, 9))
def test_identity_holds_and_order_of_lines_is_irrelevant(rows: list[Any], whole: bool, seed: int) -> None:
    events = history(rows, whole)
    result = run(events)
    assert result.ledger.identity
    assert result.ledger.offered == len(rows)
    assert sum(getattr(result.ledger, name) for name in CLASSES) == len(rows)
    random.Random(seed).shuffle(events)
    assert run(events).text() == result.text()


@settings(max_examples=20, deadline=None)
@given(rows=HISTORY, keep=st.floats(0, 1))
def test_a_cut_journal_is_never_a_pass(rows: list[Any], keep: float) -> None:
    events = history(rows, True)
    result = run(events[: int(len(events) * keep)], whole=False)
    assert result.verdict == "inconclusive"
    assert "JOURNAL_INCOMPLETE" in {d.code for d in result.diagnostics}
    assert result.ledger.identity


@pytest.mark.parametrize("empty", [True, False])
def test_reports_render(empty: bool) -> None:
    events = (
        []
        if empty
        else [
            *frame_of_drill(),
            *message("m1", "accepted"),
            Copy(6.0, "m1", BOX[0], 1, 1, "h"),
            *census({BOX[0]: ["m1"]}),
        ]
    )
    lines = "".join(event.line() + "\n" for event in events).encode()
    journal = Journal(not empty, len(lines), "empty" if empty else "", lines)
    measured = measure_with_tables(journal, scenario())
    result, page = measured.result, html(measured, scenario())
    assert result.headline in page
    assert page.count("<svg") == 2
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert terminal(result)


@pytest.mark.parametrize(("seen", "expected", "never"), [(15.0, 4.95, 0), (None, None, 1)])
def test_catch_up_runs_from_the_return_to_the_last_visible(
    seen: float | None, expected: float | None, never: int
) -> None:
    copies = [Copy(seen, "m1", BOX[0], 1, 1, "h"), *census({BOX[0]: ["m1"]})] if seen else census({})
    result = run([*frame_of_drill(), *message("m1", "accepted", t=9.0), *copies], scenario(catch_up="5s"))
    assert result.catch_up_s == (expected if expected is None else pytest.approx(expected))
    assert result.never_visible == never
    assert result.verdict == ("fail" if never else "pass")
    assert (result.rpa.bound is None) == bool(never)


def test_recovery_steps_are_part_of_the_result_and_a_failed_one_is_said() -> None:
    steps = [
        Recovery(t, "command", name, "dns1", state, detail)
        for t, name, state, detail in (
            (8.0, "reload", "requested", ""), (8.5, "reload", "done", "exit code 0"),
            (9.0, "restore", "requested", ""), (9.5, "restore", "failed", "exit code 3: no backup"),
            (9.9, "never-ended", "requested", ""),
        )
    ]  # fmt: skip
    result = run([*frame_of_drill(), *census({}), *steps])
    assert [(s.name, s.requested_at, s.done_at, s.failed_at) for s in result.recovery_steps] == [
        ("reload", 8.0, 8.5, None), ("restore", 9.0, None, 9.5), ("never-ended", 9.9, None, None)
    ]  # fmt: skip
    said = [d.message for d in result.diagnostics if d.code == "RECOVERY_STEP_FAILED"]
    assert said == [
        "restore (command dns1): exit code 3: no backup",
        "never-ended (command dns1): it was requested and never ended",
    ]
    assert result.verdict == "inconclusive"
    lines = "".join(event.line() + "\n" for event in [*frame_of_drill(), *steps]).encode()
    measured = measure_with_tables(Journal(True, len(lines), "", lines), scenario())
    assert "exit code 3: no backup" in html(measured, scenario())


@pytest.mark.parametrize(("rto", "verdict"), [("5s", "inconclusive"), ("1s", "fail")])
def test_a_drill_stopped_early_is_inconclusive_unless_it_had_failed_already(rto: str, verdict: str) -> None:
    stop = Note(20.0, "stopped-early", "400 messages are outstanding, more than 300", 0.0)
    result = run([*frame_of_drill(), *census({}), stop], scenario(inbound={"rto": rto}))
    assert result.verdict == verdict
    assert "400 messages" in next(d.message for d in result.diagnostics if d.code == "STOPPED_EARLY")


@pytest.mark.parametrize(("note", "outcomes", "verdict"), [
    ("queues: not looked at", ("accepted",), "inconclusive"),
    ("queues: not looked at", ("refused", "refused"), "pass"),
    ("outbound: not read", ("accepted",), "pass"),
])  # fmt: skip
def test_missing_mail_may_wait_in_a_queue_that_was_not_seen(note: str, outcomes: Any, verdict: str) -> None:
    """Only missing mail makes it a doubt; what was not seen is part of every such result."""
    events = [*frame_of_drill(), *message("gone", *outcomes), *census({BOX[0]: [], BOX[1]: []})]
    events.append(Note(0.5, "not-measured", note, 0.0))
    plan, lines = scenario(inbound={"rto": "60s"}), "".join(event.line() + "\n" for event in events).encode()
    measured = measure_with_tables(Journal(True, len(lines), "", lines), plan)
    assert measured.result.not_measured == [note]
    assert (measured.result.verdict, note in html(measured, plan)) == (verdict, True)
    codes = {one.code for one in measured.result.diagnostics}
    assert ("QUEUES_NOT_SEEN" in codes) is (verdict == "inconclusive")


def test_mail_of_an_earlier_drill_in_the_mailboxes_changes_nothing() -> None:
    """An attached system keeps what earlier drills left in its mailboxes."""
    mail = [*message("m1", "accepted"), Copy(6.0, "m1", BOX[0], 1, 1, "h")]
    fresh = run([*frame_of_drill(), *mail, *census({BOX[0]: ["m1"]})])
    stale = [Copy(1.5, "old", BOX[0], 9, 1, "x"), *census({BOX[0]: ["old", "m1"], BOX[1]: ["older"]})]
    assert run([*frame_of_drill(), *mail, *stale]).text() == fresh.text()


def test_what_was_due_before_the_baseline_is_no_evidence() -> None:
    """Servers find their pace; an outage of then neither counts nor joins one of later."""
    early = [Probe(t / 10, "inbound", t / 10, t / 10 + 0.05, False, "cold") for t in range(10)]
    plan = scenario(inbound={"rto": 5})
    with_it, without = run([*early, *frame_of_drill()], plan), run(frame_of_drill(), plan)
    assert with_it.services == without.services
    assert with_it.services["inbound"].outages


@pytest.mark.parametrize("lifted", [False, True])
def test_a_fault_that_another_one_masked_says_so_unless_it_came_into_force_later(lifted: bool) -> None:
    """Its node was down, and why it could not be applied is the engine's word."""
    states = [("requested", ""), ("masked", "inject: it is not running")]
    states += [("injected-again", ""), ("effective", "frozen")] if lifted else []
    freeze = [Fault(7.5 + i / 10, "freeze", "f1", "mx1", *state) for i, state in enumerate(states)]
    result = run(frame_of_drill() + freeze)
    life = next(life for life in result.faults if life.kind == "freeze")
    assert life.problem == ("" if lifted else "masked by another fault: inject: it is not running")
    said = [d.message for d in result.diagnostics if d.code == "FAULT_NOT_EFFECTIVE"]
    assert said == ([] if lifted else ["freeze on mx1: masked by another fault: inject: it is not running"])


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
    assert "inbound was down longest" in result.headline


def test_what_fails_long_after_it_had_come_back_is_an_outage_of_its_own() -> None:
    """One failed probe 13 s after the effect is not thirteen seconds of outage."""
    result = run([*down("inbound", (7.0, 8.0), (20.0, 20.1)), *census({})], scenario(inbound={"rto": "2s"}))
    rta = result.services["inbound"].rta_s
    assert rta is not None
    assert rta.model_dump() == pytest.approx({"lower": 0.9, "upper": 1.05})
    assert result.verdict == "pass"
    assert [outage.start for outage in result.services["inbound"].outages] == pytest.approx([7.0, 20.0])


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


@pytest.mark.parametrize(
    ("accepted", "more", "seconds"),
    [
        (5.0, [], 2.0),
        (5.0, [("requested", 14.0), ("effective", 15.0)], 10.0),
        (8.0, [], 22.0),
        (8.0, [("heal-requested", 12.0)], 4.0),
        (20.0, [("heal-requested", 12.0)], 10.0),
    ],
)
def test_the_recovery_point_reaches_to_what_may_have_taken_the_mail(
    accepted: float, more: list[tuple[str, float]], seconds: float
) -> None:
    """Never 0 when something is lost: later than the effect, it is counted to the healing, or to the end."""
    second = [Fault(t, "wipe", "k2", "mx2", state, "") for state, t in more if state != "heal-requested"]
    healed = [Fault(t, "kill", "k1", "mx1", state, "") for state, t in more if state == "heal-requested"]
    events = [*frame_of_drill(None), *message("m1", "accepted", t=accepted), *second, *healed, *census({})]
    lost = next(one for one in events if isinstance(one, Attempt)).end
    result = run(events, scenario(rpo="0s"))
    assert result.rpa.seconds == pytest.approx(seconds - (lost - accepted))
    assert (result.verdict, result.diagnostics[0].about) == ("fail", "rpo")


def test_the_bound_counts_only_mail_whose_fate_is_known() -> None:
    waiting = [*message("m1", "accepted"), Held(45.0, "mx1", "queue", "dead", "", ["m1"])]
    known = [*message("m2", "accepted"), *census({BOX[0]: ["m2"]})]
    rpa = run([*frame_of_drill(None), *waiting, *known]).rpa
    assert (rpa.accepted, rpa.known, rpa.bound) == (2, 1, 1.0)
    rpa = run([*frame_of_drill(None), *waiting, *census({})]).rpa
    assert (rpa.accepted, rpa.known, rpa.bound) == (1, 0, None)


def test_a_drill_in_which_no_mail_was_accepted_says_nothing_of_losses() -> None:
    result = run([*frame_of_drill(None), *census({})])
    assert (result.verdict, result.diagnostics[0].code) == ("inconclusive", "NOT_OBSERVED")


@pytest.mark.parametrize(("goal", "verdict"), [("5s", "fail"), ("300s", "inconclusive")])
def test_a_backlog_that_still_waits_is_too_late_only_when_its_time_has_passed(goal: str, verdict: str) -> None:
    waiting = [*message("m1", "accepted", t=8.0), Held(45.0, "mx1", "queue", "dead", "", ["m1"])]
    result = run([*frame_of_drill(), *waiting, *census({})], scenario(catch_up=goal))
    assert result.verdict == verdict
    assert result.delay_debt_message_minutes == pytest.approx((40.0 - 8.1) / 60, abs=0.01), "what waits has its delay"


def test_catch_up_is_not_known_while_a_service_is_away() -> None:
    visible = [*message("m1", "accepted", t=8.0), Copy(39.0, "m1", BOX[0], 1, 1, "h")]
    result = run([*frame_of_drill((7.0, 99.0)), *visible, *census({BOX[0]: ["m1"]})], scenario(catch_up="1s"))
    assert result.verdict == "inconclusive"
    assert "catch_up: the backlog was not visible when observation ended (inbound did not come back)" in {
        found.message for found in result.diagnostics
    }


def test_one_ambiguous_attempt_explains_one_more_copy() -> None:
    """And only if it came before the accepted one."""

    def copies(*outcomes: str, copies: int) -> dict[str, int]:
        events = [*frame_of_drill(None), *message("m1", *outcomes), *census({BOX[0]: ["m1"] * copies})]
        return run(events).duplicates.model_dump()

    assert copies("ambiguous", "accepted", copies=2) == {"protocol": 1, "system": 0}
    assert copies("ambiguous", "accepted", copies=5) == {"protocol": 1, "system": 3}
    assert copies("ambiguous", "ambiguous", copies=2) == {"protocol": 1, "system": 0}
    assert copies("accepted", "ambiguous", copies=2) == {"protocol": 0, "system": 1}


def test_a_planned_fault_that_was_never_requested_is_no_pass() -> None:
    plan = scenario(premature_bounces=0).model_copy(update={"timeline": [*scenario().timeline] * 2})
    result = run([*frame_of_drill(None), *census({})], plan)
    assert result.verdict == "inconclusive"
    assert "kill: planned 2 times, requested 1 times" in {found.message for found in result.diagnostics}


@pytest.mark.parametrize("objective", ["corrupt", "misdelivered"])
def test_mail_that_was_changed_or_misdelivered_fails_unless_it_is_allowed(objective: str) -> None:
    found = {BOX[0] if objective == "corrupt" else BOX[1]: ["m1"]}
    looks = [replace(one, hashes=["x"] * len(one.ids)) if objective == "corrupt" else one
             for one in census(found) if isinstance(one, Census)]  # fmt: skip
    events = [*frame_of_drill(None), *message("m1", "accepted"), *looks]
    result = run(events, scenario(premature_bounces=0))
    assert (result.verdict, result.diagnostics[0].about) == ("fail", objective)
    assert run(events, scenario(premature_bounces=0, **{objective: 1})).verdict == "pass"


def test_a_message_that_came_later_to_its_server_is_not_out_of_order() -> None:
    """Offered earlier, accepted only after the other was seen: the sender tried it again."""

    def drill(accepted: float) -> int:
        events: list[Event] = []
        for id, due, at, seen in (("m1", 5.0, accepted, 9.0), ("m2", 6.0, 6.1, 6.2)):
            events += [Offer(due, id, "inbound", "s@x.test", BOX[0], 500, "h", 0.0),
                       Attempt(at - 0.1, id, 1, "mx", at, None, "accepted", 250, ""),
                       Copy(seen, id, BOX[0], 1, 1, "h")]  # fmt: skip
        return run([*frame_of_drill(None), *events, *census({BOX[0]: ["m1", "m2"]})]).ledger.order_inversions

    assert drill(accepted=5.1) == 1
    assert drill(accepted=8.9) == 0
