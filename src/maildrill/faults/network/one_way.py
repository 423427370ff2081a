"""one-way: packets between the target and its peers pass in one direction only."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled, destination, hook, source
from maildrill.scenario.model import Strict


class OneWay(Ruled):
    """A link that lost one direction: one side hears the other and is not heard.

    No TCP connection opens across it either way, but requests, heartbeats and votes of one side still
    arrive: the failure that fools simple failure detectors.
    """

    kind = "one-way"
    stands_for = "an asymmetric route, a half-broken fibre pair, a firewall that filters one direction only"
    has_peers = True

    class Parameters(Strict):
        """Which direction is lost."""

        lost: Literal["in", "out"] = Field(
            "in", description="in: what the peers send never arrives; out: what the target sends never arrives"
        )

    def chains(self) -> list[str]:
        """Drop in one chain only."""
        if self.asked.lost == "in":
            return [f"{hook('input')} {source(self.peers)} drop"]
        return [f"{hook('output')} {destination(self.peers)} drop"]

    def effect(self) -> tuple[bool, str]:
        """Datagrams between the target and each peer arrive in one direction and not in the other."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """One datagram each way between the target and each peer."""
        expected = {"in": (True, False), "out": (False, True)}[self.asked.lost] if broken else (True, True)
        seen = [(peer.name, self._between(peer)) for peer in self.peers]
        text = "; ".join(
            f"{self.target.name} -> {name} {_word(out)}, {name} -> {self.target.name} {_word(back)}"
            for name, (out, back) in seen
        )
        return bool(seen) and all(each == expected for _, each in seen), text

    def _between(self, peer: Any) -> tuple[bool, bool]:
        peer.container.reload()
        process = peer.container.attrs["State"]["Pid"]
        out, back = look(self.world, self.target, "datagrams", self.target.address, peer.address, process)
        return out, back


def _word(arrives: bool) -> str:
    return "arrives" if arrives else "lost"
