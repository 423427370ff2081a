"""swizzle: nodes are cut off one by one and come back one by one in another order."""

from __future__ import annotations

import random
from typing import Any

from pydantic import Field

from maildrill.faults.network.isolate import Isolate
from maildrill.faults.placement import Placement
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Duration


class Swizzle(Isolate):
    """The targets, then their peers, lose the network one by one, and get it back one by one in random order.

    The order of healing comes from the drill's seed. Found useful by FoundationDB's testers: bugs of
    recovery show when nodes return in another order than they went.
    """

    kind = "swizzle"
    has_peers = True
    peers_optional = True
    stands_for = "a rolling network change that goes wrong, racks that come back in any order after a power cut"

    class Parameters(Strict):
        """How fast it goes round."""

        every: Duration = Field(1.0, description="time between one node and the next, when cut and when healed, s")

    @classmethod
    def arrange(cls, hit: list[Any], peers: list[Any], asked: Any, dice: random.Random) -> list[Placement]:
        """Cut in the order listed, healed in an order drawn by lot."""
        members = [*hit, *peers]
        back = dice.sample(range(len(members)), len(members))
        return [
            Placement(node, [], asked.every * turn, asked.every * rank)
            for turn, (node, rank) in enumerate(zip(members, back, strict=True))
        ]
