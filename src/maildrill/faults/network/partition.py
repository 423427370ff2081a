"""partition: packets between the target and its peers vanish (black hole), both ways."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled, destination, hook, source

PATIENCE_S = 0.4
NOTHING_THERE = 9  # the discard port: for nodes that serve nothing, "refused" is an answer too


class Partition(Ruled):
    """A network that drops every packet between the target and its peers, without a word.

    Connections hang as they do in a real partition; rules live in the target's network namespace,
    in a table of their own, and vanish with it.
    """

    kind = "partition"
    stands_for = (
        "a switch, firewall or routing failure between two halves of a cluster. GitHub, 21 October 2018: 43 s "
        "between the network hub and the main data centre of the east coast, both sides took writes, and 24 h until "
        "all was well"
    )
    has_peers = True
    broken_word = "timeout"

    @property
    def cut_off_from(self) -> list[Any]:
        """Whom the target cannot reach: its peers."""
        return self.peers

    def chains(self) -> list[str]:
        """Drop what comes from the peers and what goes to them. Raises RuntimeError without peers."""
        if not self.cut_off_from:
            raise RuntimeError(f"there is nobody that {self.target.name} could be cut off from")
        return [
            f"{hook('input')} {source(self.cut_off_from)} drop",
            f"{hook('output')} {destination(self.cut_off_from)} drop",
        ]

    def effect(self) -> tuple[bool, str]:
        """Every connection from the target to a peer, and back, times out, seen from both ends."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """Connections between the target and each peer, in both directions, at once."""
        pairs = [(self.target, there) for there in self.cut_off_from]
        pairs += [(there, self.target) for there in self.cut_off_from]
        with ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(lambda pair: self._word(*pair), [pair for pair in pairs if self.tells(pair[1])]))
        wrong = next((text for word, text in seen if word not in self._words(broken)), None)
        return wrong is None and bool(seen), wrong or "; ".join(text for _, text in seen)

    def tells(self, node: Any) -> bool:
        """Whether a connection to this node says anything; a node that serves nothing refuses: an answer too."""
        return True

    def _words(self, broken: bool) -> tuple[str, ...]:
        return (self.broken_word,) if broken else ("open", "answers")

    def _word(self, here: Any, there: Any) -> tuple[str, str]:
        port = there.checks[0][0] if there.checks else NOTHING_THERE
        [[_, word, _]] = look(self.world, here, "connections", PATIENCE_S, 1, f"{there.address}:{port}")
        told = "answers" if not there.checks and word == "refused" else word
        return told, f"{here.name} -> {there.name}:{port} {told}"
