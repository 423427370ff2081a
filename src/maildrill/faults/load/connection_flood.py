"""connection-flood: a stranger opens many connections and says nothing."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from maildrill.cluster.model import NodeModel
from maildrill.faults.fault import unserved
from maildrill.faults.load.attack import Attack
from maildrill.scenario.model import Strict

ENOUGH = 0.8


class Crowd(Strict):
    """How many, and where."""

    connections: int = Field(120, ge=1, le=20000, description="idle connections held open")
    port: int | None = Field(None, ge=1, le=65535, description="port of the target; its first service, if absent")


class ConnectionFlood(Attack):
    """Idle connections fill the server's table of clients; each that it closes is opened again.

    120 are more than Postfix serves at a time (default_process_limit = 100, postconf(5)): the next
    client waits in the kernel's queue until an idle one is thrown out.
    """

    kind = "connection-flood"
    Parameters = Crowd
    needs = ("helper",)
    port_of_target = True
    stands_for = "a slow-loris attack, a client library that leaks connections, a port scan gone mad"

    @classmethod
    def misfit(cls, node: NodeModel, asked: Any) -> str:
        """It must have the port."""
        return unserved(node, asked.port) or super().misfit(node, asked)

    @property
    def _port(self) -> int:
        return int(self.asked.port or self.target.checks[0][0])

    def orders(self) -> dict[str, Any]:
        """Hold connections for ever."""
        return {
            "act": "hold",
            "host": self.target.address,
            "port": self._port,
            "connections": self.asked.connections,
        }

    def effect(self) -> tuple[bool, str]:
        """The target's kernel counts four fifths of them as established (ss in its network namespace)."""
        address = self.attacker_address()
        if not address:
            return False, "there is no attacker"
        command = ["ss", "-Htn", "state", "established", f"( sport = :{self._port} and dst {address} )"]
        code, output = self.world.helper.in_network_of(self.target.container, *command)
        count = 0 if code else len(output.splitlines())
        seen = f"{count} connections from {address} to port {self._port}" if not code else output.strip()
        return self.outcome(count >= ENOUGH * self.asked.connections, seen)
