"""How much the cluster's readiness costs beyond starting its containers: one ratio, from one run.

    .venv/bin/python tests/bench/cluster_up.py [CLUSTER] [ROUNDS]

"Bare" starts the same containers in parallel (images, network, volumes, reaper) with `sleep infinity` and
without configuration. "Ready" is maildrill's own way until every server answers in its protocol, seen from
the vantage. Rounds alternate, the medians are compared; the target is a ratio of at most 1.5.
"""

from __future__ import annotations

import json
import secrets
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from maildrill.cluster.clusterfile import load_cluster
from maildrill.cluster.engine import connect
from maildrill.cluster.imagefile import read_image
from maildrill.cluster.images import ensure_images
from maildrill.cluster.model import ClusterModel
from maildrill.cluster.node import labels
from maildrill.cluster.up import STARTERS
from maildrill.custody.guard import Guard
from maildrill.custody.sweep import remove_session
from maildrill.drill.phases import Drill
from maildrill.scenario.model import Scenario


def bare(client: Any, model: ClusterModel, images: dict[str, str]) -> float:
    """Seconds to start the same containers with nothing in them."""
    session = secrets.token_hex(4)
    began = time.monotonic()
    guard = Guard(client, images["helper"], session)
    network = client.networks.create(f"maildrill-{session}-bare", labels=labels(session))

    def start(name: str) -> None:
        node = model.nodes[name]
        paths = {**read_image(node.image).volumes, **node.volumes}
        volumes = {f"maildrill-{session}-{name}-{logical}": {"bind": path} for logical, path in paths.items()}
        for volume in volumes:
            client.volumes.create(volume, labels=labels(session))
        client.containers.run(
            images[node.image],
            ["sleep", "infinity"],
            name=f"maildrill-{session}-{name}",
            detach=True,
            network=network.name,
            volumes=volumes,
            labels=labels(session),
        )

    with ThreadPoolExecutor(STARTERS) as pool:
        list(pool.map(start, model.nodes))
    took = time.monotonic() - began
    remove_session(client, session)
    guard.release()
    return took


def ready(model: ClusterModel) -> float:
    """Seconds until every server of the cluster answers."""
    step = {"at": 0, "fault": "kill", "target": {"role": "mx"}}
    scenario = Scenario.model_validate(
        {"scenario": "bench", "title": "bench", "timeline": [step], "objectives": {"lost": 0}}
    )
    with tempfile.TemporaryDirectory() as folder:
        drill = Drill(scenario, model, Path(folder), 1, lambda _: None)
        try:
            drill.up()
            lines = (Path(folder) / "journal.ndjson").read_text().splitlines()
        finally:
            drill.down()
            drill.journal.close()
    return next(event["value"] for event in map(json.loads, lines) if event.get("name") == "cluster_up_s")


def main() -> None:
    """Print the ratio."""
    model = load_cluster(sys.argv[1] if len(sys.argv) > 1 else "postfix-dovecot-ha")
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    client = connect()
    images = ensure_images(client, {node.image for node in model.nodes.values()} | {"helper"})
    pairs = [(bare(client, model, images), ready(model)) for _ in range(rounds)]
    starts, readies = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"{model.cluster}: bare {starts:.2f} s, ready {readies:.2f} s, ratio {readies / starts:.2f} ({rounds} rounds)"
    )


if __name__ == "__main__":
    main()
