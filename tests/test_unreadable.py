"""Mail that nobody can read is not waiting, and mail of which nobody can know is not lost."""

from __future__ import annotations

from typing import Any

import pytest
from planted_drill import BOX, census, frame_of_drill, message, run, scenario

from maildrill.journal.events import Attempt, Bounce, Clock, Copy, Fault, Held, Node, Note, Offer, Probe, Session
from maildrill.measure import Result

GONE = [*frame_of_drill(), *message("m", "accepted"), *census({})]


@pytest.mark.parametrize(
    ("volume", "state", "fault", "fate"),
    [
        ("store", "running", None, "lost"),
        ("store", "exited", None, "held"),
        ("store", "paused", None, "held"),
        ("store", "running", "store1", "held"),
        ("store", "running", "mx9", "lost"),
        ("queue", "running", None, "held"),
    ],
)
def test_what_lies_on_a_running_stores_disk_is_not_held(volume: str, state: str, fault: str | None, fate: str) -> None:
    """Its user looked, and it was not there; a node that is away, or still broken, may come back with it."""
    faults = [Fault(t, "partition", "p", fault, s, "") for t, s in ((8.0, "injected"), (8.1, "effective")) if fault]
    ledger = run([*GONE, *faults, Held(40.5, "store1", volume, state, "", ["m"])]).ledger
    assert (getattr(ledger, fate), ledger.identity) == (1, True)
    assert ledger.lost_on_disk == (fate == "lost")


def test_people_are_told_that_lost_mail_is_on_a_disk() -> None:
    result = run([*GONE, *message("n", "accepted"), Held(40.5, "store1", "store", "running", "", ["m"])])
    assert "2 acknowledged and lost (1 still on a store's disk)" in result.headline
    assert result.verdict == "fail"


@pytest.mark.parametrize(("healed", "lost"), [(9.0, 1), (50.5, 0)])
def test_a_healed_fault_keeps_no_mail(healed: float, lost: int) -> None:
    """What was healed only when the drill ended was in force when the mailboxes were read, at 40 s."""
    states = ((8.0, "injected"), (8.1, "effective"), (healed, "healed"))
    faults = [Fault(t, "partition", "p", "store1", state, "") for t, state in states]
    assert run([*GONE, *faults, Held(40.5, "store1", "store", "running", "", ["m"])]).ledger.lost == lost


@pytest.mark.parametrize(("accepted", "seen"), [(40.5, None), (12.0, 42.0)])
def test_what_came_after_the_last_look_is_not_lost(accepted: float, seen: float | None) -> None:
    """The last look at queues and mailboxes begins at 40 s."""
    tries = [Offer(12.0, "m", "inbound", "s@x.test", BOX[0], 500, "h", 0.0)]
    tries += [Attempt(12.0, "m", 1, "mx1", accepted, None, "accepted", 250, "")]  # type: ignore[list-item]
    copies = [Copy(seen, "m", BOX[0], 1, 1, "h")] if seen else []
    result = run([*frame_of_drill(), *tries, *copies, *census({})])
    assert (result.ledger.lost, result.ledger.unresolved, result.verdict) == (0, 1, "inconclusive")
    assert "none known to be lost" in result.headline


def test_only_the_sender_can_be_told_of_a_bounce() -> None:
    for mailbox, fate in (("s@x.test", "bounced"), ("S@X.TEST", "bounced"), (BOX[1], "lost")):
        assert getattr(run([*GONE, Bounce(9.0, "m", mailbox, "5.1.1")]).ledger, fate) == 1


def unread(result: Result) -> tuple[str, set[str]]:
    return result.verdict, {one.code for one in result.diagnostics}


@pytest.mark.parametrize("doubt", [
    Held(40.2, "mx1", "queue", "exited", "404 gone", []), Note(0.5, "not-measured", "queues: not looked at", 0.0),
])  # fmt: skip
def test_nobody_says_that_mail_is_lost_where_nobody_could_look(doubt: Any) -> None:
    codes = {"OBJECTIVE_MISSED", "QUEUES_NOT_SEEN"}
    assert unread(run([*GONE, doubt], scenario(lost=0, rpo="0s"))) == ("inconclusive", codes)
    assert unread(run([*GONE, doubt], scenario(lost=0, inbound={"rto": "1s"}))) == ("fail", codes)
    found = [*frame_of_drill(), *message("m", "accepted"), *census({BOX[0]: ["m"]})]
    assert unread(run([*found, doubt])) == ("pass", set())


def test_a_clock_that_is_known_less_well_than_the_probes_measure_proves_nothing() -> None:
    fine = [*frame_of_drill(), *message("m", "accepted"), *census({BOX[0]: ["m"]})]
    assert run([*fine, Clock(0.5, "vantage", -0.09)]).verdict == "pass"
    assert unread(run([*fine, Clock(0.5, "vantage", -0.11)])) == ("inconclusive", {"CLOCKS_APART"})


def test_sessions_that_the_end_of_the_drill_broke_are_not_counted() -> None:
    """Teardown begins at 50 s."""
    for lost, broken in ((49.9, 1), (50.1, 0)):
        events = [Session(t, "a", state, "", "", 1, [], []) for t, state in ((2.0, "open"), (lost, "lost"))]
        assert run([*GONE, *events]).sessions.broken == broken


@pytest.mark.parametrize(
    ("told", "detected"),
    [
        ([(6.98, "down"), (9.8, "up")], 0.0),
        ([(9.8, "up")], None),
        ([(6.0, "down"), (9.0, "down")], 2.0),
        ([(8.0, "drained"), (9.5, "holds-address")], 2.5),
    ],
)
def test_only_what_says_that_something_is_away_is_noticing(
    told: list[tuple[float, str]], detected: float | None
) -> None:
    """The kill was requested at 6.5 and effective at 7 s; what was said in between was noticed at once."""
    nodes = [Node(t, "mx1", state, "proxy: smtp/mx1") for t, state in told]
    recovery = run([*GONE, *nodes], scenario(inbound={"rto": "9s"})).services["inbound"].recovery
    assert recovery is not None
    assert recovery.detected_s == (detected if detected is None else pytest.approx(detected))


def test_a_service_that_nobody_looked_at_is_not_said_to_have_been_down() -> None:
    quiet = [one for one in frame_of_drill(None) if not (isinstance(one, Probe) and one.service == "delivery"
             and 6.9 < one.t < 9.9)]  # fmt: skip
    headline = run([*quiet, *census({})]).headline
    assert "no service was seen to fail; delivery was not looked at for 3.0 s" in headline
    both = [one for one in frame_of_drill() if not (isinstance(one, Probe) and one.service == "delivery"
            and 6.9 < one.t < 13)]  # fmt: skip
    assert "inbound took longest to recover" in run([*both, *census({})]).headline
