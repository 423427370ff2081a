"""What the types of a cluster file cannot say: nodes that can be what they are called, names that mean something."""

from __future__ import annotations

from collections.abc import Collection

from maildrill.cluster.imagefile import known_roles, known_timers
from maildrill.cluster.model import ClusterModel, NodeModel
from maildrill.scenario.document import Document, Loc, nearest
from maildrill.shipped import list_images

NEEDED_ROLES = ("dns", "resolver", "mx", "submission", "store", "outside")


def check_cluster(model: ClusterModel, document: Document) -> None:
    """Raises BadInput with the place of the first thing that makes no sense, and with what was meant."""
    for name, node in model.nodes.items():
        _check_node(("nodes", name), node, model, document)
    _check_names(model, document)
    for role in NEEDED_ROLES:
        if not model.with_role(role):
            raise document.bad(("nodes",), f'no node has the role "{role}"')
    if len(model.with_role("outside")) > 1:
        raise document.bad(("nodes",), 'only one node can have the role "outside"')
    if model.floating_address and not model.with_role("proxy"):
        raise document.bad(("floating_address",), 'no node has the role "proxy" that could hold it')
    _check_replication(model, document)
    _check_timers(model, document)


def _check_node(place: Loc, node: NodeModel, model: ClusterModel, document: Document) -> None:
    _known(node.image, list_images(), (*place, "image"), 'unknown image "{}"', document)
    image = node.server
    for index, role in enumerate(node.roles):
        _known(role, known_roles(), (*place, "roles", index), 'no image has the role "{}"', document)
        if role not in image.checks:
            can = ", ".join(image.checks) or "nothing in a cluster"
            message = f'the image {node.image} cannot be "{role}"; it can be {can}'
            raise document.bad((*place, "roles", index), message)
    for network in node.networks:
        _known(network, model.networks, (*place, "networks"), 'no network "{}"', document)
    if node.site is not None:
        _known(node.site, model.sites, (*place, "site"), 'no site "{}"', document)
    for name in node.settings:
        _known(name, image.settings, (*place, "settings", name), f"no setting of {node.image}", document, key=True)


def _known(name: str, names: Collection[str], place: Loc, message: str, document: Document, key: bool = False) -> None:
    """Raises BadInput, with the nearest, unless the name is one of these."""
    if name not in names:
        hint = nearest(name, names) if names else "there are none"
        raise document.bad(place, f"{message.format(name)}; {hint}", key=key)


def _check_names(model: ClusterModel, document: Document) -> None:
    """Names that DNS could not tell apart: there, capitals mean nothing."""
    if model.domain.lower() == model.outside_domain.lower():
        place = ("outside_domain",) if "outside_domain" in document.data else ("domain",)
        raise document.bad(place, f"the strangers' domain is the cluster's own, {model.domain}")
    seen: dict[str, str] = {}
    for name in model.nodes:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise document.bad(("nodes", name), f"to DNS this is the same name as {other}", key=True)


def _check_replication(model: ClusterModel, document: Document) -> None:
    """Both are stores, of servers that replicate in this way."""
    if model.replication is None:
        return
    kind, place = model.replication.kind, ("replication", "between")
    for name in model.replication.between:
        _known(name, model.nodes, place, 'no node "{}"', document)
        node = model.nodes[name]
        if "store" not in node.roles:
            raise document.bad(place, f"{name} is no store; stores: {', '.join(model.with_role('store'))}")
        if node.server.replication != kind:
            knows = node.server.replication or "no replication"
            raise document.bad(("replication", "kind"), f"{name} ({node.image}) knows {knows}, not {kind}")


def _check_timers(model: ClusterModel, document: Document) -> None:
    """Every timer is one that an image has: under another name it would be a setting that changes nothing."""
    known = known_timers()
    for image, timers in model.timers.items():
        _known(image, known, ("timers", image), 'no image "{}" that has timers', document, key=True)
        for name in timers:
            _known(name, known[image], ("timers", image, name), f"no timer of {image}", document, key=True)
