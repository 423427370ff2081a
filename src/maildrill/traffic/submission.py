"""A user's mail client: the mail host's name, STARTTLS verified, AUTH, one deadline a round."""

from __future__ import annotations

import asyncio
import ssl
import time

from maildrill.traffic.emitter import Emitter
from maildrill.traffic.messages import Message
from maildrill.traffic.mta import dns_failure, over_addresses, remaining, report
from maildrill.traffic.resolve import DnsTrouble, NoSuchDomain, Resolver
from maildrill.traffic.transaction import Limits, Security, Tried


class Submission:
    """Hands a message to ``mail_host``:587 as the account that is its sender."""

    def __init__(
        self, emitter: Emitter, resolver: Resolver, mail_host: str, context: ssl.SSLContext,
        passwords: dict[str, str], port: int = 587,
    ) -> None:  # fmt: skip
        self._emitter, self._resolver, self._host, self._port = emitter, resolver, mail_host, port
        self._context, self._passwords = context, passwords

    async def once(self, message: Message, limits: Limits) -> Tried:
        """One round over the addresses of the mail host."""
        begin = time.monotonic()
        try:
            async with asyncio.timeout(limits.whole):
                addresses = await self._resolver.addresses(self._host)
        except (DnsTrouble, NoSuchDomain, TimeoutError) as error:
            tried = dns_failure(begin, error)
            report(self._emitter, message, tried)
            return tried
        security = Security(self._context, True, self._host, (message.sender, self._passwords[message.sender]))
        return await over_addresses(self._emitter, message, addresses, self._port, remaining(limits, begin), security)
