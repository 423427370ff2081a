"""mail-flood: much more new mail than usual."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from maildrill.faults.load.attack import Attack
from maildrill.scenario.fields import Size
from maildrill.scenario.model import Strict
from maildrill.scenario.units import Rate


class Volume(Strict):
    """How much mail."""

    rate: Rate = Field(30.0, gt=0, description="new messages a second")
    size: Size = Field(4000, ge=300, description="size of each message, B")


class MailFlood(Attack):
    """A stranger sends new mail to all users of the cluster, as fast as asked, over any number of connections.

    What the target refuses is not sent again. What it accepts is in the mailboxes for good, and the
    backlog is the cluster's own to work off after healing.
    """

    kind = "mail-flood"
    Parameters = Volume
    speaks = ("smtp",)
    stands_for = (
        "a newsletter gone wrong, a monitoring system's alarm storm, a mail bomb, a mail loop. NHSmail, 14 November "
        "2016: a test message to 840,000 users, and the answers to all of them"
    )

    domains = 1
    gtube = False

    def orders(self) -> dict[str, Any]:
        """Send for ever."""
        return {
            "act": "send",
            "host": self.target.address,
            "port": self.port(),
            "rate": self.asked.rate,
            "size": self.asked.size,
            "rcpts": [address for address, _ in self.world.cluster.accounts],
            "mark": self.mark,
            "domains": self.domains,
            "gtube": self.gtube,
            "total": None,
        }

    def effect(self) -> tuple[bool, str]:
        """The target's own log names as many different senders of the flood as are sent in one second."""
        found = re.compile(rf"{self.mark}-(\d+)@")
        senders = {hit[1] for line in self.lines_of_target() for hit in found.finditer(line)}
        return self.outcome(len(senders) >= max(1.0, self.asked.rate), f"{len(senders)} messages in the target's log")
