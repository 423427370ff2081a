"""Stop conditions: when a drill ends early, because going on would prove nothing or do harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from maildrill.cluster.engine import ENGINE_FAILURES
from maildrill.custody.work import Work
from maildrill.drill.progress import LiveLedger
from maildrill.drill.recovery import run_in
from maildrill.scenario.model import Stop

COMMAND_DEADLINE_S = 10.0


class StoppedEarly(Exception):
    """A stop condition came true; the message says which, and what was seen."""


class Stops:
    """The stop conditions of one drill.

    ``nodes_of`` finds the nodes in which a condition's command is run; ``note`` (name, detail) writes down that it
    could not.
    """

    def __init__(
        self,
        stops: list[Stop],
        live: LiveLedger,
        now: Callable[[], float],
        nodes_of: Callable[[Stop], list[Any]],
        note: Callable[[str, str], None],
    ) -> None:
        self._stops, self._live, self._now, self._nodes_of, self._note = stops, live, now, nodes_of, note
        self._noted: set[str] = set()
        self._due = dict.fromkeys(range(len(stops)), 0.0)
        self._running: dict[int, Work] = {}
        self._refused: list[str] = []

    def check(self) -> None:
        """Look at every condition; waits for nothing. Raises StoppedEarly."""
        for index, stop in enumerate(self._stops):
            self._check_probe(stop)
            self._check_messages(stop)
            if stop.run is not None:
                self._start_command(index, stop)
        if self._refused:
            raise StoppedEarly(self._refused[0])

    def _check_probe(self, stop: Stop) -> None:
        since = self._live.failing_since.get(stop.probe or "")
        if since is not None and stop.longer_than is not None and self._now() - since > stop.longer_than:
            raise StoppedEarly(f"{stop.probe} has failed since {since:.1f} s, longer than {stop.longer_than:g} s")

    def _check_messages(self, stop: Stop) -> None:
        if stop.messages is None or stop.above is None:
            return
        live = self._live
        counts = {"outstanding": live.outstanding, "refused": live.refused, "bounced": lambda: len(live.bounced)}
        number = counts[stop.messages]()
        if number > stop.above:
            raise StoppedEarly(f"{number} messages are {stop.messages}, more than {stop.above}")

    def _start_command(self, index: int, stop: Stop) -> None:
        running = self._running.get(index)
        if (running is None or running.over()) and time.monotonic() >= self._due[index]:
            self._due[index] = time.monotonic() + stop.every
            self._running[index] = Work(self._command, stop)

    def _command(self, stop: Stop) -> None:
        try:
            nodes = self._nodes_of(stop)
        except ENGINE_FAILURES as problem:
            self._note_once(f"{stop.run!r} is run nowhere as long as nobody can tell where: {problem}")
            return
        for work in [Work(self._look, stop, node) for node in nodes]:
            work.wait()
            work.outcome()

    def _look(self, stop: Stop, node: Any) -> None:
        try:
            code, output = run_in(node, stop.run or "", COMMAND_DEADLINE_S)
            why = f"ended with exit code {code}: {output}".rstrip(": ") if code else ""
        except TimeoutError:
            why = f"did not end within {COMMAND_DEADLINE_S:g} s" if _runs(node) else ""
        except ENGINE_FAILURES:  # the node is dead or frozen: that says nothing about the condition
            why = ""
        if why:
            self._refused.append(f"{stop.run!r} in {node.name} {why}")

    def _note_once(self, text: str) -> None:
        if text not in self._noted:
            self._noted.add(text)
            self._note("stop-not-looked", text)


def _runs(node: Any) -> bool:
    """Whether a node is neither dead nor frozen; what hangs in it hangs by itself."""
    try:
        node.container.reload()
    except ENGINE_FAILURES:
        return False
    return bool(node.container.status == "running")
