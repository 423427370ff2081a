"""Name lookups against the drill's own resolver, with a cache that honours the TTL."""

from __future__ import annotations

import ipaddress
import random

import dns.asyncresolver
import dns.exception
import dns.resolver


class NoSuchDomain(Exception):
    """NXDOMAIN: the name does not exist; trying again is pointless."""


class DnsTrouble(Exception):
    """The lookup failed for now."""


class Resolver:
    """MX and A lookups, at an address or (None) as the system does; one takes at most ``lifetime`` seconds."""

    def __init__(self, address: str | None, rng: random.Random, lifetime: float = 1.0, port: int = 53) -> None:
        self._rng = rng
        self._dns = dns.asyncresolver.Resolver(configure=address is None)
        if address is not None:
            self._dns.nameservers = [address]
            self._dns.port = port
        self._dns.timeout = lifetime / 2
        self._dns.lifetime = lifetime
        self._dns.cache = dns.resolver.LRUCache(1000)

    async def _ask(self, name: str, kind: str) -> list[object]:
        try:
            return list(await self._dns.resolve(name, kind, search=False))
        except dns.resolver.NXDOMAIN as error:
            raise NoSuchDomain(name) from error
        except dns.resolver.NoAnswer:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise DnsTrouble(f"{kind} of {name}: {type(error).__name__}") from error

    async def addresses(self, name: str) -> list[str]:
        """IPv4 addresses of a host, shuffled; an address stands for itself."""
        try:
            return [str(ipaddress.ip_address(name))]
        except ValueError:
            found = [str(record) for record in await self._ask(name, "A")]
        self._rng.shuffle(found)
        return found

    async def exchanges(self, domain: str) -> list[str]:
        """Addresses of the domain's MX hosts in order of preference, equal ones shuffled.

        Without MX records the domain itself is the only host (RFC 5321 section 5.1).
        """
        records = [(int(r.preference), self._rng.random(), str(r.exchange)) for r in await self._ask(domain, "MX")]  # type: ignore[attr-defined]
        found: list[str] = []
        trouble: Exception | None = None
        for _, _, host in sorted(records) or [(0, 0.0, domain)]:
            try:
                found += [a for a in await self.addresses(host) if a not in found]
            except (DnsTrouble, NoSuchDomain) as error:
                trouble = error
        if not found:
            raise DnsTrouble(f"no address for {domain}: {trouble}")
        return found
