"""cpu-starvation: the node gets a small part of one processor."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field

from maildrill.faults.fault import Fault
from maildrill.faults.process.limits import set_limits, usage
from maildrill.scenario.model import Strict

CPU = 1_000_000_000
PROVEN_PERIODS = 3


class Share(Strict):
    """How much is left."""

    cpus: float = Field(0.02, ge=0.01, le=64, description="processors the whole node may use; 1 is one core")


@dataclass
class CpuStarvation(Fault):
    """Everything in the node works, slowly: its processes wait for the processor most of the time.

    Time-outs of its clients decide whether that is a slow server or a dead one.
    """

    kind = "cpu-starvation"
    Parameters = Share
    needs = ("cpu-limit",)
    stands_for = (
        "a noisy neighbour, a hypervisor that is oversold, a runaway process on the mail host. Cloudflare, 2 July "
        "2019: one regular expression took every processor of its network for 27 minutes"
    )

    _before: int | None = field(default=None, init=False, repr=False)

    def inject(self) -> None:
        """Limit the node's processor time; twice changes nothing. Raises APIError if refused."""
        self._before = self._throttled()
        set_limits(self.world.client, self.target.container, NanoCpus=int(self.asked.cpus * CPU))

    def heal(self) -> None:
        """Give it all processors of the machine: the engine has no way to remove a limit, 0 changes nothing."""
        everything = self.world.client.info()["NCPU"] * CPU
        set_limits(self.world.client, self.target.container, NanoCpus=everything)

    def effect(self) -> tuple[bool, str]:
        """While the vantage asks its services, the kernel makes the node wait (throttled periods of 0.1 s grow)."""
        if self._before is None:
            return False, "no limit was set"
        for port, protocol in self.target.checks:
            self.world.look(self.target.address, port, protocol)
        waited = self._throttled() - self._before
        return waited >= PROVEN_PERIODS, f"made to wait in {waited} periods"

    def recovered(self) -> tuple[bool, str]:
        """Every service answers, and the kernel did not make the node wait meanwhile."""
        began = self._throttled()
        answers, seen = super().recovered()
        waited = self._throttled() - began
        return answers and not waited, f"made to wait in {waited} periods; {seen}"

    def _throttled(self) -> int:
        """In how many periods the kernel held the node back since it started: a new start counts from 0."""
        return int(usage(self.world.client, self.target.container)["cpu_stats"]["throttling_data"]["throttled_periods"])
