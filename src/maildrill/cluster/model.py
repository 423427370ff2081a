"""The typed model of a cluster file: which nodes there are, what they run, and how they are tuned."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from maildrill.cluster.attached import AttachedCluster
from maildrill.cluster.disks import DiskModel
from maildrill.cluster.hostname import DomainName, FolderPath, HostName
from maildrill.cluster.imagefile import ImageModel, read_image
from maildrill.scenario.fields import Distinct
from maildrill.scenario.model import Strict


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

    @property
    def ports(self) -> list[int]:
        """Every TCP port at which somebody may connect to it: what it serves, and what is between servers."""
        return sorted({*self.checks, *(port for role in self.roles for port in self.server.inside.get(role, []))})


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
