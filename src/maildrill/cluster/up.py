"""A cluster from its model to running containers, and the way back."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool, LogConfig

from maildrill.cluster.images import tag_of
from maildrill.cluster.keys import Keys, make_keys
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.payload import vantage_archive
from maildrill.cluster.render import Peer, Plan, archive, read_image
from maildrill.errors import EnvironmentProblem

SPACE = ipaddress.IPv4Network("10.213.0.0/16")
PREFIX = 26
SUBNET_TRIES = 40
STARTERS = 8


@dataclass(frozen=True)
class RunningNode:
    """A node as a container; volumes: logical name -> (Docker volume, path)."""

    name: str
    roles: list[str]
    container: Any
    address: str
    volumes: dict[str, tuple[str, str]]
    checks: list[tuple[int, str]]


@dataclass(frozen=True)
class RunningCluster:
    """A cluster that has been started; whether it answers is for the vantage to say."""

    model: ClusterModel
    session: str
    network: str
    nodes: dict[str, RunningNode]
    accounts: list[tuple[str, str]]
    ca_pem: str
    resolver: str
    mail_host: str
    vantage: RunningNode

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
) -> RunningCluster:
    """Make network, volumes and containers, and start them; the vantage is started by who attaches to it.

    ``start_vantage`` is called with its container, from a thread, as soon as that is made. Images must be
    there. Raises EnvironmentProblem; what was made until then carries the session's label.
    """
    keys = make_keys(model)
    network, subnet = _make_network(client, session, len(model.nodes))
    plan = _plan(model, keys, subnet)
    resolver = plan.with_role("resolver")[0].address
    say(f"starting {len(model.nodes)} containers in {subnet}")
    with ThreadPoolExecutor(STARTERS) as pool:
        make = partial(_make_node, client, plan, session, network, resolver, start_vantage)
        made = {node.name: node for node in pool.map(make, _order(model))}
    nodes = {name: made[name] for name in model.nodes}
    return RunningCluster(
        model=model,
        session=session,
        network=network,
        nodes=nodes,
        accounts=keys.accounts,
        ca_pem=keys.ca_pem,
        resolver=resolver,
        mail_host=f"mail.{model.domain}",
        vantage=next(node for node in nodes.values() if "outside" in node.roles),
    )


def _order(model: ClusterModel) -> list[str]:
    """Vantage, proxy and stores first: Postfix is silent until its SASL server answers."""
    first = ("outside", "proxy", "store")
    return sorted(model.nodes, key=lambda name: not any(role in first for role in model.nodes[name].roles))


def _plan(model: ClusterModel, keys: Keys, subnet: ipaddress.IPv4Network) -> Plan:
    hosts = list(subnet.hosts())[1:]  # the first is the gateway
    peers = {
        name: Peer(name, node.roles, str(address))
        for (name, node), address in zip(model.nodes.items(), hosts, strict=False)
    }
    return Plan(model, keys, str(subnet), peers)


def _make_network(client: Any, session: str, size: int) -> tuple[str, ipaddress.IPv4Network]:
    subnets: list[ipaddress.IPv4Network] = list(SPACE.subnets(new_prefix=PREFIX))
    if size > subnets[0].num_addresses - 3:
        raise EnvironmentProblem(f"a cluster of {size} nodes does not fit a /{PREFIX} network")
    name, problem = f"maildrill-{session}-lan", ""
    for subnet in random.sample(subnets, SUBNET_TRIES):
        ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=str(subnet), gateway=str(next(iter(subnet.hosts()))))])
        try:
            client.networks.create(name, driver="bridge", ipam=ipam, labels=labels(session))
        except APIError as failure:
            problem = str(failure)
            if "overlap" not in problem.lower():
                break
            continue
        return name, subnet
    raise EnvironmentProblem(f"no network could be made for the cluster: {problem}")


def _make_node(
    client: Any,
    plan: Plan,
    session: str,
    network: str,
    resolver: str,
    start_vantage: Callable[[Any], None],
    name: str,
) -> RunningNode:
    """Create one container with its files, and start it."""
    node, peer = plan.model.nodes[name], plan.peers[name]
    image, is_vantage = read_image(node.image), "outside" in node.roles
    paths = {**image.volumes, **node.volumes}
    volumes = {logical: (f"maildrill-{session}-{name}-{logical}", path) for logical, path in paths.items()}
    for volume, _ in volumes.values():
        client.volumes.create(volume, labels=labels(session))
    api = client.api
    log = LogConfig(type="none") if is_vantage else LogConfig(type="json-file", config={"max-size": "50m"})
    host = api.create_host_config(
        binds={volume: {"bind": path, "mode": "rw"} for volume, path in volumes.values()},
        dns=[resolver],
        log_config=log,
    )
    endpoint = api.create_endpoint_config(ipv4_address=peer.address)
    try:
        made = api.create_container(
            tag_of(node.image),
            name=f"maildrill-{session}-{name}",
            hostname=name,
            labels=labels(session),
            host_config=host,
            networking_config=api.create_networking_config({network: endpoint}),
            stdin_open=is_vantage,  # attached and not detached: the engine sets StdinOnce
            detach=not is_vantage,
        )
        content = vantage_archive() if is_vantage else archive(plan.files(name))
        api.put_archive(made["Id"], "/", content)
        container = client.containers.get(made["Id"])
        start_vantage(container) if is_vantage else api.start(made["Id"])
    except APIError as problem:
        raise EnvironmentProblem(f"node {name} ({node.image}) cannot be started: {problem}") from problem
    checks = [check for role in node.roles for check in image.checks.get(role, {}).items()]
    return RunningNode(name, node.roles, container, peer.address, volumes, checks)
