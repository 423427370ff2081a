"""dns-servfail: questions for names are answered with "server failure"."""

from __future__ import annotations

from maildrill.faults.dependency.names import Refusal


class DnsServfail(Refusal):
    """The name server says at once that it failed (SERVFAIL, RFC 1035 RCODE 2).

    Mail servers defer (4.4.3) and try again.
    """

    kind = "dns-servfail"
    stands_for = (
        "a broken DNSSEC chain, a zone that did not load, a resolver that lost its upstream. Slack, 30 September "
        "2021: DNSSEC was taken back, and validating resolvers answered SERVFAIL for slack.com until their caches "
        "ran out"
    )
    mode = "servfail"
    status = "SERVFAIL"

    def effect(self) -> tuple[bool, str]:
        """A question from the vantage is answered with SERVFAIL."""
        return self.sees(broken=True)
