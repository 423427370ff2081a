"""CPU time of one probe on each side (server, vantage), and of what runs all the time, on a real cluster.

    python tests/bench/probe_cost.py [CLUSTER] [SECONDS]

Taken from the containers' CPU accounting while only one sort of probe runs; "idle" is what the readers
and lasting sessions cost by themselves, and is subtracted from the others.
"""

from __future__ import annotations

import secrets
import sys
import time
from typing import Any

from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.engine import connect
from maildrill.cluster.images import ensure_images
from maildrill.cluster.up import bring_up
from maildrill.custody.guard import Guard
from maildrill.custody.sweep import remove_session
from maildrill.drill.orders import orders
from maildrill.scenario.model import Probes, Traffic
from maildrill.traffic.link import VantageLink

EVERY = 0.1
SORTS = {"idle": [], "mailbox": ["mailbox"], "inbound + delivery": ["inbound", "delivery"],
         "submission + outbound": ["submission", "outbound"]}  # fmt: skip


def cpu(containers: list[Any]) -> float:
    """CPU seconds used so far by these containers."""
    return sum(each.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"] for each in containers) / 1e9


def main(name: str, seconds: float) -> None:
    """Print a line for each sort of probe."""
    client, model = connect(), load_cluster(name)
    images = ensure_images(client, {node.image for node in model.nodes.values()} | {"helper"})
    print(f"{name}, a probe every {EVERY:g} s for {seconds:g} s; CPU ms")
    idle = (0.0, 0.0)
    for sort, services in SORTS.items():
        session = secrets.token_hex(4)
        guard = Guard(client, images["helper"], session)
        try:
            cluster = bring_up(client, model, session, lambda _: None)
            link = VantageLink(client, cluster.vantage.container, lambda _: None)
            link.start()
            link.send("ready", checks=cluster.checks(), deadline=60.0)
            assert link.wait("ready-done", 65.0)["ok"]
            probes = Probes.model_validate(
                {"every": EVERY if services else 3600.0, "services": services or ["mailbox"]}
            )
            link.send("config", **orders(Traffic(), probes, model, cluster, 1, session))
            link.send("start")
            link.wait("started", 30.0)
            time.sleep(1.0)
            servers = [node.container for node in cluster.nodes.values() if node is not cluster.vantage]
            before, begin = (cpu(servers), cpu([cluster.vantage.container])), time.monotonic()
            time.sleep(seconds)
            used = cpu(servers) - before[0], cpu([cluster.vantage.container]) - before[1]
            took = time.monotonic() - begin
            link.close()
        finally:
            remove_session(client, session)
            guard.release()
        if not services:
            idle = used[0] / took, used[1] / took
            print(f"  {sort:<24} per second: servers {idle[0] * 1000:6.1f}  vantage {idle[1] * 1000:6.1f}")
        else:
            cost = [(use - still * took) / (took / EVERY) * 1000 for use, still in zip(used, idle, strict=True)]
            print(f"  {sort:<24} per probe:  servers {cost[0]:6.1f}  vantage {cost[1]:6.1f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "postfix-dovecot-single", float(sys.argv[2]) if len(sys.argv) > 2 else 8)
