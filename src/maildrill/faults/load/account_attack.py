"""Attacks on one account with its owner's own password."""

from __future__ import annotations

import json
from typing import Any

from maildrill.faults.load.attack import PROGRAM, Attack
from maildrill.faults.numbers import number_in


class AccountAttack(Attack):
    """Over IMAP, as the cluster's first account unless ``user`` of the parameters names another."""

    speaks = ("imaps", "imap")

    def account(self) -> tuple[str, str]:
        """Address and password. Raises RuntimeError if the cluster has no such account."""
        accounts, user = self.world.cluster.accounts, getattr(self.asked, "user", None)
        found = [one for one in accounts if user in (None, one[0])]
        if not found:
            raise RuntimeError(f'the cluster has no account "{user}" but {accounts[0][0]} ...')
        return found[0][0], found[0][1]

    def door(self, act: str) -> dict[str, Any]:
        """Orders for an act on the account's inbox."""
        port = self.port()
        return {
            "act": act,
            "host": self.target.address,
            "port": port,
            "account": list(self.account()),
            "mark": self.mark,
        }

    def from_vantage(self, act: str) -> str:
        """What one act that ends says, done by the vantage as the user. Raises RuntimeError if it fails."""
        code, output = self.world.cluster.vantage.container.exec_run([*PROGRAM, json.dumps(self.door(act))])
        said = output.decode(errors="replace").strip()
        if code:
            raise RuntimeError(f"{act} failed in the inbox of {self.account()[0]}: {said[-200:]}")
        return str(said)

    def counted(self, act: str) -> int:
        """The number of messages that one act says, done by the vantage. Raises RuntimeError if it fails."""
        return int(number_in(self.from_vantage(act).encode(), f"what {act} finds in the inbox of {self.account()[0]}"))
