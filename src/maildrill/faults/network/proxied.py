"""What faults inside a TCP conversation share: a proxy before one port of the target.

The port is redirected, in the target's network namespace, to a proxy that runs in the helper. The server sees
the node's own address as its client's. Open connections are closed, so that none goes past the proxy.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from maildrill.cluster.model import NodeModel
from maildrill.faults.daemons import Daemon
from maildrill.faults.looks import look
from maildrill.faults.network.rules import Ruled, hook, source

PROXY_PORTS = 61000  # the proxy of fault n listens on this + n
BEFORE_NAT = -110


class Proxied(Ruled):
    """A fault that a proxy before one port of the target brings about."""

    needs = ("helper", "nftables", "nat")
    has_peers = True
    peers_optional = True
    port_of_target = True
    speaks: ClassVar[tuple[str, ...]] = ()
    """What the port must speak, one of these protocols; anything, if empty."""

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must serve the port, in a protocol that the fault knows."""
        good = [port for port, protocol in node.checks.items() if protocol in (cls.speaks or (protocol,))]
        if asked.port in good:
            return ""
        known = f", which is {' or '.join(cls.speaks)}" if cls.speaks else ""
        served = ", ".join(f"{port}: {protocol}" for port, protocol in node.checks.items())
        return f"serves no port {asked.port}{known} (it serves {served or 'none'})"

    @abstractmethod
    def orders(self) -> tuple[str, int]:
        """What the proxy is to do: its mode, and the amount that goes with it."""

    @property
    def _proxy(self) -> Daemon:
        return Daemon(self, "mail_proxy")

    @property
    def _listens(self) -> int:
        return PROXY_PORTS + self.number

    def chains(self) -> list[str]:
        """Redirect new connections to the port."""
        nat = hook("prerouting", "nat", BEFORE_NAT)
        outside = f'iifname != "lo" {source(self.peers) if self.peers else ""}'
        return [f"{nat} {outside} tcp dport {self.asked.port} redirect to :{self._listens}"]

    def inject(self) -> None:
        """Start the proxy, redirect the port to it, close what is open. Raises RuntimeError if that cannot be done."""
        mode, amount = self.orders()
        self._proxy.start(str(self._listens), self.target.address, str(self.asked.port), mode, str(amount))
        super().inject()
        self._close_connections()

    def heal(self) -> None:
        """Remove the redirection, then end the proxy: its open connections break."""
        super().heal()
        self._proxy.stop()

    def _close_connections(self) -> None:
        """New connections only meet the redirection; where the kernel cannot close the others, they stay."""
        self.inside("ss", "-K", "state", "established", "sport", "=", f":{self.asked.port}")

    def dialogue(self, size: int, patience: float) -> dict[str, object]:
        """One transaction with the port, from the vantage (or the first peer): how far it came."""
        model = self.world.cluster.model
        is_lmtp = dict(self.target.checks).get(self.asked.port) == "lmtp"
        seen = look(
            self.world, self.observers[0], "dialogue", self.target.address, self.asked.port,
            "LHLO" if is_lmtp else "EHLO", f"probe@{model.outside_domain}", self.world.cluster.accounts[0][0],
            size, patience,
        )  # fmt: skip
        return dict(seen)
