"""dns-stale: names still have the address of a server that moved away."""

from __future__ import annotations

import ipaddress

from pydantic import Field

from maildrill.faults.dependency.names import Lie, Names


class DnsStale(Lie):
    """Questions for addresses get an old answer: the address of a server that is gone.

    Clients connect to nobody and wait until the connection times out. Whoever asked meanwhile keeps the
    answer for its TTL, also after healing.
    """

    kind = "dns-stale"
    stands_for = "a record changed too late or with too long a TTL, a secondary that stopped transferring its zone"

    class Parameters(Names):
        """Which names, and what is said of them."""

        address: str | None = Field(None, description="the old IPv4 address; absent: one of the network that is free")
        ttl: int = Field(5, ge=0, le=86400, description="how long the answer may be cached, s")

    @property
    def address(self) -> str:
        """The one asked for, or the last of the cluster's network, which no node has."""
        if self.asked.address:
            return str(self.asked.address)
        self.target.container.reload()  # what was known when it was made has no addresses yet
        networks = self.target.container.attrs["NetworkSettings"]["Networks"].values()
        size = next(one["IPPrefixLen"] for one in networks if one["IPAddress"] == self.target.address)
        return str(ipaddress.IPv4Interface(f"{self.target.address}/{size}").network[-2])

    def orders(self) -> tuple[str, str, int]:
        """Answer with the old address."""
        return "answer", self.address, self.asked.ttl

    def effect(self) -> tuple[bool, str]:
        """The answer to a question from the vantage is the old address and nothing else."""
        return self.sees(broken=True)
