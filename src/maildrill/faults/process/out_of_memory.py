"""out-of-memory: the node's memory is used up, and the kernel kills its processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import Field

from maildrill.faults.fault import Fault
from maildrill.faults.process.again import Again
from maildrill.faults.process.limits import set_limits, usage
from maildrill.faults.process.processes import is_running
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Duration

MIB = 1 << 20
HOG = "head -c {size} /dev/zero | tail -n 1 | wc -c"  # tail keeps a line, and so all of it, in memory


class Tightness(Strict):
    """How little memory is left, and how often something asks for more."""

    spare: int = Field(16, ge=4, description="memory left above what the node uses now, caches included, MiB")
    again: Duration = Field(0.5, description="time between two greedy processes, s")


@dataclass
class OutOfMemory(Fault):
    """A memory limit just above what the node uses, and a process in the node that wants more, again and again.

    Each time the kernel kills the largest process of the node: the greedy one or a mail daemon.
    """

    kind = "out-of-memory"
    Parameters = Tightness
    needs = ("memory-limit",)
    stands_for = (
        "a leaking daemon, an indexer or virus scanner beside the mail server, a container sized too small. "
        "Dovecot's synchronous replication that looped until memory was gone (dovecot/core #223, 2024)"
    )

    _since: float | None = field(default=None, init=False, repr=False)
    _limit: int = field(default=MIB, init=False, repr=False)
    _loop: Again | None = field(default=None, init=False, repr=False)

    def inject(self) -> None:
        """Set the limit and start the greedy process; again, where another fault or a start may have undone that.

        Raises APIError if refused, RuntimeError if the node is down.
        """
        if self._loop is not None:
            self._loop.stop()  # a greedy process that was given its memory would be above the limit
        self._since = self._engine_now()
        self._limit = max(self._limit, self._used() + self.asked.spare * MIB)
        set_limits(self.world.client, self.target.container, Memory=self._limit, MemorySwap=self._limit)
        self._loop = Again(self._take_it_all, self.asked.again)
        self._loop.start()

    def _used(self) -> int:
        """Memory of the node now, caches included, B."""
        used = usage(self.world.client, self.target.container)["memory_stats"].get("usage")
        if used is None:
            raise RuntimeError(f"{self.target.name} is down: nothing uses its memory")
        return int(used)

    def _take_it_all(self) -> bool:
        """Whether a process of the node was given as much memory as the limit is."""
        command = ["sh", "-c", HOG.format(size=self._limit)]
        output = self.target.container.exec_run(command).output.decode(errors="replace")
        return bool(output.strip() == str(self._limit))

    def heal(self) -> None:
        """Raise the limit to all of the machine's memory, and start the node if its first process was killed.

        The engine cannot remove a memory limit from a running container: 0 and -1 change nothing.
        """
        if self._loop is not None:
            everything = self.world.client.info()["MemTotal"]
            set_limits(self.world.client, self.target.container, Memory=everything, MemorySwap=everything)
            self._loop.stop()
        if not is_running(self.target):
            self.target.container.start()

    def effect(self) -> tuple[bool, str]:
        """The engine reports that the kernel ran out of memory in this node since (its event "oom")."""
        if self._since is None:
            return False, "no memory limit was set"
        wanted: dict[str, Any] = {"container": self.target.container.id, "event": "oom"}
        events = self.world.client.events(since=self._since, until=self._engine_now(), filters=wanted, decode=True)
        count = sum(1 for _ in events)
        return count > 0, f"{count} out-of-memory events of the engine"

    def recovered(self) -> tuple[bool, str]:
        """A process of the node may have as much memory as the fault asked for, and every service answers."""
        return super().recovered() if self._take_it_all() else (False, "memory beyond the limit was not given")

    def _engine_now(self) -> float:
        """The engine's own clock, s: it may run on another machine."""
        text = str(self.world.client.info()["SystemTime"]).replace("Z", "+00:00")
        return datetime.fromisoformat(text).timestamp()
