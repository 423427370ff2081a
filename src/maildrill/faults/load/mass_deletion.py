"""mass-deletion: a user's mail is deleted by someone who has the password."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from maildrill.faults.load.account_attack import AccountAttack
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Duration


class Account(Strict):
    """Whose mail."""

    user: str | None = Field(None, description="address of the account; the cluster's first, if absent")
    every: Duration = Field(0.5, description="time between two rounds of deletion, s")


@dataclass
class MassDeletion(AccountAttack):
    """All mail in one account's inbox is deleted over IMAP with the user's own password, and so is what comes.

    To the servers this is a user at work: replicas delete too, promptly. Healing ends the attack
    and brings nothing back; only a backup or another recovery step of the drill does.
    """

    kind = "mass-deletion"
    Parameters = Account
    stands_for = "a phished password, an insider on the last day, a mail client with a bug"

    _before: int = field(default=0, init=False, repr=False)

    def inject(self) -> None:
        """Begin to delete. Raises RuntimeError if the inbox is empty: nothing could be shown then."""
        if self.attacker() is None:
            self._before = self.count()
            if not self._before:
                raise RuntimeError(f"the inbox of {self.account()[0]} is empty: there is nothing to delete")
        super().inject()

    def orders(self) -> dict[str, Any]:
        """Delete for ever."""
        return {**self.door("delete"), "every": self.asked.every}

    def effect(self) -> tuple[bool, str]:
        """The vantage logs in as the user and finds less than half of the messages of before."""
        now = self.count()
        return self.outcome(now < self._before / 2, f"{self.account()[0]}: {self._before} messages, now {now}")

    def count(self) -> int:
        """Messages in the inbox, as the user sees it."""
        return self.counted("count")
