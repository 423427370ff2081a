"""Among which servers the proxies of a cluster choose, known before it is started."""

from __future__ import annotations

import re

from maildrill.cluster.keys import make_keys
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.render import Plan

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
CONFIGURED = re.compile(
    r"^(?:listen|backend) (?P<backend>\S+)|^\s+server (?P<server>\S+)(?P<options>.*)$", re.MULTILINE
)
Key = tuple[str, str]
"""Backend and server."""
ANY = "192.0.2.1"
"""An address for documentation (RFC 5737): backends do not depend on addresses."""


def backends(model: ClusterModel) -> set[str]:
    """Names of all backends, read from the proxies' configuration as the drill reads it; none without HAProxy."""
    addresses = {name: dict.fromkeys(model.networks_of(name), ANY) for name in model.nodes}
    plan = Plan(model, make_keys(model), {}, addresses, ANY if model.floating_address else None)
    texts = [plan.files(name).get(CONFIGURATION, b"").decode() for name in model.with_role("proxy")]
    return {backend for text in texts for backend, _ in configured(text)}


def configured(configuration: str) -> dict[Key, bool]:
    """Every server in HAProxy's configuration, and whether it is a backup."""
    servers, backend = {}, ""
    for line in CONFIGURED.finditer(configuration):
        backend = line["backend"] or backend
        if line["server"]:
            servers[backend, line["server"]] = "backup" in line["options"].split()
    return servers
