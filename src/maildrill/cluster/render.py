"""Configuration files of the nodes, from the templates beside each image."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from maildrill.cluster.files import CERTIFICATE, KEY
from maildrill.cluster.imagefile import image_folder, read_image
from maildrill.cluster.keys import Keys
from maildrill.cluster.model import ClusterModel, NodeModel


@dataclass(frozen=True)
class Peer:
    """A node as templates see it; ``address`` is the one that the looking node reaches it by."""

    name: str
    roles: list[str]
    site: str | None
    address: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class View:
    """The cluster as one of its nodes sees it, from the ``site`` it stands in."""

    peers: dict[str, Peer]
    site: str | None = None
    floating: str | None = None

    def with_role(self, role: str) -> list[Peer]:
        """Nodes with a role: those of the own site first, else in the file's order."""
        found = [peer for peer in self.peers.values() if role in peer.roles]
        return sorted(found, key=lambda peer: self.site is not None and peer.site != self.site)

    @property
    def front(self) -> str:
        """Where users and Postfix connect to: the floating address, the proxy, or else the store; own site first."""
        return self.floating or self.fronts[0].address

    @property
    def fronts(self) -> list[Peer]:
        """Every node that can be the front."""
        return self.with_role("proxy") or self.with_role("store")


@dataclass(frozen=True)
class Plan:
    """All that is known before a container is made; renders every node's files.

    ``subnets``: network -> subnet. ``addresses``: node -> network -> address, in the node's own order.
    """

    model: ClusterModel
    keys: Keys
    subnets: dict[str, str]
    addresses: dict[str, dict[str, str]]
    floating: str | None = None

    def view(self, name: str) -> View:
        """The cluster from a node: each peer by its address in the first network that both are in."""
        site = self.model.nodes[name].site
        return View({peer: self._seen(name, peer) for peer in self.model.nodes}, site, self.floating)

    def _seen(self, name: str, peer: str) -> Peer:
        theirs, node = self.addresses[peer], self.model.nodes[peer]
        shared = [network for network in self.addresses[name] if network in theirs]
        address = theirs[shared[0]] if shared else next(iter(theirs.values()))
        return Peer(peer, node.roles, node.site, address, node.settings)

    def files(self, name: str) -> dict[str, bytes]:
        """Path in the container -> content, for one node."""
        node = self.model.nodes[name]
        image = read_image(node.image)
        files = {path: self._render(node, name, template) for template, path in image.files.items()}
        if image.tls:
            shown = (self.keys.cert_pem, self.keys.key_pem)
            expired = node.settings.get("certificate") == "expired"
            files[CERTIFICATE], files[KEY] = self.keys.expired if expired else shown
        return files

    def _render(self, node: NodeModel, name: str, template: str) -> bytes:
        source = (image_folder(node.image) / template).resolve()
        replica = self.model.replica_of(name)
        # Names are published as the outside world reaches them; all other files are written from where they lie.
        view = self.view(self.model.with_role("outside")[0] if "dns" in node.roles else name)
        values: dict[str, Any] = {
            "node": view.peers[name],
            "roles": node.roles,
            "settings": node.settings,
            "timers": self.model.timers.get(source.parent.name, {}),
            "domain": self.model.domain,
            "outside_domain": self.model.outside_domain,
            "subnets": list(self.subnets.values()),
            "accounts": self.keys.accounts,
            "password": self.keys.password,
            "replica": view.peers[replica].address if replica else None,
            "delivery": view.front,
            "front": view.front,
            "fronts": view.fronts,
            "floating": self.floating,
            "peers": view.with_role,
            "named": view.peers,
            "everyone": list(view.peers.values()),
        }
        return _template(source).render(values).encode()


@functools.cache
def _template(source: Path) -> jinja2.Template:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    return environment.from_string(source.read_text(encoding="utf-8"))
