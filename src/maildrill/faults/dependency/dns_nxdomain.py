"""dns-nxdomain: names are said not to exist."""

from __future__ import annotations

from maildrill.faults.dependency.names import Refusal


class DnsNxdomain(Refusal):
    """The name server says that the names do not exist (NXDOMAIN, RFC 1035 RCODE 3).

    The dangerous one: mail servers bounce at once (5.4.4) what they would have kept and tried again after
    any other failure.
    """

    kind = "dns-nxdomain"
    stands_for = (
        "an expired or suspended domain, an empty zone pushed by mistake, a registry outage. Docker's own name "
        "server, which said NXDOMAIN for the MX of a host that existed (moby/libnetwork #2026)"
    )
    mode = "nxdomain"
    status = "NXDOMAIN"

    def effect(self) -> tuple[bool, str]:
        """A question from the vantage is answered with NXDOMAIN."""
        return self.sees(broken=True)
