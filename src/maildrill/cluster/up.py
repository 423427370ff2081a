"""A cluster from its model to running containers, and the way back."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from maildrill.cluster.clocks import Clocks
from maildrill.cluster.disks import Disks
from maildrill.cluster.keys import make_keys
from maildrill.cluster.model import AnyCluster, ClusterModel
from maildrill.cluster.node import NodeMaker, RunningNode, labels
from maildrill.cluster.render import Plan
from maildrill.errors import EnvironmentProblem

SPACE = ipaddress.IPv4Network("10.213.0.0/16")
PREFIX = 26
SUBNET_TRIES = 40
STARTERS = 8


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
    accounts: list[tuple[str, str]] = field(repr=False)
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

    def stores(self) -> list[dict[str, Any]]:
        """Where the replicas of the mailboxes can be read, past every proxy: the stores' own IMAPS ports.

        ``host`` is the name in the store's certificate.
        """
        domain = f".{self.model.domain}" if isinstance(self.model, ClusterModel) else None
        return [
            {"name": name, "host": name + domain if domain else node.address, "address": node.address, "port": port}
            for name, node in self.nodes.items()
            for port, protocol in node.checks
            if name in self.model.replicas() and protocol == "imaps"
        ]

    def select(self, role: str) -> list[RunningNode]:
        """Nodes with a role, in the file's order."""
        return [node for node in self.nodes.values() if role in node.roles]


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
        maker = NodeMaker(client, session, plan, networks, clocks, disks, start_vantage)
        made = {node.name: node for node in pool.map(maker.make, _order(model))}
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
    """Vantage, resolvers, proxy and stores first: Postfix is silent until they and its SASL server answer."""
    first = ("outside", "resolver", "proxy", "store")
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
