"""partition: packets between the target and its peers vanish (black hole), both ways."""

from __future__ import annotations

from maildrill.faults.fault import Fault

LOOK = (
    "import socket,sys\n"
    "try: socket.create_connection((sys.argv[1], int(sys.argv[2])), 0.4).close(); print('open')\n"
    "except TimeoutError: print('timeout')\n"
    "except OSError as e: print(e)"
)


class Partition(Fault):
    """A network that drops every packet between the target and its peers, without a word.

    Connections hang as they do in a real partition; rules live in the target's network namespace,
    in a table of their own, and vanish with it.
    """

    kind = "partition"
    needs = ("helper", "nftables")
    stands_for = "a switch, firewall or routing failure between two halves of a cluster"
    has_peers = True

    @property
    def _table(self) -> str:
        return f"maildrill_{self.number}"

    def inject(self) -> None:
        """Add the table with its rules; adding it twice leaves one. Raises RuntimeError if nft fails."""
        addresses = ", ".join(address for peer in self.peers for address in peer.addresses)
        rules = (
            f"add table inet {self._table}; delete table inet {self._table}; add table inet {self._table}; "
            f"add chain inet {self._table} i {{ type filter hook input priority -300; }}; "
            f"add chain inet {self._table} o {{ type filter hook output priority -300; }}; "
            f"add rule inet {self._table} i ip saddr {{ {addresses} }} drop; "
            f"add rule inet {self._table} o ip daddr {{ {addresses} }} drop"
        )
        code, output = self.world.helper.in_network_of(self.target.container, "nft", rules)
        if code:
            raise RuntimeError(f"nft failed in {self.target.name}: {output.strip()}")

    def heal(self) -> None:
        """Delete the table; a table that went with its namespace is healed already."""
        self.target.container.reload()
        if self.target.container.status in ("running", "paused"):
            self.world.helper.in_network_of(self.target.container, "nft", f"delete table inet {self._table}")

    def effect(self) -> tuple[bool, str]:
        """Every connection from the target to a peer, and back, times out."""
        return self._all_pairs("timeout")

    def recovered(self) -> tuple[bool, str]:
        """Every connection from the target to a peer, and back, opens."""
        return self._all_pairs("open")

    def _all_pairs(self, expected: str) -> tuple[bool, str]:
        seen = []
        for here, there in [pair for peer in self.peers for pair in ((self.target, peer), (peer, self.target))]:
            port = there.checks[0][0]
            _, output = self.world.helper.in_network_of(here.container, "python3", "-c", LOOK, there.address, str(port))
            seen.append(f"{here.name} -> {there.name}:{port} {output.strip()}")
            if output.strip() != expected:
                return False, seen[-1]
        return bool(seen), "; ".join(seen)
