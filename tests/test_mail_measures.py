"""What became of the mail: recovery point, bound, catch-up, duplicates, from journals written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from planted_drill import BOX, census, frame_of_drill, message, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import (
    Attempt,
    Census,
    Copy,
    Fault,
    Held,
    Note,
    Offer,
)
from maildrill.journal.reader import Journal
from maildrill.measure.measure import measure_with_tables
from maildrill.report.html import html


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


@pytest.mark.parametrize(
    ("accepted", "more", "least", "seconds"),
    [
        (5.0, [], 2.0, 2.0),
        (6.9, [], 0.1, 0.1),
        (5.0, [("requested", 14.0), ("effective", 15.0)], 2.0, 10.0),
        (8.0, [], 0.0, 22.0),
        (8.0, [("healed", 12.0)], 0.0, 4.0),
        (8.0, [("heal-requested", 12.0), ("healed", 16.0)], 0.0, 8.0),
        (8.0, [("heal-requested", 12.0)], 0.0, 22.0),
        (8.0, [("healed", 12.0), ("requested", 6.5), ("effective", 7.5)], 0.0, 22.0),
        (20.0, [("healed", 12.0)], 0.0, 10.0),
        (11.0, [("heal-verified", 10.0), ("effective", 15.0)], 4.0, 4.0),
        (11.0, [("effective", 15.0)], 0.0, 4.0),
    ],
)
def test_the_recovery_point_reaches_to_what_may_have_taken_the_mail(
    accepted: float, more: list[tuple[str, float]], least: float, seconds: float
) -> None:
    """Later than the effect, it is counted to when all were healed, or to the end; and as long as anything was broken,
    what it lost may have been lost at once. An RPO of 0 s is not met even by mail accepted in the moment of the effect.
    """
    second = [Fault(t, "wipe", "k2", "mx2", state, "") for state, t in more if not state.startswith("heal")]
    healed = [Fault(t, "kill", "k1", "mx1", state, "") for state, t in more if state.startswith("heal")]
    events = [*frame_of_drill(None), *message("m1", "accepted", t=accepted), *second, *healed, *census({})]
    lost = next(one for one in events if isinstance(one, Attempt)).end
    result = run(events, scenario(rpo="0s"))
    assert result.rpa.seconds == pytest.approx(seconds - (lost - accepted))
    assert result.rpa.at_least_s == pytest.approx(max(0.0, least - (lost - accepted)))
    assert (result.verdict, result.diagnostics[0].about) == ("fail", "rpo")


def test_what_came_in_after_the_census_had_begun_is_not_said_to_be_without_a_census() -> None:
    result = run([*frame_of_drill(None), *message("m1", "accepted", t=40.5), *census({})])
    (found,) = result.diagnostics
    assert (result.verdict, found.code) == ("inconclusive", "CENSUS_INCOMPLETE")
    assert found.message.endswith("or they came in after it had begun")


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
