"""A cluster from its model to running containers, and the way back."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool, LogConfig

from maildrill.cluster.attached import AttachedNode
from maildrill.cluster.clocks import Clocks
from maildrill.cluster.disks import Disks
from maildrill.cluster.files import archive
from maildrill.cluster.images import tag_of
from maildrill.cluster.keys import make_keys
from maildrill.cluster.model import AnyCluster, ClusterModel
from maildrill.cluster.payload import vantage_archive
from maildrill.cluster.render import Plan, read_image
from maildrill.errors import EnvironmentProblem

SPACE = ipaddress.IPv4Network("10.213.0.0/16")
PREFIX = 26
SUBNET_TRIES = 40
STARTERS = 8
VANTAGE_CPU_SHARES = 16384
"""Of the processor, when there is too little: what measures goes before what is measured (default: 1024 each)."""


@dataclass(frozen=True)
class RunningNode:
    """A node as a container; ``address`` is where the vantage looks, ``addresses`` are all it has.

    volumes: logical name -> (Docker volume, path); devices: logical name -> loop device, "" if none of its own.
    reload: shell commands after which its servers use changed certificates; none if it has no certificates.
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
    attached: AttachedNode | None = None


@dataclass(frozen=True)
class RunningCluster:
    """A cluster that has been started; whether it answers is for the vantage to say.

    networks: name in the cluster file -> name in the engine. ``endpoints``: what the vantage is told beside
    names and accounts, where services are not reached the way they are in a cluster of ours.
    authority: the CA (trustme) that its servers' certificates come from; None if it is not ours.
    """

    model: AnyCluster
    session: str
    networks: dict[str, str]
    nodes: dict[str, RunningNode]
    accounts: list[tuple[str, str]]
    ca_pem: str
    resolver: str | None
    mail_host: str
    floating: str | None
    vantage: RunningNode
    authority: Any
    endpoints: dict[str, Any] = field(default_factory=dict)

    def checks(self) -> list[dict[str, Any]]:
        """What the vantage looks at to say that everything answers: every server, and the floating address."""
        looks = [(node.name, node.address, node.checks) for node in self.nodes.values()]
        if self.floating:
            looks.append(("floating-address", self.floating, self.select("proxy")[0].checks))
        return [
            {"node": name, "host": host, "port": port, "protocol": protocol, "domain": self.model.domain}
            for name, host, checks in looks
            for port, protocol in checks
        ]

    def select(self, role: str) -> list[RunningNode]:
        """Nodes with a role, in the file's order."""
        return [node for node in self.nodes.values() if role in node.roles]


def labels(session: str) -> dict[str, str]:
    """On everything a drill makes."""
    return {"maildrill": "drill", "maildrill.session": session}


def bring_up(
    client: Any,
    model: ClusterModel,
    session: str,
    say: Callable[[str], None] = print,
    start_vantage: Callable[[Any], None] = lambda container: None,
    clocks: Clocks | None = None,
    disks: Disks | None = None,
) -> RunningCluster:
    """Make network, volumes and containers, and start them; the vantage is started by who attaches to it.

    ``start_vantage`` is called with its container, from a thread, as soon as that is made; ``clocks`` says
    which nodes get one of their own, ``disks`` makes the volumes: without it all are ordinary ones. Images
    must be there. Raises EnvironmentProblem; what was made until then carries the session's label.
    """
    keys = make_keys(model)
    networks, subnets = _make_networks(client, model, session)
    addresses, floating = _addresses(model, subnets)
    plan = Plan(model, keys, {name: str(subnet) for name, subnet in subnets.items()}, addresses, floating)
    say(f"starting {len(model.nodes)} containers in {', '.join(plan.subnets.values())}")
    with ThreadPoolExecutor(STARTERS) as pool:
        clocks, disks = clocks or Clocks(client, "", session), disks or Disks(client)
        make = partial(_make_node, client, clocks, disks, plan, session, networks, start_vantage)
        made = {node.name: node for node in pool.map(make, _order(model))}
    nodes = {name: made[name] for name in model.nodes}
    vantage = nodes[model.with_role("outside")[0]]
    return RunningCluster(
        model=model,
        session=session,
        networks=networks,
        nodes=nodes,
        accounts=keys.accounts,
        ca_pem=keys.ca_pem,
        resolver=plan.view(vantage.name).with_role("resolver")[0].address,
        mail_host=f"mail.{model.domain}",
        floating=floating,
        vantage=vantage,
        authority=keys.authority,
    )


def _order(model: ClusterModel) -> list[str]:
    """Vantage, proxy and stores first: Postfix is silent until its SASL server answers."""
    first = ("outside", "proxy", "store")
    return sorted(model.nodes, key=lambda name: not any(role in first for role in model.nodes[name].roles))


def _addresses(
    model: ClusterModel, subnets: dict[str, ipaddress.IPv4Network]
) -> tuple[dict[str, dict[str, str]], str | None]:
    """node -> network -> address (the first of a subnet is the engine's), and the address that floats."""
    free = {network: subnet.hosts() for network, subnet in subnets.items()}
    for hosts in free.values():
        next(iter(hosts))
    taken = {name: {net: str(next(iter(free[net]))) for net in model.networks_of(name)} for name in model.nodes}
    return taken, str(next(iter(free[model.networks[0]]))) if model.floating_address else None


def _make_networks(
    client: Any, model: ClusterModel, session: str
) -> tuple[dict[str, str], dict[str, ipaddress.IPv4Network]]:
    """The cluster's networks: name -> (name in the engine, subnet)."""
    if len(model.nodes) > 2 ** (32 - PREFIX) - 3:
        raise EnvironmentProblem(f"a cluster of {len(model.nodes)} nodes does not fit a /{PREFIX} network")
    names = {network: f"maildrill-{session}-{network}" for network in model.networks}
    return names, {network: _make_network(client, session, name) for network, name in names.items()}


def _make_network(client: Any, session: str, name: str) -> ipaddress.IPv4Network:
    """A network with no way out to the world, in a free subnet of our space."""
    problem = ""
    for subnet in random.sample(list(SPACE.subnets(new_prefix=PREFIX)), SUBNET_TRIES):
        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet), gateway=str(next(iter(subnet.hosts()))))])
        try:
            client.networks.create(name, driver="bridge", internal=True, ipam=ipam, labels=labels(session))
        except APIError as failure:
            problem = str(failure)
            if "overlap" not in problem.lower():
                break
            continue
        return subnet
    raise EnvironmentProblem(f"no network could be made for the cluster: {problem}")


def _make_node(
    client: Any,
    clocks: Clocks,
    disks: Disks,
    plan: Plan,
    session: str,
    networks: dict[str, str],
    start_vantage: Callable[[Any], None],
    name: str,
) -> RunningNode:
    """Create one container with its files, and start it."""
    node, view = plan.model.nodes[name], plan.view(name)
    (first, address), *others = plan.addresses[name].items()
    image, is_vantage = read_image(node.image), "outside" in node.roles
    paths = {**image.volumes, **node.volumes}
    volumes = {logical: (f"maildrill-{session}-{name}-{logical}", path) for logical, path in paths.items()}
    devices = {logical: disks.make(name, volume, labels(session)) for logical, (volume, _) in volumes.items()}
    api = client.api
    log = LogConfig(type="none") if is_vantage else LogConfig(type="json-file", config={"max-size": "50m"})
    host = api.create_host_config(
        binds={volume: {"bind": path, "mode": "rw"} for volume, path in volumes.values()},
        dns=[view.with_role("resolver")[0].address],
        log_config=log,
        cap_add=image.capabilities,
        cpu_shares=VANTAGE_CPU_SHARES if is_vantage else None,
    )
    endpoint = api.create_endpoint_config(ipv4_address=address)
    try:
        made = api.create_container(
            tag_of(node.image),
            name=f"maildrill-{session}-{name}",
            hostname=name,
            labels=labels(session),
            environment=clocks.environment(name),
            host_config=host,
            networking_config=api.create_networking_config({networks[first]: endpoint}),
            stdin_open=is_vantage,  # attached and not detached: the engine sets StdinOnce
            detach=not is_vantage,
        )
        content = vantage_archive() if is_vantage else archive({**plan.files(name), **clocks.files(name)})
        api.put_archive(made["Id"], "/", content)
        for network, address_there in others:
            api.connect_container_to_network(made["Id"], networks[network], ipv4_address=address_there)
        container = client.containers.get(made["Id"])
        start_vantage(container) if is_vantage else api.start(made["Id"])
    except APIError as problem:
        raise EnvironmentProblem(f"node {name} ({node.image}) cannot be started: {problem}") from problem
    checks = [check for role in node.roles for check in image.checks.get(role, {}).items()]
    seen = plan.view(plan.model.with_role("outside")[0]).peers[name].address
    reload = image.reload if image.tls else []
    addresses = [address, *(other for _, other in others)]
    return RunningNode(name, node.roles, node.site, container, seen, addresses, volumes, checks, devices, reload)
