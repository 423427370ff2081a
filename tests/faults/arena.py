"""An arena for faults: one running cluster for all kinds, real traffic, and custody as in a drill."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from maildrill.cluster.clocks import Clocks
from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.disks import DiskModel, Disks
from maildrill.cluster.engine import connect
from maildrill.cluster.images import ensure_images
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.up import RunningCluster, bring_up
from maildrill.custody.guard import Guard
from maildrill.custody.sweep import remove_session
from maildrill.drill.orders import orders
from maildrill.faults import KINDS, Fault, World
from maildrill.faults.helper import Helper
from maildrill.scenario.model import Probes, Traffic
from maildrill.traffic.link import VantageLink

READY_S = 60.0
LEFT = (
    "nft -s list ruleset 2>/dev/null; iptables-legacy -t mangle -S; iptables-legacy -t nat -S; "
    "tc qdisc | sed 's/refcnt.*//'; ip -o link | cut -d: -f2; ls /run | grep maildrill"
)


def until(what: str, look: Callable[[], tuple[bool, str]], deadline: float = 10.0) -> str:
    """Poll until the look says true; what it saw. Fails after ``deadline`` s with the last thing seen."""
    end = time.monotonic() + deadline
    while True:
        true, seen = look()
        if true:
            return seen
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline:.0f} s for {what}; last seen: {seen}")
        time.sleep(0.02)


@dataclass
class Arena:
    """A cluster that is up, ready and carries mail."""

    world: World
    cluster: RunningCluster
    link: VantageLink

    def fault(
        self, kind: str, target: str, peers: list[str] | None = None, number: int = 1, **parameters: Any
    ) -> Fault:
        """A fault on a node by name, with its parameters checked as a scenario's are."""
        asked = KINDS[kind].Parameters.model_validate(parameters)
        nodes = self.cluster.nodes
        return KINDS[kind](self.world, nodes[target], number, [nodes[peer] for peer in peers or []], asked)

    def works(self, service: str, deadline: float = 3.0) -> tuple[bool, str]:
        """Whether one transaction of a service succeeds now."""
        done = self.world.attempt(service, deadline)
        return done.ok, f"{service}: {done.error or 'ok'} in {done.seconds:.3f} s"

    def fails(self, service: str, deadline: float = 3.0) -> tuple[bool, str]:
        """Whether one transaction of a service fails now."""
        ok, seen = self.works(service, deadline)
        return not ok, seen

    def left_in_network(self, node: str) -> str:
        """Everything a fault could leave in a node's network namespace, and programs left in the helper."""
        container = self.cluster.nodes[node].container
        return str(self.world.helper.in_network_of(container, "sh", "-c", LEFT)[1])

    def shell(self, node: str, command: str) -> str:
        """Output of a shell command in a node."""
        return str(self.cluster.nodes[node].container.exec_run(["sh", "-c", command]).output.decode(errors="replace"))


def make_arena(
    cluster: str | Path | ClusterModel, clocks: Collection[str] = (), disks: Collection[str] = ()
) -> Iterator[Arena]:
    """Bring up a cluster with traffic agent and helper; everything is removed at the end.

    ``clocks``, ``disks``: names of the nodes that get a clock, or disks, of their own.
    """
    client, session = connect(), secrets.token_hex(4)
    model = cluster if isinstance(cluster, ClusterModel) else load_cluster(str(cluster))
    wanted = {name: DiskModel(size="64M") for name in disks}
    images = ensure_images(client, {node.image for node in model.nodes.values()} | {"helper"})
    guard = Guard(client, images["helper"], session, disks=bool(wanted))
    helper = Helper(client, images["helper"], session)
    link: VantageLink | None = None
    try:
        helper.start(disks=bool(wanted))
        own_clocks, own_disks = Clocks(client, images["helper"], session, clocks), Disks(client, helper, wanted)
        cluster = bring_up(client, model, session, lambda _: None, clocks=own_clocks, disks=own_disks)
        link = VantageLink(client, cluster.vantage.container, lambda _: None)
        link.start()
        link.synchronise(time.monotonic())
        link.send("ready", checks=cluster.checks(), deadline=READY_S)
        assert link.wait("ready-done", READY_S + 5)["ok"], "the arena's cluster is not ready"
        link.send("config", **orders(Traffic(), Probes(every=5.0), model, cluster, 1, session))
        link.send("start")
        link.wait("started", 30.0)
        yield Arena(World(link.check, link.attempt, helper, client, cluster), cluster, link)
    finally:
        if link is not None:
            link.close()
        left = remove_session(client, session)
        guard.release()
        assert not left, f"the arena left behind: {left}"
