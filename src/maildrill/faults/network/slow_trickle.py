"""slow-trickle: a conversation with the target crawls."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.looks import look
from maildrill.faults.network.proxied import Proxied
from maildrill.scenario.model import Strict

LOOKED_AT_S = 1.0
PART = 0.8  # the first bytes come at once


class SlowTrickle(Proxied):
    """Bytes pass at a crawl in each direction of every connection to one TCP port, TLS or not.

    The server answers and nothing times out at first: slots and locks are held for as long as it takes.
    The server sees its own address as the client's.
    """

    kind = "slow-trickle"
    stands_for = "a tarpit, a server under memory pressure, a slow-sending attacker (slowloris)"

    class Parameters(Strict):
        """Where, and how slowly."""

        port: int = Field(ge=1, le=65535, description="TCP port of the target")
        rate: int = Field(50, ge=1, le=1000, description="bytes a second in each direction of a connection")

    def orders(self) -> tuple[str, int]:
        """Trickle at so many bytes a second."""
        return "trickle", self.asked.rate

    def effect(self) -> tuple[bool, str]:
        """The port's first line comes no faster than the rate (with TLS: not within 1 s), seen from the vantage."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """How long the first line takes; of a server that speaks second, nothing can be seen."""
        server = f"{self.target.address}:{self.asked.port}"
        tls = dict(self.target.checks).get(self.asked.port) == "imaps"
        size, seconds = look(self.world, self.observers[0], "greeting", server, "tls" if tls else "plain", LOOKED_AT_S)
        text = f"{server}: {size} bytes in {seconds:.3f} s"
        due = min(LOOKED_AT_S, LOOKED_AT_S if tls else size / self.asked.rate)
        if broken:
            return seconds >= due * PART and size >= (0 if tls else 1), text
        return size > 0 and seconds < due * PART, text
