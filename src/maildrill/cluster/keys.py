"""Throw-away secrets of one drill: a CA, one certificate for all servers, accounts with passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import trustme

from maildrill.cluster.model import ClusterModel


@dataclass(frozen=True)
class Keys:
    """Everything secret in one drill; valid nowhere else. Certificates and keys in PEM; the CA issues more.

    ``expired``: certificate and key of a server that nobody renewed.
    """

    ca_pem: str
    cert_pem: bytes
    key_pem: bytes
    accounts: list[tuple[str, str]]
    authority: trustme.CA
    expired: tuple[bytes, bytes]
    passwords: dict[str, str] = field(default_factory=dict)

    def password(self, what: str) -> str:
        """The password that nodes share for one thing, such as "replication"; for another thing it is another."""
        return self.passwords.setdefault(what, secrets.token_urlsafe(12))


def make_keys(model: ClusterModel) -> Keys:
    """New secrets for the nodes of a cluster."""
    ca = trustme.CA(organization_name="maildrill")
    names = [f"{name}.{model.domain}" for name in ("mail", *model.nodes)]
    now = datetime.now(UTC)
    expired = ca.issue_cert(*names, not_before=now - timedelta(days=90), not_after=now - timedelta(days=1))
    cert, key = _pem(ca.issue_cert(*names))
    accounts = [(f"user{n}@{model.domain}", secrets.token_urlsafe(12)) for n in range(1, model.accounts + 1)]
    return Keys(
        ca.cert_pem.bytes().decode(),
        cert,
        key,
        accounts,
        ca,
        _pem(expired),
    )


def _pem(leaf: trustme.LeafCert) -> tuple[bytes, bytes]:
    """Certificate chain and key."""
    return b"".join(pem.bytes() for pem in leaf.cert_chain_pems), leaf.private_key_pem.bytes()
