"""The reaper: a process outside the harness that cleans up when the harness dies.

Runs in a container of its own (standard library only; this file and loops.py are put there). Its
stdin is attached to the harness; when the harness dies, however it dies, the engine closes that
stdin, and after a grace period everything that carries the session's label is removed, and its loop
devices are detached. A line "done" ends it without any act.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import sys
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from maildrill.custody import loops

ENGINE_SOCKET = "/var/run/docker.sock"
GRACE_S = 2.0
PATIENCE_S = 120.0
"""From the first round; two calls that hang fit in."""
PAUSE_S = 0.2
EMPTY_LOOKS = 2
LOOK_AGAIN_S = 1.0
OK = 200
FAILURES = (OSError, http.client.HTTPException, ValueError, TypeError)
"""What one call of an engine that is busy, away or being restarted may raise."""


class EngineConnection(http.client.HTTPConnection):
    """HTTP over the engine's Unix socket."""

    def connect(self) -> None:
        """Open the socket; each call may take 60 s."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(ENGINE_SOCKET)


def engine(method: str, path: str, **query: Any) -> tuple[int, Any]:
    """One call of the engine's API: (status, decoded body). Raises one of FAILURES."""
    with contextlib.closing(EngineConnection("engine")) as connection:
        connection.request(method, f"{path}?{urllib.parse.urlencode(query)}")
        answer = connection.getresponse()
        body = answer.read()
    return answer.status, json.loads(body) if body else None


def attempt(act: Callable[..., Any], *arguments: Any, **query: Any) -> Any:
    """What it returns; None, and a line in the log, if it fails: the next round tries it again."""
    try:
        return act(*arguments, **query)
    except FAILURES as problem:
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        return None


def listed(path: str, session: str, **query: Any) -> list[dict[str, Any]] | None:
    """What the engine has of the session; None if it did not tell."""
    filters = json.dumps({"label": [f"maildrill.session={session}"]})
    status, answer = attempt(engine, "GET", path, filters=filters, **query) or (0, None)
    if isinstance(answer, dict) and "Volumes" in answer:
        answer = answer["Volumes"] or []
    return answer if status == OK and isinstance(answer, list) else None


def remove_all(session: str) -> bool:
    """Remove what carries the session's label, once around; whether every look found nothing."""
    containers = listed("/containers/json", session, all=1)
    for container in containers or []:
        attempt(engine, "DELETE", f"/containers/{container['Id']}", force=1, v=1)
    volumes = listed("/volumes", session)
    _remove([one for one in volumes or [] if not _holds_images(one)])
    devices = attempt(loops.attached, session)
    for number in devices or ():
        attempt(loops.detach, number, session)
    _remove([one for one in volumes or [] if _holds_images(one)])
    networks = listed("/networks", session)
    for network in networks or []:
        attempt(engine, "DELETE", f"/networks/{network['Id']}")
    return containers == volumes == networks == [] and devices == {}


def _remove(volumes: list[dict[str, Any]]) -> None:
    for volume in volumes:
        attempt(engine, "DELETE", f"/volumes/{volume['Name']}", force=1)


def _holds_images(volume: dict[str, Any]) -> bool:
    """Whether a volume holds the image files behind the session's loop devices: it goes last."""
    return str(volume["Name"]).endswith("-disks")


def main(session: str) -> None:
    """Wait for the harness to end; clean up if it did not say "done". Ends at once beside a foreign engine."""
    if engine("GET", f"/containers/maildrill-{session}-reaper/json")[0] != OK:
        print("this socket is another engine's", flush=True)
        return
    print("ready", flush=True)
    if any(line.strip() == "done" for line in sys.stdin):
        return
    time.sleep(GRACE_S)
    clean(session)


def clean(session: str) -> None:
    """Remove until two looks, 1 s apart, find nothing; give up after PATIENCE_S.

    One empty look is not enough: the engine may still be making what the harness asked for with its last breath.
    Something found may be on its way out already: the engine refuses to remove it twice, at once.
    """
    until, empty = time.monotonic() + PATIENCE_S, 0
    while time.monotonic() < until:
        empty = empty + 1 if remove_all(session) else 0
        if empty == EMPTY_LOOKS:
            return
        time.sleep(LOOK_AGAIN_S if empty else PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1])
