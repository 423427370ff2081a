"""Throw-away secrets of one drill: a CA, one certificate for all servers, accounts with passwords."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import trustme

from maildrill.cluster.model import ClusterModel


@dataclass(frozen=True)
class Keys:
    """Everything secret in one drill; valid nowhere else. Certificates and key in PEM; the CA issues more."""

    ca_pem: str
    cert_pem: bytes
    key_pem: bytes
    accounts: list[tuple[str, str]]
    replication_password: str
    authority: trustme.CA


def make_keys(model: ClusterModel) -> Keys:
    """New secrets for the nodes of a cluster."""
    ca = trustme.CA(organization_name="maildrill")
    leaf = ca.issue_cert(*(f"{name}.{model.domain}" for name in ("mail", *model.nodes)))
    accounts = [(f"user{n}@{model.domain}", secrets.token_urlsafe(12)) for n in range(1, model.accounts + 1)]
    return Keys(
        ca.cert_pem.bytes().decode(),
        b"".join(pem.bytes() for pem in leaf.cert_chain_pems),
        leaf.private_key_pem.bytes(),
        accounts,
        secrets.token_urlsafe(12),
        ca,
    )
