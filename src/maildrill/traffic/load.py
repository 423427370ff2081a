"""How busy the engine's machine is: a container sees the processors' times of the whole machine (proc_stat(5))."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from maildrill.journal.events import Load
from maildrill.traffic.emitter import Emitter

EVERY_S = 1.0
IDLE = (3, 4)
"""Places of idle and iowait in a line of /proc/stat; the ten places end with two that are counted in others."""
OWN = 8


def read_stat() -> str:
    """The kernel's times. Raises OSError where there are none."""
    return Path("/proc/stat").read_text(encoding="ascii")


class LoadMeter:
    """Writes a Load event at each look but the first: what the processors did since the last one."""

    def __init__(self, emitter: Emitter, read: Callable[[], str] = read_stat) -> None:
        self._emitter, self._read = emitter, read
        self._last: tuple[int, int] | None = None

    async def look(self, due: float) -> None:
        """Look now; without a /proc/stat nothing is written. ``due``: when this look was due, s."""
        try:
            lines = [line.split() for line in self._read().splitlines() if line.startswith("cpu")]
        except OSError:
            return
        times = [int(value) for value in lines[0][1 : 1 + OWN]]
        total, idle, cores = sum(times), sum(times[place] for place in IDLE), len(lines) - 1
        if self._last is not None and total > self._last[0]:
            part = 1 - (idle - self._last[1]) / (total - self._last[0])
            self._emitter.event(Load(self._emitter.at(due), round(min(1.0, max(0.0, part)) * cores, 3), cores))
        self._last = total, idle
