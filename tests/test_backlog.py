"""Catch-up: every outage has a backlog of its own, and a later one does not hide it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planted_drill import BOX, census, frame_of_drill, message, run, scenario

from maildrill.journal.event import Event
from maildrill.journal.events import Copy, Probe


def with_blip(events: list[Event]) -> list[Event]:
    """The same, and inbound fails from 20.0 to 20.3 s once more."""

    def failing(one: Event) -> bool:
        return isinstance(one, Probe) and one.service == "inbound" and 20.0 <= one.t < 20.3

    return [replace(one, ok=False) if failing(one) else one for one in events]  # type: ignore[call-arg]


def seen(name: str, at: float) -> list[Event]:
    """A message accepted at 6.6 s, visible at ``at``."""
    return [*message(name, "accepted", t=6.5), Copy(at, name, BOX[0], 1, 1, "h"), *census({BOX[0]: [name]})]


def test_a_later_outage_does_not_hide_the_backlog_of_the_first() -> None:
    result = run([*with_blip(frame_of_drill()), *seen("m", 17.0)], scenario(catch_up="5s"))
    assert result.catch_up_s == pytest.approx(17.0 - 10.05)
    assert [one.about for one in result.diagnostics] == ["catch_up"]


def test_the_backlog_of_the_first_outage_was_clear_before_the_second() -> None:
    result = run([*with_blip(frame_of_drill()), *seen("m", 10.2)], scenario(catch_up="5s"))
    recovery = result.services["inbound"].recovery
    assert recovery is not None
    assert (recovery.backlog_s, recovery.whole_s) == pytest.approx((0.15, 3.2))


def test_a_stretch_that_nobody_looked_at_has_no_backlog_of_a_later_outage() -> None:
    """Nobody looked at the mailboxes from 6.5 to 10 s; that inbound failed for a moment at 20 s is not about them."""
    events = [one for one in with_blip(frame_of_drill(None)) if not _is_mailbox(one, 6.55, 9.95)]
    recovery = run([*events, *seen("m", 6.7)]).services["mailbox"].recovery
    assert recovery is not None
    assert (recovery.backlog_s, recovery.whole_s) == (None, pytest.approx(3.05))


def _is_mailbox(one: Event, begin: float, end: float) -> bool:
    return isinstance(one, Probe) and one.service == "mailbox" and begin <= one.t < end


def test_mail_that_was_seen_and_is_gone_was_visible() -> None:
    """Lost later is lost, but not a backlog."""
    gone = [*message("m", "accepted", t=6.1), Copy(6.3, "m", BOX[0], 1, 1, "h"), *census({})]
    result = run([*frame_of_drill(), *gone], scenario(catch_up="5s"))
    assert (result.ledger.lost, result.never_visible, result.catch_up_s) == (1, 0, 0.0)


def test_a_mailbox_that_was_not_read_to_the_end_is_no_missed_backlog() -> None:
    unread = [*message("m", "accepted", t=8.0), *census({}, whole=False)]
    result = run([*frame_of_drill(), *unread], scenario(catch_up="5s"))
    assert (result.never_visible, result.catch_up_s, result.verdict) == (0, None, "inconclusive")


def test_what_only_the_census_found_was_late_until_then() -> None:
    found = [*message("m", "accepted", t=8.0), *census({BOX[0]: ["m"]})]
    debt = run([*frame_of_drill(), *found]).delay_debt_message_minutes
    assert debt == pytest.approx((41.0 - 8.1) / 60)
