"""The harness is killed in the instant between making its reaper and starting it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from maildrill.cluster.engine import connect
from maildrill.cluster.images import ensure_images

pytestmark = pytest.mark.integration

SESSION = "0fba11ed"
KILLED = """
import os, signal
from docker.models.containers import Container
from maildrill.cluster.engine import connect
from maildrill.custody.guard import Guard
Container.start = lambda self, **_: os.kill(os.getpid(), signal.SIGKILL)
Guard(connect(), "{image}", "{session}")
"""


def test_the_reaper_that_was_never_started_is_gone() -> None:
    client = connect()
    image = ensure_images(client, ["helper"])["helper"]
    program = [sys.executable, "-c", KILLED.format(image=image, session=SESSION)]
    assert subprocess.run(program, timeout=60).returncode == -signal.SIGKILL
    until, left = time.monotonic() + 15, [None]
    while left and time.monotonic() < until:
        left = client.containers.list(all=True, filters={"name": f"maildrill-{SESSION}"}, ignore_removed=True)
        time.sleep(0.1)
    assert not left, f"{left[0].name} is {left[0].status}"
