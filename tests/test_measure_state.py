"""Sessions and mailbox state on generated histories."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from maildrill.journal.event import Event
from maildrill.journal.mailbox_events import Change, Session, StateCensus
from maildrill.measure.frames import load_frames
from maildrill.measure.mailboxes import Sessions, State
from maildrill.measure.result import FaultLife
from maildrill.measure.sessions import measure_sessions
from maildrill.measure.state import measure_state

KILL = FaultLife(kind="kill", target="store1", name="k", requested_at=9.0, effective_at=10.0)
ACTIONS = st.sampled_from(["flag", "move", "delete"])
STATES = st.sampled_from(["acknowledged", "failed", "asked"])
FOUND = st.sampled_from(["", "here", "here flagged", "there", "both"])
ROWS = st.lists(st.tuples(ACTIONS, STATES, FOUND, st.floats(0, 20)), max_size=15)
END = 25.0
HERE = ("here", "here flagged", "both")
LASTS = {"flag": {"here flagged"}, "move": {"there"}, "delete": {"", "there"}}


def frames(events: list[Event]) -> Any:
    return load_frames(["".join(event.line() + "\n" for event in events).encode()])


def history(rows: list[tuple[str, str, str, float]], whole: bool = True) -> list[Event]:
    """One change a row, and where its message is found in the end."""
    changes: list[Event] = [Change(t, f"m{n}", "a", action, state, "") for n, (action, state, _, t) in enumerate(rows)]
    here = {f"m{n}": "\\Flagged" * ("flagged" in f) for n, (*_, f, _) in enumerate(rows) if f in HERE}
    there = [f"m{n}" for n, (*_, f, _) in enumerate(rows) if f in ("there", "both")]
    return [
        *changes,
        StateCensus(30.0, "a", "Drill", whole, "", list(here), list(here.values())),
        StateCensus(30.0, "a", "Drill-Archive", True, "", there, [""] * len(there)),
    ]


def total(state: State, what: str) -> int:
    return sum(getattr(part, what) for part in (state.flags, state.moves, state.deletions))


@settings(max_examples=300, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 9))
def test_every_acknowledged_change_lasted_or_is_named(rows: list[tuple[str, str, str, float]], seed: int) -> None:
    events = history(rows)
    state, point = measure_state(frames(events), [KILL], END)
    wrong = {
        f"m{n}": t for n, (action, asked, found, t) in enumerate(rows)
        if asked == "acknowledged" and found not in LASTS[action]
    }  # fmt: skip
    assert set(state.lost_ids) == set(wrong)
    assert total(state, "acknowledged") == sum(asked == "acknowledged" for _, asked, _, _ in rows)
    before, since = ([t for t in wrong.values() if (t <= 10.0) is early] for early in (True, False))
    assert point == max(10.0 - min(before, default=10.0), END - min(since, default=END))
    random.Random(seed).shuffle(events)
    assert measure_state(frames(events), [KILL], END) == (state, point)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS)
def test_a_folder_that_was_not_read_says_nothing(rows: list[tuple[str, str, str, float]]) -> None:
    state, point = measure_state(frames(history(rows, whole=False)), [KILL], END)
    acknowledged = total(state, "acknowledged")
    assert (state.unresolved, total(state, "lost"), total(state, "resurrected")) == (acknowledged, 0, 0)
    assert point == (None if acknowledged else 0.0)


def test_a_session_is_counted_from_the_effect_it_lived_through() -> None:
    def sessions(opened: float) -> Sessions:
        events: list[Event] = [
            Session(opened, "a", "open", "", "", 1, [1], [""]),
            Session(12.0, "a", "lost", "connection", "", 1, [1, 2], ["", "\\Seen"]),
            Session(15.0, "a", "open", "", "", 1, [1, 3], ["\\Seen", ""]),
        ]
        return measure_sessions(frames(events), [KILL])

    through, after = sessions(5.0), sessions(11.0)
    assert (through.noticed_s, through.back_s, through.uids_gone, through.flags_changed) == (2.0, 5.0, 1, 1)
    assert (after.noticed_s, after.back_s, after.losses[0].effect_at) == (None, None, None)
    assert (after.watched, after.broken, after.not_back) == (1, 1, 0)


def test_a_session_that_never_came_back_has_no_time() -> None:
    events: list[Event] = [
        Session(5.0, "a", "open", "", "", 1, [1], [""]), Session(12.0, "a", "lost", "keep-alive", "", 1, [1], [""]),
    ]  # fmt: skip
    found = measure_sessions(frames(events), [KILL])
    assert (found.not_back, found.back_s, found.noticed_s) == (1, None, 2.0)
    assert found.losses[0].uidvalidity_kept is None


def test_a_session_that_broke_while_the_fault_was_applied_noticed_at_once() -> None:
    """Proof takes time: a session cut before it is that fault's; one cut before the request is not."""

    def lost_at(t: float) -> Sessions:
        events: list[Event] = [
            Session(5.0, "a", "open", "", "", 1, [1], [""]), Session(t, "a", "lost", "connection", "", 1, [1], [""]),
            Session(13.0, "a", "open", "", "", 1, [1], [""]),
        ]  # fmt: skip
        return measure_sessions(frames(events), [KILL])

    meanwhile, before = lost_at(9.5), lost_at(8.9)
    assert (meanwhile.noticed_s, meanwhile.back_s, meanwhile.losses[0].effect_at) == (0.0, 3.5, 9.5)
    assert (before.noticed_s, before.back_s, before.broken) == (None, None, 1)
