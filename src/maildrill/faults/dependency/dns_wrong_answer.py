"""dns-wrong-answer: names have the address of another server."""

from __future__ import annotations

from pydantic import Field

from maildrill.faults.dependency.names import Lie, Names


class DnsWrongAnswer(Lie):
    """Questions for addresses get the address of a live host that is not the one meant.

    Clients meet a stranger: it refuses them, or shows a certificate of another name. Whoever asked
    meanwhile keeps the answer for its TTL, also after healing.
    """

    kind = "dns-wrong-answer"
    stands_for = (
        "a typing error in a zone, a poisoned cache, a hijacked registrar account. The hijackings of 2018 and 2019 "
        "that led mail servers' names of governments to strangers (CISA Emergency Directive 19-01, January 2019)"
    )

    class Parameters(Names):
        """Which names, and what is said of them."""

        address: str | None = Field(None, description="the wrong IPv4 address; absent: the name server's own")
        ttl: int = Field(5, ge=0, le=86400, description="how long the answer may be cached, s")

    @property
    def address(self) -> str:
        """The one asked for, or the target's own."""
        return self.asked.address or str(self.target.address)

    def orders(self) -> tuple[str, str, int]:
        """Answer with the wrong address."""
        return "answer", self.address, self.asked.ttl

    def effect(self) -> tuple[bool, str]:
        """The answer to a question from the vantage is the wrong address and nothing else."""
        return self.sees(broken=True)
