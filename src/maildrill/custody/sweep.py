"""Find and remove what drills left behind. A session is alive while its reaper runs.

Nothing is touched that does not carry maildrill's label.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from docker.errors import APIError, NotFound

from maildrill.custody.guard import REAPER_LABEL

SESSION_LABEL = "maildrill.session"
REMOVERS = 8
NEVER_STARTED_S = 60.0
"""A reaper that was made and not started after so long lost its harness between the two."""
CONFLICT = 409
REMOVE_OPTIONS: dict[str, dict[str, bool]] = {
    "container": {"force": True, "v": True},
    "volume": {"force": True},
    "network": {},
}


def _labels(thing: Any) -> dict[str, str]:
    attrs = thing.attrs
    return attrs.get("Labels") or (attrs.get("Config") or {}).get("Labels") or {}


def live_sessions(client: Any) -> set[str]:
    """Sessions whose reaper is running."""
    reapers = client.containers.list(filters={"label": REAPER_LABEL}, ignore_removed=True)
    return {_labels(reaper)[REAPER_LABEL] for reaper in reapers}


def _found(client: Any, session: str | None) -> list[tuple[str, str, Any]]:
    """(kind, session, thing) of everything labelled, containers first: the order of removal."""
    filters = {"label": SESSION_LABEL if session is None else f"{SESSION_LABEL}={session}"}
    things = [("container", thing) for thing in client.containers.list(all=True, filters=filters, ignore_removed=True)]
    things += [("volume", thing) for thing in client.volumes.list(filters=filters)]
    things += [("network", thing) for thing in client.networks.list(filters=filters)]
    return [(kind, _labels(thing)[SESSION_LABEL], thing) for kind, thing in things]


def leftovers(client: Any, session: str | None = None) -> list[str]:
    """What is there now, by looking: lines such as "container maildrill-ab12-mx1"."""
    return [f"{kind} {thing.name}" for kind, _, thing in _found(client, session)]


def remove_session(client: Any, session: str) -> list[str]:
    """Remove everything of one session and look again: what is left, which should be nothing."""
    found = _found(client, session)
    for kinds in (["container"], ["volume", "network"]):
        with ThreadPoolExecutor(REMOVERS) as pool:
            list(pool.map(lambda each: _remove(each[0], each[2]), [each for each in found if each[0] in kinds]))
    return leftovers(client, session)


def _age_s(container: Any) -> float:
    """How long ago a container was made, s."""
    made = datetime.fromisoformat(str(container.attrs["Created"])[:19]).replace(tzinfo=UTC)
    return (datetime.now(UTC) - made).total_seconds()


def _remove(kind: str, thing: Any) -> None:
    try:
        thing.remove(**REMOVE_OPTIONS[kind])
    except NotFound:
        pass
    except APIError as problem:
        if problem.status_code != CONFLICT:  # someone else is removing it, or it is still in use: the next look tells
            raise


def sweep(client: Any) -> list[str]:
    """Remove what dead owners left; returns what was removed. Live drills are left alone."""
    found = _found(client, None)
    alive = live_sessions(client)
    dead = [(kind, thing) for kind, session, thing in found if session not in alive]
    for kind, thing in dead:
        _remove(kind, thing)
    over = {"label": REAPER_LABEL, "status": ["exited", "dead", "created"]}
    reapers = client.containers.list(all=True, filters=over, ignore_removed=True)
    dead_reapers = [reaper for reaper in reapers if reaper.status != "created" or _age_s(reaper) > NEVER_STARTED_S]
    for reaper in dead_reapers:
        _remove("container", reaper)
    return [f"{kind} {thing.name}" for kind, thing in dead] + [f"container {reaper.name}" for reaper in dead_reapers]
