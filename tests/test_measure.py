"""Measuring generated and planted histories."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted_drill import BOX, census, frame_of_drill, message, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import (
    Bounce,
    Copy,
    Fault,
    Held,
    Note,
    Recovery,
)
from maildrill.journal.reader import Journal
from maildrill.measure.ledger import CLASSES
from maildrill.measure.measure import measure_with_tables
from maildrill.report.html import html
from maildrill.report.terminal import terminal
from maildrill.scenario.model import Repeat


@pytest.mark.parametrize(
    ("objective", "events"),
    [
        ("false_rejections", [*message("m1", "permanent"),
                              *message("m2", "accepted"), Bounce(9.0, "m2", "s@x.test", "5.1.1")]),
        ("premature_bounces", [*message("m1", "accepted"), Bounce(9.0, "m1", "s@x.test", "4.4.7"),
                               *message("m2", "accepted"), Bounce(9.0, "m2", "s@x.test", "4.4.1")]),
    ],
)  # fmt: skip
def test_objective_that_is_a_number_of_messages(objective: str, events: list[Event]) -> None:
    missed = run([*frame_of_drill(None), *events, *census({})], scenario(**{objective: 1}))
    assert missed.verdict == "fail"
    assert [(one.code, one.about) for one in missed.diagnostics] == [("OBJECTIVE_MISSED", objective)]
    assert missed.diagnostics[0].message.startswith(f"{objective}: 2 messages")
    met = run([*frame_of_drill(None), *events, *census({})], scenario(**{objective: 2}))
    assert met.verdict == "pass"


def test_each_class_is_found() -> None:
    planted: dict[str, list[Event]] = {
        "delivered": message("m1", "broken", "accepted"), "ambiguous_delivered": message("m2", "ambiguous"),
        "bounced": [*message("m3", "accepted"), Bounce(9.0, "m3", "s@x.test", "5.1.1")],
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
        events += [Bounce(20.0, name, "s@x.test", "5.0.0")] * bounced
        events += [Held(45.0, "n", "v", "dead", "", [name])] * held
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
    """A fault that was due just then, and not injected any more, makes no fail of before doubtful."""
    stop = Note(20.0, "stopped-early", "400 messages are outstanding, more than 300", 0.0)
    late = Fault(19.9, "freeze", "freeze-2-mx2", "mx2", "requested", "")
    result = run([*frame_of_drill(), late, *census({}), stop], scenario(inbound={"rto": rto}))
    assert result.verdict == verdict
    assert "400 messages" in next(d.message for d in result.diagnostics if d.code == "STOPPED_EARLY")


def test_mail_of_an_earlier_drill_in_the_mailboxes_changes_nothing() -> None:
    """An attached system keeps what earlier drills left in its mailboxes."""
    mail = [*message("m1", "accepted"), Copy(6.0, "m1", BOX[0], 1, 1, "h")]
    fresh = run([*frame_of_drill(), *mail, *census({BOX[0]: ["m1"]})])
    stale = [Copy(1.5, "old", BOX[0], 9, 1, "x"), *census({BOX[0]: ["old", "m1"], BOX[1]: ["older"]})]
    assert run([*frame_of_drill(), *mail, *stale]).text() == fresh.text()


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


def test_a_planned_fault_that_was_never_requested_is_no_pass() -> None:
    plan = scenario(premature_bounces=0).model_copy(update={"timeline": [*scenario().timeline] * 2})
    result = run([*frame_of_drill(None), *census({})], plan)
    assert result.verdict == "inconclusive"
    assert "kill: planned 2 times, requested 1 times" in {found.message for found in result.diagnostics}
    (step,) = scenario().timeline
    repeated = step.model_copy(update={"repeat": Repeat(times=3, every=9.0)})
    result = run([*frame_of_drill(None), *census({})], plan.model_copy(update={"timeline": [repeated]}))
    assert "kill: planned 3 times, requested 1 times" in {found.message for found in result.diagnostics}
    round_of_three = [Fault(6.5, "kill", f"kill-1.1-mx{n}", f"mx{n}", "requested", "") for n in (1, 2, 3)]
    others = [one for one in frame_of_drill(None) if not isinstance(one, Fault)]
    result = run([*others, *round_of_three], plan.model_copy(update={"timeline": [repeated]}))
    assert "kill: planned 3 times, requested 1 times" in {found.message for found in result.diagnostics}


@pytest.mark.parametrize(("states", "failed"), [(["heal-requested"], True), (["heal-requested", "healed"], False)])
def test_healing_that_was_requested_and_never_done_is_said(states: list[str], failed: bool) -> None:
    heal = [Fault(20.0 + n, "kill", "k1", "mx1", state, "") for n, state in enumerate(states)]
    result = run([*frame_of_drill(None), *heal, *census({})], scenario(premature_bounces=0))
    assert ("HEAL_FAILED" in {found.code for found in result.diagnostics}) == failed
