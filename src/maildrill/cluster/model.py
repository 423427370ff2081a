"""The typed model of a cluster file: which nodes there are, what they run, and how they are tuned."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.disks import DiskModel
from maildrill.cluster.hostname import DomainName, FolderPath, HostName
from maildrill.cluster.imagefile import ImageModel, read_image
from maildrill.cluster.sense import check_cluster
from maildrill.errors import BadInput
from maildrill.places import is_file
from maildrill.scenario.document import Document, check, nearest, read_yaml
from maildrill.scenario.fields import Distinct
from maildrill.scenario.model import Strict
from maildrill.shipped import data_dir, list_clusters


def _text_or_number(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        raise ValueError("text or a number") from None


TimerValue = Annotated[str | int | float, WrapValidator(_text_or_number)]


class NodeModel(Strict):
    """One container: its image, what it does, and its own settings."""

    image: str
    roles: Distinct[str] = Field(min_length=1)
    site: str | None = Field(None, description="where it stands; faults and peers can name it")
    networks: Distinct[str] = Field([], description="the networks it is in; the cluster's first one, if empty")
    volumes: dict[HostName, FolderPath] = Field({}, description="logical name -> path, besides the image's own")
    settings: dict[str, Any] = Field({}, description="what its templates ask for; the names are in the image.yaml")
    disks: DiskModel | None = Field(None, description="a disk of its own for each of its volumes")

    @property
    def server(self) -> ImageModel:
        """What is known of its image."""
        return read_image(self.image)

    @property
    def paths(self) -> dict[str, str]:
        """All its volumes: logical name -> path."""
        return {**self.server.volumes, **self.volumes}

    @property
    def checks(self) -> dict[int, str]:
        """What it serves in its roles: port -> protocol."""
        checks = self.server.checks
        return {port: protocol for role in self.roles for port, protocol in checks.get(role, {}).items()}


class Replication(Strict):
    """How the stores keep each other's mail."""

    kind: Literal["dovecot-dsync", "cyrus-rolling"]
    between: Distinct[str] = Field(min_length=2, max_length=2)


class ClusterModel(Strict):
    """A topology of nodes."""

    cluster: HostName
    about: str = ""
    extends: str | None = None
    domain: DomainName = "example.test"
    outside_domain: DomainName = "outside.test"
    accounts: int = Field(8, ge=1, le=500)
    sites: Distinct[str] = Field([])
    networks: Distinct[HostName] = Field(["lan"], min_length=1, description="separate networks; the vantage is in all")
    nodes: dict[HostName, NodeModel] = Field(min_length=1)
    replication: Replication | None = None
    floating_address: bool = Field(False, description="the proxies share one address, which one of them holds")
    timers: dict[str, dict[str, TimerValue]] = Field(
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
ITS_OWN = ("cluster", "about")
"""What a cluster does not inherit: under the name of another one, its drills would be taken for that one's."""


def load_any_cluster(name_or_path: str, folder: Path | None = None) -> AnyCluster:
    """A cluster that can be started, or (by its field ``attached``) one that runs already. Raises BadInput."""
    document = read_yaml(find_cluster_file(name_or_path, folder))
    if "attached" not in document.data:
        _check_not_meant(document, "attached")
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
    document = _extended(document, folder, ())
    model = check(ClusterModel, document)
    check_cluster(model, document)
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


def _check_not_meant(document: Document, word: str) -> None:
    """No field is a misspelt ``word``: one that says what the file is would make every other field seem wrong."""
    for name in document.data.keys() - ClusterModel.model_fields.keys():
        if difflib.get_close_matches(str(name), [word], cutoff=0.8):
            message = f'unknown field "{name}"; did you mean "{word}"?'
            raise BadInput(f"{document.where((name,), key=True)}: {message}")


def _extended(document: Document, folder: Path | None, seen: tuple[Path, ...]) -> Document:
    """The document on top of those that it extends."""
    parent = document.data.get("extends")
    if not isinstance(parent, str):
        return document
    if document.path.resolve() in seen:
        raise document.bad(("extends",), "clusters extend each other in a circle")
    by_path = parent.endswith((".yaml", ".yml"))
    try:
        file = find_cluster_file(parent, document.path.parent if by_path else folder)
    except BadInput as error:
        raise document.bad(("extends",), str(error)) from None
    base = _extended(read_yaml(file), folder, (*seen, document.path.resolve()))
    inherited = {name: value for name, value in base.data.items() if name not in ITS_OWN}
    return dataclasses.replace(document, data=merge(inherited, document.data), base=base)


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
