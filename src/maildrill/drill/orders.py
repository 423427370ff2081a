"""What the vantage is told before mail flows: where to send, where to look, how often, as whom."""

from __future__ import annotations

from typing import Any

from maildrill.cluster.model import AnyCluster
from maildrill.cluster.up import RunningCluster
from maildrill.scenario.model import Probes, Traffic


def orders(
    traffic: Traffic, probes: Probes, model: AnyCluster, cluster: RunningCluster, seed: int, session: str
) -> dict[str, Any]:
    """The vantage's configuration; ``session`` marks the messages as this drill's."""
    return {
        "domain": model.domain,
        "outside_domain": model.outside_domain,
        "resolver": cluster.resolver,
        "mail_host": cluster.mail_host,
        "ca_pem": cluster.ca_pem,
        "accounts": [list(account) for account in cluster.accounts],
        "traffic": traffic.model_dump(),
        "probes": probes.model_dump(),
        "seed": seed,
        "drill": session,
        "stores": cluster.stores(),
        **cluster.endpoints,
    }
