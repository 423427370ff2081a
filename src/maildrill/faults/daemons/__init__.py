"""Programs that run inside the helper, in a target's network namespace; standard library only.

Each is a module with ``main(arguments, ready)``. It sets itself up, calls ``ready`` once (from then on
it runs in the background) and works until it is killed. Its source is handed to the helper's
Python, so nothing is installed there, and it dies with the helper.
"""

from __future__ import annotations

from pathlib import Path

from maildrill.faults.fault import Fault

LAUNCHER = """
import os, sys, traceback
pidfile, source, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
def ready():
    child = os.fork()
    if child:
        with open(pidfile, "w") as file:
            file.write(str(child))
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
scope = {"__name__": "daemon"}
exec(compile(source, "daemon", "exec"), scope)
scope["main"](arguments, ready)
"""

STOP = """
test -f "$1" || exit 0
pid=$(cat "$1")
tr '\\0' '\\n' < "/proc/$pid/cmdline" 2>/dev/null | grep -qxF "$1" && kill -KILL "$pid" 2>/dev/null
rm -f "$1"
"""
"""The helper sees all processes of the machine: one that has the number of a program that died is somebody else's."""


class Daemon:
    """One background program of a fault: started when ``start`` returns, gone when ``stop`` returns."""

    def __init__(self, fault: Fault, program: str) -> None:
        self._fault = fault
        self._program = program
        self._pidfile = f"/run/maildrill-{program}-{fault.target.name}-{fault.number}.pid"

    def start(self, *arguments: str) -> None:
        """Start it anew in the target's network namespace. Raises RuntimeError with what it said."""
        self.stop()
        source = (Path(__file__).parent / f"{self._program}.py").read_text(encoding="utf-8")
        code, output = self._fault.world.helper.in_network_of(
            self._fault.target.container, "python3", "-c", LAUNCHER, self._pidfile, source, *arguments
        )
        if code:
            raise RuntimeError(f"{self._program} did not start in {self._fault.target.name}: {output.strip()[-300:]}")

    def stop(self) -> None:
        """Kill it; stopping what does not run is harmless."""
        self._fault.world.helper.run("sh", "-c", STOP, "sh", self._pidfile)
