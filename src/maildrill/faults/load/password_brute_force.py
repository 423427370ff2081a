"""password-brute-force: someone guesses passwords."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from maildrill.faults.load.attack import Attack
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Rate

FAILED_LOGIN = re.compile(r"auth(entication)? fail|auth failed|badlogin|login failed|password mismatch", re.IGNORECASE)


class Guesses(Strict):
    """How fast."""

    rate: Rate = Field(20.0, gt=0, description="wrong log-ins a second, over all accounts")


class PasswordBruteForce(Attack):
    """Wrong passwords for real accounts over IMAP, each on a new connection.

    A server that delays failed log-ins keeps those connections; one that locks accounts out
    keeps out their owners.
    """

    kind = "password-brute-force"
    Parameters = Guesses
    speaks = ("imap", "imaps")
    stands_for = (
        "a botnet that sprays passwords, a phone with an old password. The Parliament of the United Kingdom, 23 June "
        "2017: passwords of mailboxes guessed on and on, and remote access closed meanwhile"
    )

    def orders(self) -> dict[str, Any]:
        """Guess for ever."""
        return {
            "act": "login",
            "host": self.target.address,
            "port": self.port(),
            "rate": self.asked.rate,
            "accounts": [[address, f"guess-{n}"] for n, (address, _) in enumerate(self.world.cluster.accounts)],
        }

    def effect(self) -> tuple[bool, str]:
        """The target's own log tells of failed log-ins from the attacker's address."""
        address = self.attacker_address()
        lines = [line for line in self.lines_of_target() if address and address in line and FAILED_LOGIN.search(line)]
        return self.outcome(len(lines) >= 2, f"{len(lines)} failed log-ins from {address or 'nobody'}")
