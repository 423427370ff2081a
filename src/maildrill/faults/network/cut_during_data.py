"""cut-during-data: connections break while the text of a message is on its way."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.network.proxied import Proxied
from maildrill.scenario.model import Strict

BROKEN_AT = ("text", "reply")


class CutDuringData(Proxied):
    """Every connection to an SMTP or LMTP port is reset after so many bytes of a message's text.

    The sender has no reply to the final dot and must try again (RFC 5321, section 4.2.5); the server must
    not keep half a message. Shorter messages pass. STARTTLS is hidden meanwhile, as the text could not be
    seen otherwise: clients that insist on TLS are refused, so this is for ports 25 and 24. The server
    sees its own address as the client's.
    """

    kind = "cut-during-data"
    speaks = ("smtp", "lmtp")
    stands_for = "a firewall that scans mail and gives up, a path MTU black hole, a mobile sender who lost the net"

    class Parameters(Strict):
        """Where, and after how much."""

        port: int = Field(25, ge=1, le=65535, description="SMTP or LMTP port of the target")
        after: int = Field(500, ge=1, description="bytes of text that pass before the connection is reset")

    def orders(self) -> tuple[str, int]:
        """Cut after so many bytes."""
        return "cut", self.asked.after

    def effect(self) -> tuple[bool, str]:
        """A transaction from the vantage comes as far as the text, and then the connection breaks."""
        return self.sees(broken=True)

    def sees(self, broken: bool) -> tuple[bool, str]:
        """A transaction with a text longer than what passes."""
        seen = self.dialogue(self.asked.after * 2 + 1000, 2.0)
        text = f"{self.target.name}:{self.asked.port} {seen['stage']}: {seen['said']}"
        reset = "ConnectionReset" in text or "BrokenPipe" in text
        return (seen["stage"] in BROKEN_AT and reset) if broken else seen["stage"] == "done", text
