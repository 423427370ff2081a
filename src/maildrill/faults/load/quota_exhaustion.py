"""quota-exhaustion: a user's mailbox is full."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from maildrill.faults.load.account_attack import AccountAttack
from maildrill.faults.process.processes import is_running
from maildrill.scenario.fields import Size
from maildrill.scenario.model import Strict


class Filling(Strict):
    """With what."""

    size: Size = Field(
        500_000, ge=250, description="size of the messages it is filled with, B; smaller ones at the end"
    )


class QuotaExhaustion(AccountAttack):
    """Large messages fill the mailbox of the cluster's first account until the server takes no more for it.

    The stores need a quota (setting ``quota`` of a Dovecot node, such as 20M): without one the
    mailbox grows until healing, and the fault is not proven. New mail for the user bounces or
    waits, as the server decides; nobody else should notice.
    """

    kind = "quota-exhaustion"
    Parameters = Filling
    stands_for = "a user who never deletes, a mail loop into one mailbox, one colleague's huge attachments"

    def orders(self) -> dict[str, Any]:
        """Fill, and refill what becomes free."""
        return {**self.door("fill"), "size": self.asked.size}

    def heal(self) -> None:
        """End the filling and remove what it put there, if the target lives to do that. Raises RuntimeError."""
        began = self.attacker() is not None
        super().heal()
        if began and is_running(self.target):
            self.from_vantage("empty")

    def effect(self) -> tuple[bool, str]:
        """Mail from the vantage to the user is not delivered, while the user can open the mailbox."""
        opened = self.world.attempt("mailbox", 2.0)
        delivered = self.world.attempt("delivery", 1.5)
        seen = f"mailbox {opened.error or 'opens'}; delivery: {delivered.error or 'ok'}"
        return self.outcome(self.attacker() is not None and opened.ok and not delivered.ok, seen)

    def recovered(self) -> tuple[bool, str]:
        """Mail from the vantage to the user is delivered again."""
        answers, seen = super().recovered()
        if not answers:
            return False, seen
        delivered = self.world.attempt("delivery", 3.0)
        return delivered.ok, f"delivery to the user: {delivered.error or 'ok'}"
