"""A node of a cluster: making its container, and what is known of it while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from docker.errors import APIError
from docker.types import LogConfig

from maildrill.cluster.attached import AttachedNode
from maildrill.cluster.clocks import Clocks
from maildrill.cluster.disks import Disks
from maildrill.cluster.files import archive
from maildrill.cluster.imagefile import Queue, read_image
from maildrill.cluster.images import tag_of
from maildrill.cluster.payload import vantage_archive
from maildrill.cluster.render import Plan
from maildrill.errors import EnvironmentProblem

RESOLVER_FILE = "/etc/maildrill/resolv.conf"
NAMES_FROM_OUR_RESOLVER = ["/bin/sh", "-c", f'cat {RESOLVER_FILE} >/etc/resolv.conf && exec "$0" "$@"']
"""Before the image's command, at every start: the engine's own resolver, which it puts there each time, would know
the client of each session whether the cluster's resolver answers or not."""
VANTAGE_CPU_SHARES = 16384
"""Of the processor, when there is too little: what measures goes before what is measured (default: 1024 each)."""


@dataclass(frozen=True)
class RunningNode:
    """A node as a container; ``address`` is where the vantage looks, ``addresses`` are all it has.

    volumes: logical name -> (Docker volume, path); devices: logical name -> loop device, "" if none of its own.
    reload: shell commands after which its servers use changed certificates; none if it has no certificates.
    queue: how its mail queue is looked at and moved; None if it has none that is known.
    ``container`` is None, and there are no volumes, where the node belongs to an attached system: then
    ``attached`` says what its owner allows.
    """

    name: str
    roles: list[str]
    site: str | None
    container: Any
    address: str
    addresses: list[str]
    volumes: dict[str, tuple[str, str]]
    checks: list[tuple[int, str]]
    devices: dict[str, str] = field(default_factory=dict)
    reload: list[str] = field(default_factory=list)
    queue: Queue | None = None
    attached: AttachedNode | None = None


def labels(session: str) -> dict[str, str]:
    """On everything a drill makes."""
    return {"maildrill": "drill", "maildrill.session": session}


@dataclass(frozen=True)
class NodeMaker:
    """Makes and starts the containers of one cluster; ``networks``: name in the file -> name in the engine.

    ``start_vantage`` is called with the vantage's container, which is started by who attaches to it.
    """

    client: Any
    session: str
    plan: Plan
    networks: dict[str, str]
    clocks: Clocks
    disks: Disks
    start_vantage: Callable[[Any], None]

    def make(self, name: str) -> RunningNode:
        """One node: volumes, container, files, start. Raises EnvironmentProblem with the engine's words."""
        node = self.plan.model.nodes[name]
        image = read_image(node.image)
        volumes = {
            logical: (f"maildrill-{self.session}-{name}-{logical}", path) for logical, path in node.paths.items()
        }
        devices = {logical: self.disks.make(name, volume, self._labels) for logical, (volume, _) in volumes.items()}
        try:
            container = self._started(name, volumes)
        except APIError as problem:
            raise EnvironmentProblem(f"node {name} ({node.image}) cannot be started: {problem}") from problem
        return RunningNode(
            name=name,
            roles=node.roles,
            site=node.site,
            container=container,
            address=self.plan.view(self.plan.model.with_role("outside")[0]).peers[name].address,
            addresses=list(self.plan.addresses[name].values()),
            volumes=volumes,
            checks=list(node.checks.items()),
            devices=devices,
            reload=image.reload if image.tls else [],
            queue=image.queue,
        )

    @property
    def _labels(self) -> dict[str, str]:
        return labels(self.session)

    def _started(self, name: str, volumes: dict[str, tuple[str, str]]) -> Any:
        """The container with its files, in all of its networks, started."""
        api, is_vantage = self.client.api, self._is_vantage(name)
        made = self._created(name, volumes)
        api.put_archive(made, "/", vantage_archive() if is_vantage else archive(self._files(name)))
        for network, address in list(self.plan.addresses[name].items())[1:]:
            api.connect_container_to_network(made, self.networks[network], ipv4_address=address)
        container = self.client.containers.get(made)
        self.start_vantage(container) if is_vantage else api.start(made)
        return container

    def _created(self, name: str, volumes: dict[str, tuple[str, str]]) -> str:
        """Id of the new container, in the first of its networks."""
        api, is_vantage = self.client.api, self._is_vantage(name)
        image = tag_of(self.plan.model.nodes[name].image)
        first, address = next(iter(self.plan.addresses[name].items()))
        endpoint = api.create_endpoint_config(ipv4_address=address)
        command = api.inspect_image(image)["Config"]["Cmd"]
        made = api.create_container(
            image,
            command,
            entrypoint=None if is_vantage else NAMES_FROM_OUR_RESOLVER,
            name=f"maildrill-{self.session}-{name}",
            hostname=name,
            labels=self._labels,
            environment=self.clocks.environment(name),
            host_config=self._host(name, volumes),
            networking_config=api.create_networking_config({self.networks[first]: endpoint}),
            stdin_open=is_vantage,  # attached and not detached: the engine sets StdinOnce
            detach=not is_vantage,
        )
        return str(made["Id"])

    def _files(self, name: str) -> dict[str, bytes]:
        resolvers = "".join(f"nameserver {peer.address}\n" for peer in self.plan.view(name).with_role("resolver"))
        return {**self.plan.files(name), **self.clocks.files(name), RESOLVER_FILE: resolvers.encode()}

    def _host(self, name: str, volumes: dict[str, tuple[str, str]]) -> Any:
        is_vantage = self._is_vantage(name)
        log = LogConfig(type="none") if is_vantage else LogConfig(type="json-file", config={"max-size": "50m"})
        return self.client.api.create_host_config(
            binds={volume: {"bind": path, "mode": "rw"} for volume, path in volumes.values()},
            dns=[self.plan.view(name).with_role("resolver")[0].address] if is_vantage else None,
            log_config=log,
            cap_add=read_image(self.plan.model.nodes[name].image).capabilities,
            cpu_shares=VANTAGE_CPU_SHARES if is_vantage else None,
        )

    def _is_vantage(self, name: str) -> bool:
        return "outside" in self.plan.model.nodes[name].roles
