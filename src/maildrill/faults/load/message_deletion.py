"""message-deletion: a user deletes one message by mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from maildrill.faults.load.account_attack import AccountAttack
from maildrill.scenario.model import Strict


class Mailbox(Strict):
    """Whose mail."""

    user: str | None = Field(None, description="address of the account; the cluster's first, if absent")


@dataclass
class MessageDeletion(AccountAttack):
    """The oldest message of one inbox is deleted over IMAP with the user's own password, and expunged.

    Nothing is wrong with any server, and healing brings nothing back: what a drill shows with it is whether one
    message can be had again without touching the others.
    """

    kind = "message-deletion"
    Parameters = Mailbox
    stands_for = (
        "a slip of the finger, a filter rule that was too clever, a mail client with a bug. Proton Mail Bridge #220: "
        "the wrong messages were deleted"
    )

    _id: str = field(default="", init=False, repr=False)

    def inject(self) -> None:
        """Delete it; once done, never again. Raises RuntimeError if the inbox is empty."""
        self._id = self._id or self.from_vantage("drop")

    def orders(self) -> dict[str, Any]:
        """No attacker is needed: the vantage is the user."""
        raise NotImplementedError

    def door(self, act: str) -> dict[str, Any]:
        """Orders for an act on the account's inbox, about the message once it is known."""
        return super().door(act) | {"id": self._id}

    def effect(self) -> tuple[bool, str]:
        """The vantage logs in as the user, searches for the message by its id, and does not find it."""
        found = self.counted("find") if self._id else 1
        return not found, f"{self.account()[0]}: {self._id or 'nothing deleted'}, found {found} times"
