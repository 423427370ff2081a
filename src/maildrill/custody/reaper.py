"""The reaper: a process outside the harness that cleans up when the harness dies.

Runs in a container of its own (standard library only; this file and loops.py are put there). Its
stdin is attached to the harness; when the harness dies, however it dies, the engine closes that
stdin, and after a grace period everything that carries the session's label is removed, and its loop
devices are detached. A line "done" ends it without any act.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
import urllib.parse
from typing import Any

from maildrill.custody import loops

ENGINE_SOCKET = "/var/run/docker.sock"
GRACE_S = 2.0
ROUNDS = 5


class EngineConnection(http.client.HTTPConnection):
    """HTTP over the engine's Unix socket."""

    def connect(self) -> None:
        """Open the socket; each call may take 60 s."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(ENGINE_SOCKET)


def engine(method: str, path: str, **query: Any) -> tuple[int, Any]:
    """One call of the engine's API: (status, decoded body)."""
    connection = EngineConnection("engine")
    connection.request(method, f"{path}?{urllib.parse.urlencode(query)}")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body else None


def remove_all(session: str) -> int:
    """Remove what carries the session's label, once around; returns how many things were found."""
    filters = json.dumps({"label": [f"maildrill.session={session}"]})
    _, containers = engine("GET", "/containers/json", all=1, filters=filters)
    for container in containers or []:
        engine("DELETE", f"/containers/{container['Id']}", force=1, v=1)
    _, answer = engine("GET", "/volumes", filters=filters)
    volumes = (answer or {}).get("Volumes") or []
    for volume in volumes:
        if not _holds_images(volume):
            engine("DELETE", f"/volumes/{volume['Name']}", force=1)
    devices = loops.attached(session)
    for number in devices:
        loops.detach(number, session)
    for volume in volumes:
        if _holds_images(volume):
            engine("DELETE", f"/volumes/{volume['Name']}", force=1)
    _, networks = engine("GET", "/networks", filters=filters)
    for network in networks or []:
        engine("DELETE", f"/networks/{network['Id']}")
    return len(containers or []) + len(volumes) + len(devices) + len(networks or [])


def _holds_images(volume: dict[str, Any]) -> bool:
    """Whether a volume holds the image files behind the session's loop devices: it goes last."""
    return str(volume["Name"]).endswith("-disks")


def main(session: str) -> None:
    """Wait for the harness to end; clean up if it did not say "done". Ends at once beside a foreign engine."""
    if engine("GET", f"/containers/maildrill-{session}-reaper/json")[0] != 200:
        print("this socket is another engine's", flush=True)
        return
    print("ready", flush=True)
    if any(line.strip() == "done" for line in sys.stdin):
        return
    time.sleep(GRACE_S)
    for _ in range(ROUNDS):
        if not remove_all(session):
            return


if __name__ == "__main__":
    main(sys.argv[1])
