"""partition-reset: TCP between the target and its peers is reset, everything else vanishes."""

from __future__ import annotations

from typing import Any

from maildrill.faults.network.partition import Partition
from maildrill.faults.network.rules import destination, hook, source


class PartitionReset(Partition):
    """A firewall that answers every TCP packet between the target and its peers with a reset.

    Open connections break at once and new ones are refused, so nobody waits for a time-out; other
    packets are dropped.
    """

    kind = "partition-reset"
    stands_for = "a firewall rule that rejects, a NAT box or load balancer that lost its table of connections"
    broken_word = "refused"

    def chains(self) -> list[str]:
        """Reset, then drop what is not TCP; the resets themselves pass."""
        pass_resets, reset = "tcp flags & rst == rst accept", "meta l4proto tcp reject with tcp reset"
        came, goes = source(self.cut_off_from), destination(self.cut_off_from)
        return [
            f"{hook('input')} {came} {pass_resets}; {came} {reset}; {came} drop",
            f"{hook('output')} {goes} {pass_resets}; {goes} {reset}; {goes} drop",
        ]

    def effect(self) -> tuple[bool, str]:
        """Every connection from the target to a peer, and back, is refused at once, seen from both ends."""
        return self.sees(broken=True)

    def tells(self, node: Any) -> bool:
        """A node that serves nothing refuses in any case."""
        return bool(node.checks)
