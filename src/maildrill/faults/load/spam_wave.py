"""spam-wave: bulk mail from many senders that every filter knows for spam."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.load.mail_flood import MailFlood, Volume
from maildrill.scenario.fields import Size
from maildrill.scenario.units import Rate


class Wave(Volume):
    """How much spam."""

    rate: Rate = Field(20.0, gt=0, description="messages a second")
    size: Size = Field(3000, ge=300, description="size of each message, B")


class SpamWave(MailFlood):
    """Bulk mail from a thousand sender domains, each message with the GTUBE line that filters must recognise.

    A cluster with a filter refuses or files it, and pays for looking; one without delivers it.
    """

    kind = "spam-wave"
    Parameters = Wave
    stands_for = "a botnet's campaign against one domain"

    domains = 1000
    gtube = True
