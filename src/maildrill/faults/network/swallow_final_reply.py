"""swallow-final-reply: the server accepts the message and its sender never learns it."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.network.proxied import Proxied
from maildrill.scenario.model import Strict


class SwallowFinalReply(Proxied):
    """The reply to the final dot is swallowed, then the connection is reset.

    The message is accepted and will be delivered, but the sender cannot know and must send it again (RFC 5321,
    section 4.5.3.2.6; RFC 1047): the classic source of duplicates, which are the protocol's and not the server's.
    STARTTLS is hidden meanwhile: this is for ports 25 and 24. The server sees its own address as the client's.
    """

    kind = "swallow-final-reply"
    speaks = ("smtp", "lmtp")
    stands_for = (
        "a server or filter that answers after its client's time-out, a failover at the wrong moment. RFC 1047 "
        "described it in 1988; postal #3016: five copies of a message"
    )

    class Parameters(Strict):
        """Where."""

        port: int = Field(25, ge=1, le=65535, description="SMTP or LMTP port of the target")

    def orders(self) -> tuple[str, int]:
        """Swallow; there is no amount."""
        return "swallow", 0

    def effect(self) -> tuple[bool, str]:
        """A transaction from the vantage sends its whole text, and the connection breaks instead of a reply."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """A whole transaction; the message it leaves behind carries no id of a drill."""
        seen = self.dialogue(200, 3.0)
        text = f"{self.target.name}:{self.asked.port} {seen['stage']}: {seen['said']}"
        return seen["stage"] == ("reply" if broken else "done"), text
