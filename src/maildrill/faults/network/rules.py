"""What faults of the network share: rules in a table of their own in the target's network namespace.

The table carries the fault's number, so faults on one node stack and are undone in any order, and it
vanishes with the namespace. Existing tables (Docker's name server lives in one) are never touched.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from maildrill.faults.fault import Fault

EARLY = -300  # before every other rule of the node
WHOLE_DEADLINE_S = 5.0
"""How long a server that was just started may take to answer, before there is nothing to break."""


@dataclass
class Ruled(Fault):
    """A fault made of nftables rules on one node."""

    needs: ClassVar[tuple[str, ...]] = ("helper", "nftables")

    _was_whole: bool = field(default=False, init=False, repr=False)
    _within: str | None = field(default=None, init=False, repr=False)

    @abstractmethod
    def chains(self) -> list[str]:
        """The chains, each "name { type ...; } rule; rule"."""

    @abstractmethod
    def sees(self, broken: bool) -> tuple[bool, str]:
        """Look from outside whether the network is broken (or whole) as this fault says."""

    @property
    def table(self) -> str:
        """The name of the fault's own table."""
        return f"maildrill_{self.number}"

    @property
    def _alive(self) -> bool:
        self.target.container.reload()
        return self.target.container.status in ("running", "paused")

    def added(self) -> None:
        """Its rules were just added; they are gone when the node is started anew."""
        self._within = self._node_started()

    def meets(self, observer: Any) -> bool:
        """Whether packets between that node and the target meet its rules, in the network that the target has now."""
        is_there = self._within is not None and self._within == self._node_started()
        return is_there and (not self.peers or observer.name in {peer.name for peer in self.peers})

    def _node_started(self) -> str:
        self.target.container.reload()
        return str(self.target.container.attrs["State"]["StartedAt"])

    def inside(self, *command: str) -> tuple[int, str]:
        """Run a command in the target's network namespace: (exit code, output)."""
        code, output = self.world.helper.in_network_of(self.target.container, *command)
        return code, str(output).strip()

    def act(self, *command: str) -> None:
        """Run a command that must succeed. Raises RuntimeError with what it said."""
        code, output = self.inside(*command)
        if code:
            raise RuntimeError(f"{command[0]} failed in {self.target.name}: {output}")

    def inject(self) -> None:
        """Add the table; adding it twice leaves one. Raises RuntimeError if nft fails."""
        name = f"inet {self.table}"
        chains = "".join(f"chain {chain}\n}}\n" for chain in self.chains())
        self.act("nft", f"add table {name}\ndelete table {name}\ntable {name} {{\n{chains}}}\n")

    def await_whole(self, what: str) -> None:
        """Wait until the look sees nothing broken: what looks broken before would prove nothing. Once is enough.

        Raises RuntimeError, beginning with ``what`` must be, if that is not seen within 5 s.
        """
        until = time.monotonic() + WHOLE_DEADLINE_S
        while not self._was_whole:
            self._was_whole, seen = self.sees(broken=False)
            if not self._was_whole and time.monotonic() > until:
                raise RuntimeError(f"{what}, but {seen}")

    def heal(self) -> None:
        """Delete the fault's table of rules; a table that went with its namespace is healed already."""
        if self._alive:
            self.inside("nft", f"delete table inet {self.table}")

    def effect(self) -> tuple[bool, str]:
        """See ``sees``."""
        return self.sees(broken=True)

    def recovered(self) -> tuple[bool, str]:
        """The same look sees the opposite. Another fault on the same nodes may hide it."""
        return self.sees(broken=False)

    @property
    def observers(self) -> list[Any]:
        """Whose view counts: the peers, or the vantage if there are none."""
        return self.peers or [self.world.cluster.vantage]


def hook(name: str, type: str = "filter", priority: int = EARLY) -> str:
    """The head of a chain that packets pass on their way in or out; its rules follow."""
    return f"{name} {{ type {type} hook {name} priority {priority};"


def source(peers: list[Any]) -> str:
    """The condition on packets that come from the peers, or from anywhere outside."""
    return f"ip saddr {{ {_all(peers)} }}" if peers else 'iifname != "lo"'


def destination(peers: list[Any]) -> str:
    """The condition on packets that go to the peers, or to anywhere outside."""
    return f"ip daddr {{ {_all(peers)} }}" if peers else 'oifname != "lo"'


def _all(peers: list[Any]) -> str:
    return ", ".join(address for peer in peers for address in peer.addresses)
