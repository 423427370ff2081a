"""Among which servers the proxies of a cluster choose, known before it is started."""

from __future__ import annotations

from maildrill.cluster.keys import make_keys
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.render import Plan
from maildrill.drill.served import CONFIGURATION, configured

ANY = "192.0.2.1"
"""An address for documentation (RFC 5737): backends do not depend on addresses."""


def backends(model: ClusterModel) -> set[str]:
    """Names of all backends, read from the proxies' configuration as the drill reads it; none without HAProxy."""
    addresses = {name: dict.fromkeys(model.networks_of(name), ANY) for name in model.nodes}
    plan = Plan(model, make_keys(model), {}, addresses, ANY if model.floating_address else None)
    texts = [plan.files(name).get(CONFIGURATION, b"").decode() for name in model.with_role("proxy")]
    return {backend for text in texts for backend, _ in configured(text)}
