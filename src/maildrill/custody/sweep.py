"""Find and remove what drills left behind. A session is alive while its reaper runs.

Nothing is touched that does not carry maildrill's label, or, for loop devices, that has no image
file of a drill behind it. The volume with the image files is removed after the devices: as long as
a device may be left, there is something that says so.
"""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from docker.errors import APIError, NotFound

from maildrill.cluster.disks import disk_volume
from maildrill.cluster.images import ensure_images
from maildrill.custody import loops
from maildrill.custody.guard import LOOP_DEVICES, REAPER_LABEL
from maildrill.errors import EnvironmentProblem

SESSION_LABEL = "maildrill.session"
REMOVERS = 8
LOOK_LABELS = {"maildrill": "look"}
"""Of the containers that look at loop devices: they are of no session."""
BESIDE = (REAPER_LABEL, "maildrill=look")
"""Labels of what removes itself when it has ended, and so must only be looked for where it was never started."""
NEVER_STARTED_S = 60.0
"""What was made and not started after so long lost its harness between the two."""
IN_USE = (403, 409)  # the engine's answers for a network with endpoints, and for containers and volumes
REMOVE_OPTIONS: dict[str, dict[str, bool]] = {
    "container": {"force": True, "v": True},
    "volume": {"force": True},
    "network": {},
}


@dataclass(frozen=True)
class Found:
    """Something of a session: a container, volume, network, loop device, or the volume of its image files."""

    kind: str
    session: str
    name: str
    thing: Any = None

    def __str__(self) -> str:
        return f"{'volume' if self.kind == 'images' else self.kind} {self.name}"


def _labels(thing: Any) -> dict[str, str]:
    attrs = thing.attrs
    return attrs.get("Labels") or (attrs.get("Config") or {}).get("Labels") or {}


def live_sessions(client: Any) -> set[str]:
    """Sessions whose reaper is running."""
    reapers = client.containers.list(filters={"label": REAPER_LABEL}, ignore_removed=True)
    return {_labels(reaper)[REAPER_LABEL] for reaper in reapers}


def _found(client: Any, session: str | None) -> list[Found]:
    """Everything labelled, and loop devices.

    Devices are looked for (which takes half a second) if there are image files, or if our own kernel, which often
    is the engine's, has an orphan: somebody may have removed the volume of image files by hand. One kernel may
    serve several engines: a device with its file belongs to a drill of another one, if nothing of it is here.
    """
    filters = {"label": SESSION_LABEL if session is None else f"{SESSION_LABEL}={session}"}
    things = [("container", thing) for thing in client.containers.list(all=True, filters=filters, ignore_removed=True)]
    things += [("volume", thing) for thing in client.volumes.list(filters=filters)]
    things += [("network", thing) for thing in client.networks.list(filters=filters)]
    found = [Found(kind, _labels(thing)[SESSION_LABEL], thing.name, thing) for kind, thing in things]
    found = [Found("images", f.session, f.name, f.thing) if f.name == disk_volume(f.session) else f for f in found]
    sessions = {each.session for each in found} if session is None else {session}
    alone = loops.orphans() if session is None else loops.attached(session)
    if alone or any(each.kind == "images" for each in found):
        found += [each for each in _loops(client, "list", *sorted(sessions)) if session in (None, each.session)]
    return found


def leftovers(client: Any, session: str | None = None) -> list[str]:
    """What is there now, by looking: lines such as "container maildrill-ab12-mx1"."""
    return [str(each) for each in _found(client, session)]


def remove_session(client: Any, session: str) -> list[str]:
    """Remove everything of one session and look again: what is left, which should be nothing."""
    _remove_all(client, _found(client, session), {session})
    return leftovers(client, session)


def _age_s(container: Any) -> float:
    """How long ago a container was made, s."""
    made = datetime.fromisoformat(str(container.attrs["Created"])[:19]).replace(tzinfo=UTC)
    return (datetime.now(UTC) - made).total_seconds()


def of_dead_owners(client: Any) -> list[Found]:
    """What is there now of drills that do not run any more."""
    found = _found(client, None)  # before the look at who lives: a drill that begins meanwhile is not dead
    alive = live_sessions(client)
    return [each for each in found if each.session not in alive]


def sweep(client: Any) -> list[str]:
    """Remove what dead owners left; returns what was removed, after looking. Live drills are left alone."""
    dead = of_dead_owners(client)
    _remove_all(client, dead, {each.session for each in dead})
    left = set(map(str, of_dead_owners(client))) if dead else set()
    beside = [container for label in BESIDE for container in _over(client, label)]
    for container in beside:
        _remove("container", container)
    gone = [str(each) for each in dead if str(each) not in left]
    return [*gone, *(f"container {container.name}" for container in beside)]


def _over(client: Any, label: str) -> list[Any]:
    """Containers with a label that have ended, or that nobody will start any more; young ones are about to be."""
    over = {"label": label, "status": ["exited", "dead", "created"]}
    found = client.containers.list(all=True, filters=over, ignore_removed=True)
    return [container for container in found if container.status != "created" or _age_s(container) > NEVER_STARTED_S]


def _remove_all(client: Any, found: list[Found], sessions: set[str]) -> None:
    """Containers; then volumes and networks; then loop devices; last the volumes of their image files."""
    _remove_kinds(found, "container")
    _remove_kinds(found, "volume", "network")
    if any(each.kind in ("images", "loop") for each in found):
        attached = {each.session for each in _loops(client, "detach", *sorted(sessions))}
        _remove_kinds([each for each in found if each.session not in attached], "images")


def _remove_kinds(found: list[Found], *kinds: str) -> None:
    with ThreadPoolExecutor(REMOVERS) as pool:
        list(pool.map(lambda each: _remove(each.kind, each.thing), [each for each in found if each.kind in kinds]))


def _remove(kind: str, thing: Any) -> None:
    try:
        thing.remove(**REMOVE_OPTIONS["volume" if kind == "images" else kind])
    except NotFound:
        pass
    except APIError as problem:
        if problem.status_code not in IN_USE:  # or someone else is removing it: the next look tells
            raise


def _loops(client: Any, act: str, *sessions: str) -> list[Found]:
    """Loop devices of drills after ``act`` (list, or detach those of sessions).

    Looked at from a container, because the engine need not be on this machine; the engine removes it.
    """
    container = client.containers.create(
        ensure_images(client, ["helper"])["helper"],
        ["python3", "-c", inspect.getsource(loops), act, *sessions],
        labels=LOOK_LABELS,
        network_mode="none",
        auto_remove=True,
        device_cgroup_rules=LOOP_DEVICES,
    )
    lines = container.attach(stream=True, logs=True)
    container.start()
    output = b"".join(lines).decode(errors="replace")
    try:
        rows = [line.split() for line in output.splitlines() if line and line[0].isdigit()]
        return [Found("loop", session, f"device /dev/loop{number} of session {session}") for number, session in rows]
    except ValueError:
        raise EnvironmentProblem(f"the loop devices of drills could not be looked at: {output[-300:]}") from None
