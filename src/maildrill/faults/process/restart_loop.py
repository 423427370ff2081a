"""restart-loop: the node comes up, dies again, comes up, dies again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from pydantic import Field

from maildrill.faults.process.again import Again
from maildrill.faults.process.kill import Kill
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Duration


class Cycle(Strict):
    """How long the node lives and stays dead in each round."""

    up: Duration = Field(2.0, description="from the node's start to its next death, s")
    down: Duration = Field(1.0, description="from its death to its next start, s")


@dataclass
class RestartLoop(Kill):
    """A server that crashes soon after each start, over and over, until healed.

    Worse than a dead one for those who depend on it: health checks take it in again each time, and
    clients that reached it lose their connections.
    """

    kind = "restart-loop"
    applied_once = True
    Parameters = Cycle
    stands_for = (
        "a crash loop under systemd or Kubernetes, a bad disk or configuration found only under load. "
        "docker-mailserver #4150 (2024): a stale pid file after an unclean stop; CrowdStrike, 19 July 2024: some 8.5 "
        "million Windows machines"
    )

    _loop: Again | None = field(default=None, init=False, repr=False)
    _phases: list[bool] = field(default_factory=list, init=False, repr=False)
    _answers_since: float | None = field(default=None, init=False, repr=False)

    def inject(self) -> None:
        """Kill the node, start it after ``down`` s, kill it again after ``up`` s, and so on."""
        if self._loop is None:
            self._loop = Again(self._round, self.asked.up)
            self._loop.start()

    def _round(self) -> None:
        super().inject()
        if self._loop is None or not self._loop.stopping.wait(self.asked.down):
            self.target.container.start()

    def heal(self) -> None:
        """End the loop and start the node; starting a running one changes nothing."""
        if self._loop is not None:
            self._loop.stop()
        super().heal()

    def proof_deadline(self) -> float:
        """Two rounds more than usual: it must be seen dead twice."""
        return super().proof_deadline() + 2 * (self.asked.up + self.asked.down)

    def recovery_deadline(self) -> float:
        """A round more than usual."""
        return super().recovery_deadline() + self.asked.up + self.asked.down

    def effect(self) -> tuple[bool, str]:
        """From the vantage: the node's services were dead, answered, and were dead again."""
        up, dead = self._services(expected=True)[0], self._services(expected=False)[0]
        if up is not dead and (not self._phases or self._phases[-1] is not up):
            self._phases.append(up)
        story = "seen " + ", ".join("up" if phase else "dead" for phase in self._phases)
        if self._phases.count(False) >= 2:
            return True, story
        return False, f"{story}; if its services take longer than {self.asked.up:g} s to start, let it live longer (up)"

    def recovered(self) -> tuple[bool, str]:
        """Every service answers, in all looks over longer than one round of the loop."""
        answers, seen = super().recovered()
        if not answers:
            self._answers_since = None
            return False, seen
        now = time.monotonic()
        self._answers_since = self._answers_since or now
        lasting = now - self._answers_since
        return lasting > self.asked.up + self.asked.down, f"answers for {lasting:.1f} s; {seen}"
