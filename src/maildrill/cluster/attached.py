"""An attached cluster: a mail system that maildrill did not start, as its owner describes it.

The file holds endpoints, the names of environment variables with passwords, and for each node the faults
that its owner allows and how they are done: by a command, an HTTP call, or a person. Nothing else is touched.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, field_validator, model_validator

from maildrill.cluster.hostname import Address, DomainName, Host, HostName
from maildrill.scenario.document import Document, nearest
from maildrill.scenario.fields import Distinct, Text
from maildrill.scenario.model import Strict
from maildrill.scenario.texts import Like
from maildrill.scenario.units import LONGEST_S, Duration

Port = Annotated[int, Field(ge=1, le=65535)]
EnvName = Annotated[str, Like(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")]
HEADER_NAME, HEADER_VALUE = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", r"[ -~\xa0-\xff]*"
"""What HTTP can carry (RFC 9110): a token, and a line of Latin-1."""
Protocol = Literal["smtp", "lmtp", "imap", "imaps", "dns", "tcp"]


class Endpoint(Strict):
    """Where a service is reached: a name, which certificates are checked against, or an address."""

    host: Host
    port: Port


class Account(Strict):
    """A user who logs in with the address; the password stands in an environment variable."""

    address: Annotated[str, Like(r"[^@\s]+@[^@\s]+", "a mail address")]
    password_env: EnvName


class Http(Strict):
    """One HTTP call. ``${NAME}`` in url, headers and body stands for an environment variable."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: Annotated[str, Like(r"https?://.*", "an address that begins with http:// or https://")]
    headers: dict[str, str] = Field({})
    body: str | None = None
    expect: Annotated[str, Like(r"[1-5]([0-9]{2}|xx)", 'an HTTP status such as "204" or "2xx"')] = Field(
        "2xx", description="the status that is success"
    )

    @field_validator("url")
    @classmethod
    def _can_be_called(cls, url: str) -> str:
        if not (url.isascii() and url.isprintable()) or " " in url:
            raise ValueError("a URL has no spaces and is ASCII; percent-encode what is not")
        if "@" in urlsplit(url).netloc:
            raise ValueError("no user and password in a URL; send them in headers, from the environment")
        return url

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, str]) -> dict[str, str]:
        """A heal that HTTP refuses must not be found out after the fault was injected."""
        for name, value in headers.items():
            if not re.fullmatch(HEADER_NAME, name):
                raise ValueError(f'names of headers without spaces and colons (not "{name}")')
            if not re.fullmatch(HEADER_VALUE, value):
                raise ValueError(f"a value on one line, in Latin-1, for the header {name}")
        return headers

    def texts(self) -> list[str]:
        """Every text in which ``${NAME}`` is replaced."""
        return [self.url, *self.headers.values(), self.body or ""]


class Hook(Strict):
    """How one thing is done, in exactly one way."""

    run: Text | None = Field(
        None, description="a shell command on the machine that runs maildrill; exit code 0 is done"
    )
    http: Http | None = None
    ask: Text | None = Field(None, description="what a person is asked to do")
    deadline: Duration = Field(
        30.0, gt=0, le=LONGEST_S, description="longest time for it, s; a person usually needs more"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Hook:
        if sum(way is not None for way in (self.run, self.http, self.ask)) != 1:
            raise ValueError("exactly one of run, http, ask")
        return self

    def __str__(self) -> str:
        if self.http is not None:
            return f"{self.http.method} {self.http.url}"
        return self.run if self.run is not None else f"a person: {self.ask}"


class FaultHooks(Strict):
    """How one kind of fault is done on a node, and undone."""

    inject: Hook
    heal: Hook


class AttachedNode(Strict):
    """A part of the system that can fail on its own: where it answers, and what may be done to it."""

    roles: Distinct[str] = Field(min_length=1)
    site: str | None = None
    host: Host = Field(description="name or address at which the vantage looks")
    checks: dict[Port, Protocol] = Field(min_length=1, description="port -> protocol; all answer, or the node is down")
    allow: dict[str, FaultHooks] = Field({}, description="kind of fault -> how; no other kind is ever fired")
    allow_commands: dict[str, Hook] = Field({}, description="`run` of a recovery step -> what is done for it")


class Stand(Strict):
    """Where the vantage container stands."""

    network: str = Field("bridge", description="a Docker network that exists")
    address: Address | None = Field(None, description="its fixed address there")


class Outside(Strict):
    """The outside world's mail server: the system's mail for the outside domain must reach the vantage."""

    listen: Port = 25


class AttachedCluster(Strict):
    """A mail system that runs already."""

    cluster: HostName
    about: str = ""
    attached: Literal[True]
    domain: DomainName
    outside_domain: DomainName = Field("outside.test", description="domain of the strangers who write to the users")
    inbound: Endpoint | None = Field(None, description="where strangers' mail goes; absent: the domain's MX hosts")
    submission: Endpoint = Field(description="STARTTLS and AUTH, the certificate is checked")
    imap: Endpoint = Field(description="IMAP over TLS, the certificate is checked")
    resolver: Address | None = Field(None, description="address of the DNS server to ask; absent: the system's")
    ca: str | None = Field(None, description="PEM file beside this one; absent: the certificates this machine trusts")
    accounts: list[Account] = Field(min_length=1)
    vantage: Stand = Stand()
    outside: Outside | None = Field(None, description="absent: outbound mail is not read, and not measured")
    sites: Distinct[str] = Field([])
    nodes: dict[str, AttachedNode] = Field(min_length=1)
    _document: Document | None = PrivateAttr(None)

    def remember(self, document: Document) -> None:
        """The file it was read from; also checks what the types cannot say. Raises BadInput."""
        self._document = document
        self._check_accounts(document)
        if self.outside_domain.lower() == self.domain.lower():
            place = ("outside_domain",) if "outside_domain" in document.data else ("domain",)
            raise document.bad(place, f"the strangers' domain is the system's own, {self.domain}")
        for name, node in self.nodes.items():
            if node.site is not None and node.site not in self.sites:
                hint = nearest(node.site, self.sites) if self.sites else "sites is empty"
                raise document.bad(("nodes", name, "site"), f'no site "{node.site}"; {hint}')
        if self.vantage.address is not None and self.vantage.network == "bridge":
            raise document.bad(("vantage", "address"), "the engine's own bridge has no fixed addresses; name a network")
        if self.ca is not None:
            _check_ca(self.ca_pem(default=""), document)

    def _check_accounts(self, document: Document) -> None:
        seen: set[str] = set()
        for index, account in enumerate(self.accounts):
            place, address = ("accounts", index, "address"), account.address.lower()
            if account.address.rpartition("@")[2] != self.domain:
                raise document.bad(place, f"not in the domain {self.domain}")
            if address in seen:
                raise document.bad(place, "the same account twice: its mail would be counted twice")
            seen.add(address)

    def replicas(self) -> list[str]:
        """The nodes that should hold the same mail: all stores at which it can be read (imaps among their checks)."""
        return [name for name, node in self.nodes.items() if "store" in node.roles and "imaps" in node.checks.values()]

    def ca_pem(self, default: str) -> str:
        """The certificates that servers are checked against. Raises BadInput if the file cannot be read."""
        if self.ca is None or self._document is None:
            return default
        try:
            return (self._document.path.parent / self.ca).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as problem:
            raise self._document.bad(("ca",), f"cannot be read: {problem}") from None

    def where(self, *loc: str | int) -> str:
        """ "file:line:column" of a field."""
        return self._document.where(loc) if self._document else self.cluster

    def hooks(self) -> Iterator[Hook]:
        """Every hook of the file."""
        for node in self.nodes.values():
            for pair in node.allow.values():
                yield from (pair.inject, pair.heal)
            yield from node.allow_commands.values()


def _check_ca(pem: str, document: Document) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise document.bad(("ca",), "no certificate in PEM format (-----BEGIN CERTIFICATE-----) is in it") from None
