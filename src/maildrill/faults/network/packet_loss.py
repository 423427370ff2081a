"""packet-loss: a share of the packets to and from the target is lost."""

from __future__ import annotations

from math import prod
from typing import Any

from pydantic import Field

from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled, destination, hook, source
from maildrill.scenario.model import Strict

ECHOES = 200
PART_OF_EXPECTED = 0.5  # chance makes the measured loss differ from the rate; a healthy network loses none


class PacketLoss(Ruled):
    """A bad link: each packet between the target and its peers (all, if none are named) may be lost.

    Both directions are hit, each with the given probability; TCP repeats what was lost and becomes slow.
    A question for a name that is lost is repeated after 5 s only (glibc), and a server may not greet before.
    """

    kind = "packet-loss"
    stands_for = (
        "a failing transceiver, a saturated uplink, a duplex mismatch. Slack, 4 January 2021: cloud gateways between "
        "its networks did not grow with the first load of the year, and dropped packets"
    )
    has_peers = True
    peers_optional = True

    class Parameters(Strict):
        """How many."""

        percent: float = Field(20.0, gt=0, le=100, description="probability that a packet is lost, each way, %")

    def chains(self) -> list[str]:
        """Drop at random, both ways."""
        drop = f"numgen random mod 10000 < {round(self.asked.percent * 100)} drop"
        return [f"{hook('input')} {source(self.peers)} {drop}", f"{hook('output')} {destination(self.peers)} {drop}"]

    @property
    def _losses(self) -> dict[int, PacketLoss]:
        return self.world.layers.setdefault(("packet-loss", self.target.name), {})

    def inject(self) -> None:
        """Add the rules. Raises RuntimeError if nft fails."""
        super().inject()
        self.added()
        self._losses[self.number] = self

    def heal(self) -> None:
        """Delete the fault's table of rules; a table that went with its namespace is healed already."""
        super().heal()
        self._losses.pop(self.number, None)

    def effect(self) -> tuple[bool, str]:
        """Of 200 ICMP echoes from each peer (or the vantage) at least half the loss expected is missing.

        Where other losses are in force, half of what this one adds to them.
        """
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """Echoes from each observer to the target; healthy means that all but one in a hundred come back."""
        seen = []
        for observer in self.observers:
            arrive = ECHOES * prod(loss._kept for loss in self._others(observer))
            own = arrive * (1 - self._kept)
            least = ECHOES - arrive + (max(1.0, own * PART_OF_EXPECTED) if broken else min(own / 2, ECHOES / 100))
            lost = ECHOES - look(self.world, observer, "echoes", self.target.address, ECHOES)
            seen.append(f"{observer.name}: {lost} of {ECHOES} echoes lost")
            if (lost >= least) is not broken:
                return False, seen[-1]
        return True, "; ".join(seen)

    @property
    def _kept(self) -> float:
        """The share of echoes that pass this loss, both ways."""
        return float((1 - self.asked.percent / 100) ** 2)

    def _others(self, observer: Any) -> list[PacketLoss]:
        """The other losses on the node that an echo from there meets."""
        losses = list(self._losses.items())
        return [loss for number, loss in losses if number != self.number and loss.meets(observer)]
