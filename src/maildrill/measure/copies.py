"""The typed part of a result that says how the stores of a cluster differed, and when they were equal again."""

from __future__ import annotations

from pydantic import Field

from maildrill.measure.interval import Censored, Interval
from maildrill.measure.part import Part


class Lag(Part):
    """How long messages took from the first store to the last, s, of those first seen within a phase."""

    messages: int
    p50: float
    p95: float
    max: float


class Direction(Part):
    """Replication from the store that had a message first to the one that had it last."""

    first: str
    last: str
    phases: dict[str, Lag]


class Store(Part):
    """One store in itself: what it lacked when the first fault took effect, and in the end."""

    name: str
    behind_at_least: int = Field(
        description="messages that another store certainly had at the effect, and this one certainly not"
    )
    behind_at_most: int = Field(description="and with those of which the looks leave it open")
    behind_s: float | None = Field(description="age of the oldest of these at the effect, s; None without any")
    messages: int = Field(description="different messages at the census")
    lacks: int = Field(description="messages that the census found on another store and not on this one")
    twice: int = Field(description="copies beyond the first of a message at the census")
    not_read: list[str] = Field(description="mailboxes that could not be read to the end at the census")


class Replicas(Part):
    """The stores compared, each looked at directly; only messages that this drill offered count."""

    every_s: float = Field(description="time between two looks at a mailbox, as asked for, s")
    error_s: float | None = Field(
        description="a message may have been there this much before it was seen: the time since the look before, "
        "95th percentile, s"
    )
    lags: list[Direction]
    stores: list[Store]
    lacking_ids: list[str] = Field(description="the first 100 that one store has and another lacks at the census")
    equal: bool | None = Field(description="the same messages, as often, at the census; None: not wholly looked at")
    healed_at: float | None = Field(description="the last heal, verified where that was possible; None: there was none")
    convergence_s: Interval | Censored | None = Field(
        description="from the last heal until every store had each message that any of them had by then, s; "
        "None: no heal, or not looked at"
    )
