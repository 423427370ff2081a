"""Sessions that existed before the fault: when each noticed, when it was back, and what survived.

A loss is counted from the latest effect of a fault before it, if the session was open by then; a session that
broke while a fault was being applied, before its effect was proven, noticed it at once (0 s). UIDs
and flags known when it broke are compared with those of the account's next session.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import polars as pl

from maildrill.measure.frames import Frames, phase_start
from maildrill.measure.mailboxes import SessionLoss, Sessions
from maildrill.measure.result import FaultLife

Onset = tuple[float, float]
"""When a fault was requested and when its effect was proven, s."""


def _loss(before: dict[str, Any], after: dict[str, Any] | None, opened: float, effects: list[Onset]) -> SessionLoss:
    lost = before["t"]
    effect = max((min(seen, lost) for asked, seen in effects if opened <= seen and asked <= lost), default=None)
    known = dict(zip(before["uids"], before["flags"], strict=True))
    again = dict(zip(after["uids"], after["flags"], strict=True)) if after else known
    return SessionLoss(
        account=before["account"],
        effect_at=effect,
        noticed_at=before["t"],
        noticed_by=before["by"],
        back_at=after["t"] if after else None,
        uidvalidity_kept=after["uidvalidity"] == before["uidvalidity"] if after else None,
        uids_gone=len(known.keys() - again.keys()),
        flags_changed=sum(again[uid] != flags for uid, flags in known.items() if uid in again),
    )


def _losses(rows: list[dict[str, Any]], effects: list[Onset]) -> list[SessionLoss]:
    """All losses of one account, from its events in order."""
    found, opened = [], 0.0
    for row, after in pairwise([*rows, None]):
        assert row is not None
        if row["state"] == "open":
            opened = row["t"]
        else:
            found.append(_loss(row, after, opened, effects))
    return found


def measure_sessions(frames: Frames, faults: list[FaultLife]) -> Sessions:
    """What the lasting sessions went through; at teardown the drill itself ends them."""
    effects = [(life.requested_at or 0.0, life.effective_at) for life in faults if life.effective_at is not None]
    accounts: dict[str, list[dict[str, Any]]] = {}
    end = phase_start(frames, "teardown")
    rows = frames["session"].filter(pl.col("t") < (math.inf if end is None else end))
    for row in rows.iter_rows(named=True):
        accounts.setdefault(row["account"], []).append(row)
    losses = [loss for account in sorted(accounts) for loss in _losses(accounts[account], effects)]
    counted = [loss for loss in losses if loss.effect_at is not None]
    not_back = sum(loss.back_at is None for loss in losses)
    back = [
        loss.back_at - loss.effect_at for loss in counted if loss.back_at is not None and loss.effect_at is not None
    ]
    return Sessions(
        watched=len(accounts),
        broken=len({loss.account for loss in losses}),
        noticed_s=max((loss.noticed_at - (loss.effect_at or 0.0) for loss in counted), default=None),
        back_s=None if not_back else max(back, default=None),
        not_back=not_back,
        uidvalidity_changed=sum(loss.uidvalidity_kept is False for loss in losses),
        uids_gone=sum(loss.uids_gone for loss in losses),
        flags_changed=sum(loss.flags_changed for loss in losses),
        losses=losses,
    )
