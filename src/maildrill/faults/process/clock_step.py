"""clock-step: the node's clock is suddenly wrong, by a step forward or back."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from maildrill.cluster.clocks import NO_OFFSET, OFFSET_FILE
from maildrill.cluster.files import archive
from maildrill.faults.fault import Fault
from maildrill.faults.numbers import number_in
from maildrill.faults.process.processes import is_running
from maildrill.scenario.model import Strict

TOLERANCE_S = 3.0
LEAST_S = 2 * TOLERANCE_S


def _can_be_seen(by: float) -> float:
    if abs(by) < LEAST_S:
        raise ValueError(f"at least {LEAST_S:g} s forward or back: less cannot be told from no step")
    return by


class Offset(Strict):
    """Which way, and how far."""

    by: Annotated[float, AfterValidator(_can_be_seen)] = Field(
        description="what is added to the node's clock, s, at least 6; negative sets it back", ge=-3e9, le=3e9
    )


class ClockStep(Fault):
    """Every program of the node reads a clock that is ``by`` s wrong, from one moment to the next.

    The true clock of the kernel is not touched: times of files stay right, and so does the
    monotonic clock. The node is made with libfaketime, because a fault of this kind is in the scenario.
    """

    kind = "clock-step"
    Parameters = Offset
    stands_for = (
        "a virtual machine resumed with an old clock, a broken NTP server, a dead clock battery. Cloudflare, 1 "
        "January 2017: with the leap second time went backwards, and name servers that had not thought of that "
        "failed"
    )
    own_clock = True

    def inject(self) -> None:
        """Write the offset where the node's programs read it; twice changes nothing. Raises APIError."""
        self._write(f"{self.asked.by:+.3f}\n".encode())

    def heal(self) -> None:
        """Set it right and restart the node: a server that saw time go back may refuse to work until then."""
        wrong = is_running(self.target) and self._read() != NO_OFFSET
        self._write(NO_OFFSET)
        if wrong:
            self.target.container.restart(timeout=0)
        elif not is_running(self.target):
            self.target.container.start()

    def effect(self) -> tuple[bool, str]:
        """A program in the node reads a time that differs by the step from what the vantage reads."""
        return self._differs_by(self.asked.by)

    def recovered(self) -> tuple[bool, str]:
        """A program in the node reads the vantage's time, and every service answers."""
        right, seen = self._differs_by(0.0)
        return super().recovered() if right else (False, seen)

    def _differs_by(self, wanted: float) -> tuple[bool, str]:
        here, there = (
            number_in(node.container.exec_run(["date", "+%s.%N"]).output, f"the time of {node.name}")
            for node in (self.target, self.world.cluster.vantage)
        )
        found = here - there
        return abs(found - wanted) <= TOLERANCE_S, f"the clock of {self.target.name} differs by {found:.1f} s"

    def _write(self, content: bytes) -> None:
        self.target.container.put_archive("/", archive({OFFSET_FILE: content}))

    def _read(self) -> bytes:
        return bytes(self.target.container.exec_run(["cat", OFFSET_FILE]).output)
