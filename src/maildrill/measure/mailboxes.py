"""The part of a result that is about mailboxes: lasting sessions, changes of state, mail from before the disaster."""

from __future__ import annotations

from pydantic import Field

from maildrill.measure.interval import Interval
from maildrill.measure.part import Part


class SessionLoss(Part):
    """One lasting session that broke. ``effect_at``: the fault's effect it is counted from, if one came before."""

    account: str
    effect_at: float | None
    noticed_at: float
    noticed_by: str = Field(description="connection (closed, reset) or keep-alive (no answer)")
    back_at: float | None
    uidvalidity_kept: bool | None
    uids_gone: int
    flags_changed: int


class Sessions(Part):
    """IMAP IDLE clients that were connected before: when they noticed, when they were back, what survived."""

    watched: int
    broken: int = Field(description="clients whose session broke at least once")
    noticed_s: float | None = Field(description="the slowest, from the effect, s")
    back_s: float | None = Field(description="the slowest, from the effect, s; None if one is not back")
    not_back: int
    uidvalidity_changed: int
    uids_gone: int
    flags_changed: int
    losses: list[SessionLoss]


class Changes(Part):
    """Acknowledged changes of one sort. ``lost``: no longer in effect. ``resurrected``: back where it had left."""

    acknowledged: int = 0
    lost: int = 0
    resurrected: int = 0


class State(Part):
    """Changes of mailbox state, and what became of those that were acknowledged."""

    flags: Changes
    moves: Changes
    deletions: Changes
    unresolved: int = Field(description="acknowledged, and their folder could not be read at the end")
    lost_ids: list[str] = Field(description="the first 100 that were lost or came back")
    rpa_at_least_s: float | None = Field(
        None, description="as state_rpa_s, to the first fault that can have taken it; None: unknown, or an older result"
    )


class OldMail(Part):
    """Mail that users had before the disaster: when each could read it again, and what a last look found."""

    watched: int = Field(description="mailboxes whose oldest message was looked for, again and again")
    lost_sight: int = Field(description="of those, where it was not there, or not as it was, or nobody could look")
    not_back: int
    not_back_s: float | None = Field(None, description="how long the last of those was looked for in vain, s")
    first_back_s: Interval | None = Field(description="from the effect until the first of them was back, s")
    last_back_s: Interval | None = Field(description="until the last was back, s; None if one is not")
    snapshot_age_s: float | None = Field(description="age, at the effect, of the snapshot restored from, s")
    checked: int = Field(description="messages visible before the disaster; read at the end, and their bodies hashed")
    right: int = Field(description="there, with the hash they were sent with")
    wrong: int = Field(description="there, with another hash")
    missing: int
