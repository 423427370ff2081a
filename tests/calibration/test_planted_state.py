"""Lasting sessions and mailbox state against what was planted. In virtual time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from imapdoor import Folder
from rehearsal import Rehearsal
from system import DOMAIN
from virtual import run_virtual

from maildrill.measure.mailboxes import Changes
from maildrill.measure.result import Result
from maildrill.traffic.sessions import KEEP_ALIVE

USER1, USER2 = f"user1@{DOMAIN}", f"user2@{DOMAIN}"
BREAK, DOWN = 5.0, 1.5


def drill_with(tmp_path: Path, plant: Callable[[Rehearsal], None], mode: str, down: float = DOWN) -> Result:
    """An outage of the mailboxes, and in it ``plant``."""

    async def scene() -> Result:
        drill = Rehearsal(tmp_path / "state", every=0.25, services=("mailbox",), rate=4.0, changes=9.0)

        async def script(drill: Rehearsal) -> None:
            await drill.outage(drill.system.imap, mode, BREAK, down)
            plant(drill)

        return await drill.run(script, settle=5.0)

    return run_virtual(scene)


def nothing(drill: Rehearsal) -> None:
    """Everything survives."""


def test_a_reset_session_is_noticed_at_once_and_back_soon(tmp_path: Path) -> None:
    result = drill_with(tmp_path, nothing, "refuse")
    sessions = result.sessions
    assert (sessions.watched, sessions.broken, sessions.not_back) == (2, 2, 0)
    assert {loss.noticed_by for loss in sessions.losses} == {"connection"}
    assert sessions.noticed_s == pytest.approx(0.0, abs=0.05)
    assert sessions.back_s == pytest.approx(DOWN, abs=0.15), "it tries every 0.1 s"
    assert (sessions.uidvalidity_changed, sessions.uids_gone, sessions.flags_changed) == (0, 0, 0)
    assert (result.state.moves.lost, result.state.deletions.resurrected, result.state_rpa_s) == (0, 0, 0.0)
    assert result.state.flags.acknowledged > 10


def test_a_silent_server_is_noticed_by_the_keep_alive(tmp_path: Path) -> None:
    result = drill_with(tmp_path, nothing, "hang", down=5.0)
    assert {loss.noticed_by for loss in result.sessions.losses} == {"keep-alive"}
    assert result.sessions.noticed_s is not None
    assert 2.0 <= result.sessions.noticed_s <= KEEP_ALIVE + 2.0, "its patience after the next keep-alive"
    assert result.sessions.back_s == pytest.approx(5.0, abs=0.15)


def test_a_short_silence_breaks_no_session(tmp_path: Path) -> None:
    result = drill_with(tmp_path, nothing, "hang", down=1.0)
    assert (result.sessions.broken, result.sessions.losses) == (0, [])


def test_what_a_session_lost_is_counted(tmp_path: Path) -> None:
    def plant(drill: Rehearsal) -> None:
        one, two = drill.system.imap.inbox(USER1), drill.system.imap.inbox(USER2)
        one.uidvalidity += 1
        del two.mails[0]
        seen = [mail for mail in two.mails if "\\Seen" in mail.flags]
        seen[0].flags.clear()

    sessions = drill_with(tmp_path, plant, "refuse").sessions
    assert {loss.account: loss.uidvalidity_kept for loss in sessions.losses} == {USER1: False, USER2: True}
    assert (sessions.uidvalidity_changed, sessions.uids_gone, sessions.flags_changed) == (1, 1, 1)


def test_changes_that_did_not_last_are_counted_by_sort(tmp_path: Path) -> None:
    def folders(drill: Rehearsal, name: str) -> list[Folder]:
        return [drill.system.imap.boxes[user][name] for user in (USER1, USER2)]

    def plant(drill: Rehearsal) -> None:
        for here, there in zip(folders(drill, "Drill"), folders(drill, "Drill-Archive"), strict=True):
            flagged = [mail for mail in here.mails if "\\Flagged" in mail.flags]
            flagged[0].flags.clear()
            here.mails.remove(flagged[1])
            for mail in [there.mails.pop(0), *here.gone[:3]]:
                here.add(mail.raw)

    result = drill_with(tmp_path, plant, "refuse")
    state = result.state
    assert state.flags == Changes(acknowledged=state.flags.acknowledged, lost=4, resurrected=0)
    assert state.moves == Changes(acknowledged=state.moves.acknowledged, lost=2, resurrected=2)
    assert state.deletions == Changes(acknowledged=state.deletions.acknowledged, lost=6, resurrected=6)
    assert len(state.lost_ids) == 12
    assert result.state_rpa_s == pytest.approx(BREAK + 1.0, abs=0.3), "the first flag was set when offering began"
    assert (result.ledger.lost_all_streams, result.ledger.misdelivered) == (0, 0), "the ledger is undisturbed"


def test_a_folder_that_was_never_made_is_read_and_empty(tmp_path: Path) -> None:
    """An account without a change has no folder; that is an answer, and not waited for."""

    async def scene() -> list[tuple[bool, str]]:
        drill = Rehearsal(tmp_path / "state", every=0.25, services=("mailbox",), rate=4.0, changes=0.0)
        await drill.run(lambda drill: drill.until(2.0), settle=1.0)
        return [(event["whole"], event["error"]) for event in drill.events("state-census")]

    seen = run_virtual(scene)
    assert seen
    assert set(seen) == {(True, "")}
