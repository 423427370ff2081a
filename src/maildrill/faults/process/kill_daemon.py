"""kill-daemon: one program inside the node gets SIGKILL; the others live on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from maildrill.faults.fault import Fault
from maildrill.faults.process.again import Again
from maildrill.faults.process.processes import COMM_LENGTH, is_running, must_run, named, send_signal
from maildrill.scenario.model import Strict
from maildrill.scenario.texts import Like
from maildrill.scenario.units import Duration

RESTART_BY_ITSELF_S = 3.0
BURST_S = 1.0
BURST = (
    "i=1; while :; do for f in /proc/[0-9]*/comm; do "
    'read -r name < $f && [ "$name" = "{name}" ] && kill -9 $(basename $(dirname $f)); '
    "done 2>/dev/null; [ $i -lt {rounds} ] || break; sleep {pause}; i=$((i+1)); done"
)


class Victim(Strict):
    """Which program, and whether it dies once or for ever."""

    process: Annotated[str, Like(r"[\w.+-]+", "the name of one program, without path or arguments")] = Field(
        description="name of the program as ps shows it: lmtp, imap-login, qmgr, smtpd ..."
    )
    again: Duration | None = Field(
        None, ge=0.01, le=60, description="kill it again every so often until healed, s; once, if absent"
    )


@dataclass
class KillDaemon(Fault):
    """One program of a server dies by SIGKILL; its master process may start it again at once.

    With ``again`` a restarted one is killed too, as a program that crashes on each start would.
    PID 1 of a node cannot be killed so: use kill.
    """

    kind = "kill-daemon"
    applied_once = True
    Parameters = Victim
    stands_for = (
        "a daemon with a bug that crashes it, an out-of-memory killer that chose one process. Cyrus's sync_client, "
        "which ended and left a replica behind while every service answered (cyrus-imapd #955, #842)"
    )

    _before: set[int] = field(default_factory=set, init=False, repr=False)
    _loop: Again | None = field(default=None, init=False, repr=False)

    def inject(self) -> None:
        """Kill every process of that name. Raises RuntimeError if the node runs none."""
        if self._before:
            return
        found = must_run(self.target, self.asked.process)
        self._before = {one.pid for one in found}
        send_signal(self.target.container, "KILL", found)
        if self.asked.again:
            self._loop = Again(self._burst, self.asked.again)
            self._loop.start()

    def _burst(self) -> None:
        """Kill it every ``again`` s for at most about a second, from inside the node: calls of the engine are slow.

        It ends with a kill: the wait for the next one is the loop's.
        """
        rounds = max(1, round(BURST_S / self.asked.again))
        command = BURST.format(name=self.asked.process[:COMM_LENGTH], rounds=rounds, pause=self.asked.again)
        self.target.container.exec_run(["sh", "-c", command])

    def heal(self) -> None:
        """Kill no more. A node whose master did not start the program again is restarted."""
        if self._loop is not None:
            self._loop.stop()
        if not is_running(self.target):
            self.target.container.start()
        elif self._before and not self._came_back():
            self.target.container.restart(timeout=0)

    def _came_back(self) -> bool:
        until = time.monotonic() + RESTART_BY_ITSELF_S
        while not (back := self._runs_again() or self.recovered()[0]) and time.monotonic() < until:
            time.sleep(0.05)
        return back

    def _runs_again(self) -> bool:
        """Whether the node runs the program anew, which another fault may hide from the vantage."""
        return any(one.pid not in self._before for one in named(self.target.container, self.asked.process))

    def effect(self) -> tuple[bool, str]:
        """None of the processes that ran before runs now: the node's kernel lists other process ids, or none."""
        if not is_running(self.target):
            return bool(self._before), "the whole node went down with it"
        now = {one.pid for one in named(self.target.container, self.asked.process)}
        gone = bool(self._before) and not self._before & now
        return gone, f"{self.asked.process}: was {sorted(self._before)}, is {sorted(now)}"
