"""The typed model of a cluster file: which nodes there are, what they run, and how they are tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.disks import DiskModel
from maildrill.cluster.hostname import DomainName, HostName
from maildrill.cluster.imagefile import known_roles, known_timers
from maildrill.errors import BadInput
from maildrill.places import is_file
from maildrill.scenario.document import Document, check, nearest, read_yaml
from maildrill.scenario.model import Strict
from maildrill.shipped import data_dir, list_clusters, list_images

NEEDED_ROLES = ("dns", "resolver", "mx", "submission", "store", "outside")


class NodeModel(Strict):
    """One container: its image, what it does, and its own settings."""

    image: str
    roles: list[str] = Field(min_length=1)
    site: str | None = Field(None, description="where it stands; faults and peers can name it")
    networks: list[str] = Field([], description="the networks it is in; the cluster's first one, if empty")
    volumes: dict[str, str] = Field({}, description="logical name -> path, besides the image's own")
    settings: dict[str, Any] = Field({})
    disks: DiskModel | None = Field(None, description="a disk of its own for each of its volumes")


class Replication(Strict):
    """How the stores keep each other's mail."""

    kind: Literal["dovecot-dsync", "cyrus-rolling"]
    between: list[str] = Field(min_length=2, max_length=2)


class ClusterModel(Strict):
    """A topology of nodes."""

    cluster: HostName
    about: str = ""
    extends: str | None = None
    domain: DomainName = "example.test"
    outside_domain: DomainName = "outside.test"
    accounts: int = Field(8, ge=1, le=500)
    sites: list[str] = Field([])
    networks: list[str] = Field(["lan"], min_length=1, description="separate networks; the vantage is in all")
    nodes: dict[HostName, NodeModel] = Field(min_length=1)
    replication: Replication | None = None
    floating_address: bool = Field(False, description="the proxies share one address, which one of them holds")
    timers: dict[str, dict[str, str | int | float]] = Field(
        {}, description="image -> parameter -> value; the parameters are those of its image.yaml"
    )
    disks: DiskModel | None = Field(
        None, description="disks of their own for all nodes, not only for those a fault needs"
    )

    def with_role(self, role: str) -> list[str]:
        """Names of the nodes with a role, in the file's order."""
        return [name for name, node in self.nodes.items() if role in node.roles]

    def networks_of(self, name: str) -> list[str]:
        """The networks a node is in, its own order first. The vantage looks from all of them."""
        node = self.nodes[name]
        own = node.networks or self.networks[:1]
        return [*own, *(other for other in self.networks if "outside" in node.roles and other not in own)]

    def replicas(self) -> list[str]:
        """The nodes that should hold the same mail: those that replicate; without replication, all stores."""
        return self.replication.between if self.replication else self.with_role("store")

    def replica_of(self, name: str) -> str | None:
        """The node that replicates with this one, if any."""
        between = self.replication.between if self.replication else []
        return next((other for other in between if other != name), None) if name in between else None


AnyCluster = ClusterModel | AttachedCluster


def load_any_cluster(name_or_path: str, folder: Path | None = None) -> AnyCluster:
    """A cluster that can be started, or (by its field ``attached``) one that runs already. Raises BadInput."""
    document = read_yaml(find_cluster_file(name_or_path, folder))
    if "attached" not in document.data:
        return load_cluster(name_or_path, folder)
    model = check(AttachedCluster, document)
    model.remember(document)
    return model


def is_cluster_file(path: Path) -> bool:
    """Whether a YAML file describes a cluster, not a scenario on one. A file that cannot be read is none."""
    try:
        fields = read_yaml(path).data
    except BadInput:
        return False
    return not fields.keys().isdisjoint(("nodes", "extends", "attached")) and "timeline" not in fields


def load_cluster(name_or_path: str, folder: Path | None = None) -> ClusterModel:
    """A cluster that can be started: shipped, by name, or a file. Raises BadInput with file, line and column."""
    document = read_yaml(find_cluster_file(name_or_path, folder))
    if "attached" in document.data:
        raise document.bad(("attached",), "this system runs already; here a cluster that can be started is needed")
    model = check(ClusterModel, document, _extended(document, folder, ()))
    _check(model, document)
    return model


def find_cluster_file(name_or_path: str, folder: Path | None = None) -> Path:
    """The file of a cluster. Raises BadInput if there is none."""
    if name_or_path.endswith((".yaml", ".yml")):
        path = (folder or Path()) / name_or_path
        if not is_file(path):
            raise BadInput(f'no cluster file "{path}"')
        return path
    for place in (folder, data_dir() / "fixtures" / "clusters"):
        if place is not None and is_file(place / f"{name_or_path}.yaml"):
            return place / f"{name_or_path}.yaml"
    raise BadInput(f'unknown cluster "{name_or_path}"; {nearest(name_or_path, list_clusters())}')


def _extended(document: Document, folder: Path | None, seen: tuple[Path, ...]) -> dict[str, Any]:
    parent = document.data.get("extends")
    if not isinstance(parent, str):
        return dict(document.data)
    if document.path in seen:
        raise document.bad(("extends",), "clusters extend each other in a circle")
    is_file = parent.endswith((".yaml", ".yml"))
    base = read_yaml(find_cluster_file(parent, document.path.parent if is_file else folder))
    return merge(_extended(base, folder, (*seen, document.path)), document.data)


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` on top, mapping by mapping; null removes a key."""
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _check(model: ClusterModel, document: Document) -> None:
    for name, node in model.nodes.items():
        if node.image not in list_images():
            message = f'unknown image "{node.image}"; {nearest(node.image, list_images())}'
            raise document.bad(("nodes", name, "image"), message)
        for index, role in enumerate(node.roles):
            if role not in (roles := known_roles()):
                message = f'no image has the role "{role}"; {nearest(role, roles)}'
                raise document.bad(("nodes", name, "roles", index), message)
        for network in node.networks:
            if network not in model.networks:
                message = f'no network "{network}"; {nearest(network, model.networks)}'
                raise document.bad(("nodes", name, "networks"), message)
        if node.site is not None and node.site not in model.sites:
            raise document.bad(("nodes", name, "site"), f'no site "{node.site}"; {nearest(node.site, model.sites)}')
    for role in NEEDED_ROLES:
        if not model.with_role(role):
            raise document.bad(("nodes",), f'no node has the role "{role}"')
    if len(model.with_role("outside")) > 1:
        raise document.bad(("nodes",), 'only one node can have the role "outside"')
    if model.floating_address and not model.with_role("proxy"):
        raise document.bad(("floating_address",), 'no node has the role "proxy" that could hold it')
    for name in model.replication.between if model.replication else []:
        if name not in model.nodes:
            raise document.bad(("replication", "between"), f'no node "{name}"; {nearest(name, model.nodes)}')
    _check_timers(model, document)


def _check_timers(model: ClusterModel, document: Document) -> None:
    """Every timer is one that an image has: under another name it would be a setting that changes nothing."""
    known = known_timers()
    for image, timers in model.timers.items():
        if image not in known:
            message = f'no image "{image}" that has timers; {nearest(image, known)}'
            raise document.bad(("timers", image), message, key=True)
        for name in timers:
            if name not in known[image]:
                message = f"no timer of {image}; {nearest(name, known[image])}"
                raise document.bad(("timers", image, name), message, key=True)
