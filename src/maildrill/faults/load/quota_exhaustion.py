"""quota-exhaustion: a user's mailbox is full."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from maildrill.faults.load.account_attack import AccountAttack
from maildrill.faults.process.processes import is_running
from maildrill.scenario.fields import Size
from maildrill.scenario.model import Strict

OVER_QUOTA = "quota"
"""In the answer of a server that refuses for it: the response code OVERQUOTA (RFC 9208), or free text."""


class Filling(Strict):
    """With what."""

    size: Size = Field(
        500_000, ge=250, description="size of the messages it is filled with, B; smaller ones at the end"
    )


@dataclass
class QuotaExhaustion(AccountAttack):
    """Large messages fill the mailbox of the cluster's first account until the server takes no more for it.

    The stores need a quota (setting ``quota`` of a Dovecot node, such as 20M): without one the
    mailbox grows until healing, and the fault is not proven, however slow the server becomes. New
    mail for the user bounces or waits, as the server decides; nobody else should notice.
    """

    kind = "quota-exhaustion"
    Parameters = Filling
    stands_for = "a user who never deletes, a mail loop into one mailbox, one colleague's huge attachments"

    _filled: bool = field(default=False, init=False, repr=False)

    def orders(self) -> dict[str, Any]:
        """Fill, and refill what becomes free."""
        return {**self.door("fill"), "size": self.asked.size}

    def heal(self) -> None:
        """End the filling and remove what it put there. Raises RuntimeError if that cannot be removed now."""
        self._filled = self._filled or self.attacker() is not None
        super().heal()
        if not self._filled:
            return
        if not is_running(self.target):
            raise RuntimeError(f"{self.target.name} is down: what filled the mailbox can be removed when it runs again")
        self.from_vantage("empty")
        self._filled = False

    def effect(self) -> tuple[bool, str]:
        """A small message that the user stores is refused for the quota, and mail from the vantage is not delivered."""
        if self.attacker() is None:
            return False, "nobody fills the mailbox"
        answer = self.from_vantage("squeeze")
        if OVER_QUOTA not in answer.lower():
            return self.outcome(False, f"one more message: {answer}")
        delivered = self.world.attempt("delivery", 1.5)
        return self.outcome(not delivered.ok, f"one more message: {answer}; delivery: {delivered.error or 'ok'}")

    def recovered(self) -> tuple[bool, str]:
        """Mail from the vantage to the user is delivered again."""
        answers, seen = super().recovered()
        if not answers:
            return False, seen
        delivered = self.world.attempt("delivery", 3.0)
        return delivered.ok, f"delivery to the user: {delivered.error or 'ok'}"
