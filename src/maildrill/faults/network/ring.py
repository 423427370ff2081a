"""ring: every node sees only its two neighbours."""

from __future__ import annotations

import random
from typing import Any

from maildrill.errors import BadInput
from maildrill.faults.network.partition import Partition
from maildrill.faults.placement import Placement

FEWEST = 4  # three nodes in a ring are all neighbours


class Ring(Partition):
    """The targets and their peers stand in a ring, in the order listed; each reaches the one before and the one after.

    No two nodes see the same cluster, and every node is seen by somebody.
    """

    kind = "ring"
    peers_optional = True
    stands_for = "a mesh of tunnels that lost most of its links, routing in the middle of convergence"

    @classmethod
    def arrange(cls, hit: list[Any], peers: list[Any], asked: Any, dice: random.Random) -> list[Placement]:
        """Each cut pair belongs to exactly one node, the one listed first."""
        members = [*hit, *peers]
        if len(members) < FEWEST:
            raise BadInput(f"a ring needs at least {FEWEST} nodes among target and peers; these are {len(members)}")
        size = len(members)
        cut = {
            place: [members[other] for other in range(place + 2, size) if (place, other) != (0, size - 1)]
            for place in range(size)
        }
        return [Placement(members[place], others) for place, others in cut.items() if others]
