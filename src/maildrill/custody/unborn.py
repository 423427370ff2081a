"""Beside the harness until its reaper runs: a reaper that was made and never started cannot remove itself.

``WATCH`` is a program for ``python -c``, with the reaper's name as its argument. A byte on its stdin says that the
reaper runs, and ends it; the end of stdin says that the harness died before. Only then is this module loaded:
every drill starts one.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from docker.errors import NotFound

from maildrill.cluster.engine import ENGINE_FAILURES, connect

WATCH = f"import runpy, sys; sys.stdin.buffer.read(1) or runpy.run_module({__name__!r}, run_name='__main__')"
LOOK_FOR_S = 10.0
"""The engine may still be making it when the harness is dead already."""
LOOK_EVERY_S = 0.2


def remove_unborn(client: Any, name: str) -> bool:
    """Remove the container once it was seen made and not started twice in a row; False if it runs or never came."""
    until, seen = time.monotonic() + LOOK_FOR_S, 0
    while time.monotonic() < until:
        try:
            container = client.containers.get(name)
            if container.status == "running":
                return False
            seen += container.status == "created"
            if seen > 1:
                container.remove(force=True)
                return True
        except NotFound:
            if seen:
                return False
        time.sleep(LOOK_EVERY_S)
    return False


def main() -> None:
    """The harness died: look."""
    try:
        remove_unborn(connect(), sys.argv[1])
    except ENGINE_FAILURES as problem:
        sys.exit(f"{sys.argv[1]} may be left: {problem}")


if __name__ == "__main__":
    main()
