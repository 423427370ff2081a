"""Starts the reaper of a drill and keeps its lifeline: an attached stdin that dies with us."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

from docker.errors import APIError, NotFound
from docker.types import Mount

from maildrill.cluster.engine import socket_of
from maildrill.custody import loops, reaper, unborn
from maildrill.errors import EnvironmentProblem

REAPER_LABEL = "maildrill.reaper-of"
OWNER_LABEL = "maildrill.owner"
"""The process of the harness, for people who wonder whose a reaper is."""
RUNNING_DEADLINE_S = 10.0
BAD_REQUEST = 400  # the engine's answer for a mount of something that is not there
REMOVAL_IN_PROGRESS = 409  # the engine's answer, as for all conflicts
LOOP_DEVICES = [f"b {loops.LOOP_MAJOR}:* rwm"]
"""What of the machine's devices it takes to detach loop devices."""


class Guard:
    """The reaper of one session. Start it before anything else is made, release it last."""

    def __init__(self, client: Any, image: str, session: str, disks: bool = False) -> None:
        """``disks``: the session may have loop devices, so the reaper may detach them.

        Raises EnvironmentProblem if the engine's socket cannot be given to the reaper, or if it does not run.
        """
        self._client, self._path = client, socket_of(client)
        self._beside = subprocess.Popen(
            [sys.executable, "-c", unborn.WATCH, _name(session)], stdin=subprocess.PIPE, start_new_session=True
        )
        self._container = self._made(image, session, disks)
        for module in (reaper, loops):
            path = f"opt/{module.__name__.replace('.', '/')}.py"
            self._container.put_archive("/", _tar(path, Path(str(module.__file__)).read_bytes()))
        self._socket = client.api.attach_socket(self._container.id, params={"stdin": 1, "stream": 1})
        self._container.start()
        self._await_running()
        self._beside.communicate(b"it runs")

    def _made(self, image: str, session: str, disks: bool) -> Any:
        """A mount, not a volume: of a path that is not there the engine would make a folder."""
        try:
            return self._create(image, session, disks)
        except APIError as problem:
            if problem.status_code != BAD_REQUEST:
                raise
            raise EnvironmentProblem(self._no_reaper(str(problem.explanation))) from problem

    def _create(self, image: str, session: str, disks: bool) -> Any:
        return self._client.containers.create(
            image,
            ["python3", "-m", reaper.__name__, session],
            name=_name(session),
            labels={"maildrill": "reaper", REAPER_LABEL: session, OWNER_LABEL: str(os.getpid())},
            mounts=[Mount(reaper.ENGINE_SOCKET, self._path, type="bind")],
            network_mode="none",
            environment={"PYTHONPATH": "/opt"},
            device_cgroup_rules=LOOP_DEVICES if disks else [],
            stdin_open=True,
            auto_remove=True,
        )

    def check(self) -> None:
        """Look that the reaper still runs: it ends within a second if it does not find its own engine.

        Raises EnvironmentProblem if it has ended: nothing would clean up after a killed drill.
        """
        try:
            self._container.reload()
        except NotFound:
            raise EnvironmentProblem(self._no_reaper("it is not the socket of this engine")) from None

    def _no_reaper(self, why: str) -> str:
        return f"the reaper cannot reach its engine through {self._path} on the engine's machine: {why}"

    def _await_running(self) -> None:
        """Nothing is made before the reaper runs: others take a session without one for dead.

        Raises EnvironmentProblem if it does not within 10 s.
        """
        until = time.monotonic() + RUNNING_DEADLINE_S
        while True:
            try:
                self._container.reload()
                status = self._container.status
            except NotFound:
                status = "gone"
            if status == "running":
                return
            if time.monotonic() > until:
                raise EnvironmentProblem(f"the reaper did not run within {RUNNING_DEADLINE_S:.0f} s; it is {status}")
            time.sleep(0.02)

    def release(self) -> None:
        """The session is clean: end the reaper without an act, and wait until it is gone."""
        raw = getattr(self._socket, "_sock", self._socket)
        try:
            raw.sendall(b"done\n")
            self._container.wait(condition="removed", timeout=10)
        except (OSError, NotFound):
            pass
        finally:
            self._socket.close()
        try:
            self._container.remove(force=True)
        except NotFound:
            pass
        except APIError as problem:
            if problem.status_code != REMOVAL_IN_PROGRESS:
                raise


def _name(session: str) -> str:
    return f"maildrill-{session}-reaper"


def _tar(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
