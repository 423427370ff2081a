"""imap-reconnect-storm: every client logs in again, and again."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from maildrill.faults.load.attack import Attack
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Rate


class Storm(Strict):
    """How hard it blows."""

    rate: Rate = Field(40.0, gt=0, description="log-ins a second, over all accounts")


class ImapReconnectStorm(Attack):
    """Clients with the right password log in, open the inbox, drop the connection, and come again.

    Over TLS where the target offers it, so each costs a handshake, a password check and an index.
    """

    kind = "imap-reconnect-storm"
    Parameters = Storm
    speaks = ("imaps", "imap")
    stands_for = (
        "all phones of a company after an outage, a client's bug, a mobile network that flaps. Skype, 16 August "
        "2007: computers restarted by an update of Windows logged in all at once, and the network was down for two "
        "days"
    )

    def orders(self) -> dict[str, Any]:
        """Log in for ever."""
        return {
            "act": "login",
            "host": self.target.address,
            "port": self.port(),
            "rate": self.asked.rate,
            "accounts": [list(account) for account in self.world.cluster.accounts],
        }

    def effect(self) -> tuple[bool, str]:
        """The target's own log names the attacker's address as often as it comes in one second."""
        address = self.attacker_address()
        lines = [line for line in self.lines_of_target() if address and address in line]
        return self.outcome(len(lines) >= max(1.0, self.asked.rate), f"{len(lines)} lines about {address or 'nobody'}")
