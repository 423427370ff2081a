"""A sender that behaves like an MTA: MX fallback, then retries with doubling back-off."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Protocol

from maildrill.journal.events import Attempt, GaveUp, Offer
from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import Message
from maildrill.traffic.resolve import DnsTrouble, NoSuchDomain, Resolver
from maildrill.traffic.transaction import Limits, Security, Tried, transact, unverified


class Route(Protocol):
    """A way to hand over a message: one round over the addresses it knows."""

    async def once(self, message: Message, limits: Limits) -> Tried:
        """Try every address once; the last result is the round's result."""


def remaining(limits: Limits, begin: float) -> Limits:
    """The same limits with what is left of the whole round's time."""
    if limits.whole is None:
        return limits
    return replace(limits, whole=max(0.0, limits.whole - (time.monotonic() - begin)))


def report(emitter: Emitter, message: Message, tried: Tried) -> None:
    """Write one attempt to the journal."""
    message.tries += 1
    emitter.event(Attempt(
        t=emitter.at(tried.start), id=message.id, n=message.tries, host=tried.host, end=emitter.at(tried.end),
        dot=None if tried.dot is None else emitter.at(tried.dot), outcome=tried.outcome, code=tried.code,
        reply=tried.reply[:200],
    ))  # fmt: skip


def offer(emitter: Emitter, message: Message, due: float) -> None:
    """Write that a message was offered; ``due`` in monotonic seconds."""
    late = round(time.monotonic() - due, 6)
    emitter.event(Offer(emitter.at(due), message.id, message.stream, message.sender, message.rcpt,
                        len(message.data), message.hash, late))  # fmt: skip


def dns_failure(begin: float, error: Exception) -> Tried:
    """The attempt that never found an address: NXDOMAIN is final, everything else may pass."""
    final = isinstance(error, NoSuchDomain)
    return Tried("", begin, time.monotonic(), None, "permanent" if final else "temporary", 0, f"DNS: {error}")


async def over_addresses(
    emitter: Emitter, message: Message, addresses: list[str], port: int, limits: Limits, security: Security
) -> Tried:
    """Try addresses in order until one accepts or rejects for good; each is one Attempt event."""
    begin = time.monotonic()
    tried = Tried("", begin, begin, reply="no address")
    for address in addresses:
        left = remaining(limits, begin)
        if left.whole == 0.0:
            break
        tried = await transact(address, port, message, left, security)
        report(emitter, message, tried)
        if tried.outcome in ("accepted", "permanent"):
            break
    return tried


class Mta:
    """The outside world's MTA: MX lookup, preference order, opportunistic STARTTLS. With a ``host``: always there."""

    def __init__(self, emitter: Emitter, resolver: Resolver, port: int = 25, host: str | None = None) -> None:
        self._emitter, self._resolver, self._port, self._host = emitter, resolver, port, host
        self._security = Security(unverified())

    async def once(self, message: Message, limits: Limits) -> Tried:
        """One round over the recipient domain's exchanges."""
        begin = time.monotonic()
        try:
            async with asyncio.timeout(limits.whole):
                addresses = await self._exchanges(message.rcpt.rpartition("@")[2])
        except (DnsTrouble, NoSuchDomain, TimeoutError) as error:
            tried = dns_failure(begin, error)
            report(self._emitter, message, tried)
            return tried
        return await over_addresses(
            self._emitter, message, addresses, self._port, remaining(limits, begin), self._security
        )

    async def _exchanges(self, domain: str) -> list[str]:
        if self._host is not None:
            return await self._resolver.addresses(self._host)
        return await self._resolver.exchanges(domain)


async def send(
    emitter: Emitter, route: Route, message: Message, due: float, retry: dict[str, Any], limits: Limits,
    give_up: asyncio.Event,
) -> bool:  # fmt: skip
    """Offer a message and try until accepted, rejected for good, or ``give_up`` is set."""
    offer(emitter, message, due)
    wait = float(retry["first"])
    while True:
        outcome = (await route.once(message, limits)).outcome
        if outcome == "accepted":
            return True
        if outcome == "permanent" or await _given_up(give_up, wait):
            emitter.event(GaveUp(emitter.now(), message.id))
            return False
        wait = min(wait * 2, float(retry["max"]))


async def _given_up(give_up: asyncio.Event, seconds: float) -> bool:
    """Wait ``seconds`` for the end of all retries; true if it came."""
    try:
        async with asyncio.timeout(seconds):
            await give_up.wait()
    except TimeoutError:
        return False
    return True
