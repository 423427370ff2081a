"""dns-timeout: questions for names are not answered."""

from __future__ import annotations

from maildrill.faults.dependency.names import Refusal


class DnsTimeout(Refusal):
    """The name server takes questions and says nothing; its clients wait for their own time-outs.

    Mail servers defer (4.4.3) and try again; those that look up the names of their clients greet late
    (with glibc's defaults 10 s for each resolver), and a proxy's checks may take them out.
    """

    kind = "dns-timeout"
    stands_for = (
        "an overloaded or firewalled resolver, a provider's name servers under a flood. Dyn, 21 October 2016: a "
        "botnet (Mirai) flooded its name servers, and large sites could not be found for hours"
    )
    mode = "timeout"
    status = "timeout"

    def effect(self) -> tuple[bool, str]:
        """A question from the vantage gets no answer within 0.6 s."""
        return self.sees(broken=True)
