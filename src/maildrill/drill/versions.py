"""What a drill ran on: software, images, machine; part of its evidence."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from maildrill.cluster.up import RunningCluster

LIBRARIES = ("maildrill", "docker", "aiosmtplib", "dnspython", "polars", "pydantic")


def versions(client: Any, images: dict[str, str], cluster: RunningCluster) -> dict[str, Any]:
    """Versions and image digests, as they were."""
    engine = client.version()
    return {
        "python": platform.python_version(),
        "machine": platform.platform(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "engine": {key: engine.get(key) for key in ("Version", "ApiVersion", "KernelVersion", "Arch")},
        "images": {
            name: {"tag": tag, "id": client.images.get(tag).id}
            for name, tag in sorted(images.items())
            if name != "helper"
        },
        "addresses": {node.name: node.address for node in cluster.nodes.values()},
    }
