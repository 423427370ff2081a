"""bridge: two halves of a cluster that only one node connects."""

from __future__ import annotations

import random
from typing import Any

from maildrill.errors import BadInput
from maildrill.faults.network.partition import Partition
from maildrill.faults.placement import Placement


class Bridge(Partition):
    """The peers fall into two halves that cannot reach each other; the target still reaches both.

    Halves are dealt in turn, in the order the peers are listed: first, third, fifth ... against second,
    fourth, sixth ..., so that one of each pair of servers is on either side.
    """

    kind = "bridge"
    stands_for = (
        "a failed link between two switches while one server has a leg in both. Cloudflare, 2 November 2020: a "
        "switch that failed in part kept two of three etcd members apart while the third reached both, and leaders "
        "were elected without end"
    )

    @classmethod
    def arrange(cls, hit: list[Any], peers: list[Any], asked: Any, dice: random.Random) -> list[Placement]:
        """On each node of one half, against the whole other half."""
        if len(peers) < 2:
            raise BadInput("a bridge needs at least two peers: the two halves that the target connects")
        return [Placement(node, peers[1::2]) for node in peers[0::2]]
