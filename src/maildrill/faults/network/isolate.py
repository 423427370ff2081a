"""isolate: the node is cut off from everyone, as if its cable were pulled."""

from __future__ import annotations

from maildrill.faults.network.rules import Ruled, destination, hook, source


class Isolate(Ruled):
    """A server whose network is gone: it runs on and keeps what it has, alone."""

    kind = "isolate"
    stands_for = (
        "a pulled cable, a dead switch port, a wrong VLAN after maintenance. Facebook, 4 October 2021: a command of "
        "maintenance took down the backbone, and data centres that ran were cut off for six hours"
    )

    def chains(self) -> list[str]:
        """Drop everything but what the node says to itself."""
        return [f"{hook('input')} {source([])} drop", f"{hook('output')} {destination([])} drop"]

    def effect(self) -> tuple[bool, str]:
        """No service of the target answers, seen from the vantage: connections time out."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """Every service of the target, in its protocol, from the vantage."""
        return self._services(expected=not broken)
