"""port-blocked: one TCP port of the target cannot be reached."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled, hook, source
from maildrill.scenario.model import Strict

PATIENCE_S = 0.4


class PortBlocked(Ruled):
    """A firewall between the peers (everyone, if none are named) and one port of the target.

    Everything else of the target works, so it looks healthy to those who check another port.
    """

    kind = "port-blocked"
    stands_for = "a firewall change, a provider that closes port 25, a security group edited by mistake"
    has_peers = True
    peers_optional = True
    port_of_target = True

    class Parameters(Strict):
        """Which port, and how."""

        port: int = Field(ge=1, le=65535, description="TCP port of the target")
        how: Literal["drop", "reset"] = Field(
            "drop", description="drop: packets vanish and clients wait; reset: clients are refused at once"
        )

    def inject(self) -> None:
        """Add the rules; twice leaves one set.

        Raises RuntimeError if the port does not answer before: a port where nobody listens looks blocked.
        """
        self.await_whole("the port must answer before it is blocked")
        super().inject()

    def chains(self) -> list[str]:
        """Drop or reset what arrives for the port, before anything redirects it (reset there: Linux 5.9)."""
        verdict = "drop" if self.asked.how == "drop" else "reject with tcp reset"
        return [f"{hook('prerouting')} {source(self.peers)} tcp dport {self.asked.port} {verdict}"]

    def effect(self) -> tuple[bool, str]:
        """Connections to the port from each peer (or the vantage) time out, or are refused."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """A connection to the port from each observer."""
        wanted = ("timeout" if self.asked.how == "drop" else "refused") if broken else "open"
        server, seen = f"{self.target.address}:{self.asked.port}", []
        for observer in self.observers:
            [[_, word, _]] = look(self.world, observer, "connections", PATIENCE_S, 1, server)
            seen.append(f"{observer.name} -> {self.target.name}:{self.asked.port} {word}")
            if word != wanted:
                return False, seen[-1]
        return True, "; ".join(seen)
