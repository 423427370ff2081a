"""Disks of a node's own: volumes that are file systems on loop devices, so that a disk can fail alone.

An image file in a Docker volume of the session holds a file system; the helper attaches it to a loop
device; a Docker volume mounts that device. The engine mounts it when a container that uses it starts
and unmounts it when the last one ends. Image files carry the session in their name: that is how
leftover loop devices are told from other people's (custody/loops.py).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field

from maildrill.errors import EnvironmentProblem
from maildrill.scenario.model import Strict
from maildrill.scenario.texts import Like

BACKING = "/disks"
"""Where the helper sees the image files."""

MAKE = """
set -e
truncate -s {size} {image}
mkfs.ext4 -q -b 4096 -m 0 -F {image}
debugfs -w -R 'rmdir lost+found' {image} 2>/dev/null
losetup --find --show {image}
"""
"""Blocks of 4 KiB as on real disks; none reserved for root, so that "full" is full for every user; and empty,
because the engine fills a new volume from the image only if nothing is on it."""


SMALLEST_MB, LARGEST_MB = 16, 100_000


def _sensible(size: str) -> str:
    if not SMALLEST_MB <= int(size[:-1]) * (1000 if size[-1] == "G" else 1) <= LARGEST_MB:
        raise ValueError(f"a size from {SMALLEST_MB}M to {LARGEST_MB // 1000}G")
    return size


class DiskModel(Strict):
    """A disk of its own for each volume of a node."""

    fs: Literal["ext4"] = Field("ext4", description="file system; its faults are made for ext4")
    size: Annotated[str, Like(r"[1-9]\d*[MG]", 'a size such as "400M" or "2G"'), AfterValidator(_sensible)] = Field(
        "400M", description="size; the file behind it is sparse"
    )


class Helper(Protocol):
    """What makes disks: a container with loop devices."""

    def run(self, *command: str) -> tuple[int, str]:
        """Run a command: (exit code, output)."""


def disk_volume(session: str) -> str:
    """The Docker volume that holds the image files of a session."""
    return f"maildrill-{session}-disks"


class Disks:
    """Makes the disks of the nodes in ``wanted``; every other node keeps ordinary volumes."""

    def __init__(self, client: Any, helper: Helper | None = None, wanted: Mapping[str, DiskModel] = {}) -> None:
        self._client, self._helper, self._wanted = client, helper, wanted
        self._one_at_a_time = threading.Lock()

    def make(self, node: str, volume: str, labels: dict[str, str]) -> str:
        """Make a volume of a node; the device it is on, or "" for an ordinary one. Raises EnvironmentProblem."""
        if node not in self._wanted or self._helper is None:
            self._client.volumes.create(volume, labels=labels)
            return ""
        image = f"{BACKING}/{volume}.img"
        with self._one_at_a_time:
            code, output = self._helper.run("sh", "-c", MAKE.format(size=self._wanted[node].size, image=image))
        device = output.strip().rpartition("\n")[2]
        if code or not device.startswith("/dev/loop"):
            raise EnvironmentProblem(f"no disk of its own could be made for {node}: {output.strip()[-300:]}")
        self._client.volumes.create(
            volume,
            driver="local",
            driver_opts={"type": "ext4", "device": device, "o": "errors=remount-ro"},
            labels=labels | {"maildrill.device": device},
        )
        return device
