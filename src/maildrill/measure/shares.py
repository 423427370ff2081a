"""The typed part of a result that says how a proxy spread its sessions over its servers."""

from __future__ import annotations

from pydantic import Field

from maildrill.measure.part import Part


class Share(Part):
    """What one server got. ``not_taken``: sessions that the proxy meant for it, and that it never took."""

    sessions: int = 0
    share: float | None = Field(None, description="of the backend's sessions in this phase; None without any")
    not_taken: int = 0


class Spread(Part):
    """One backend in one phase."""

    servers: dict[str, Share]
    unserved: int = Field(description="sessions for which the proxy had no server left")
    members: list[str] = Field(
        description="should have taken part: no backup, not drained for half of it, nor down but after the heal"
    )
    fairness: float | None = Field(
        description="Jain's index of the members' sessions; None of fewer than two, or than 10 sessions a member"
    )


class Balance(Part):
    """One backend of one proxy. Phases: baseline; fault, from the first effect to the last heal; after."""

    proxy: str
    backend: str
    active: list[str] = Field(description="servers that are not backups")
    phases: dict[str, Spread]
