"""Whether a disk works is seen by a write that was done to the end: run here, on a folder that stands for the disk."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from maildrill.faults import KINDS
from maildrill.faults.storage.disk import LOOK, WRITTEN


def on_disk(kind: str, folder: Path) -> Any:
    """A fault of a node's only disk, on a node whose commands are run here and whose services all answer."""

    def exec_run(command: list[str]) -> Any:
        return SimpleNamespace(output=subprocess.run(command, capture_output=True, timeout=20, check=False).stdout)

    target = SimpleNamespace(
        name="mail1", address="10.0.0.2", checks=[(25, "smtp")], volumes={"store": ("volume", str(folder))},
        devices={"store": "/dev/loop0"}, container=SimpleNamespace(exec_run=exec_run),
    )  # fmt: skip
    world: Any = SimpleNamespace(look=lambda *_: (True, "220"), layers={})
    return KINDS[kind](world, target, 1, [], KINDS[kind].Parameters())


@pytest.mark.parametrize("kind", ["disk-full", "io-errors", "power-loss", "read-only"])
def test_a_disk_that_is_still_full_is_not_whole(kind: str, tmp_path: Path) -> None:
    """The write fails, though dd says how much it copied; what heals by removing a file may not have found it."""
    fault = on_disk(kind, tmp_path)
    assert fault.recovered()[0]
    (tmp_path / LOOK).symlink_to("/dev/full")
    whole, seen = fault.recovered()
    assert not whole, seen


def test_writes_that_failed_at_once_are_not_quick(tmp_path: Path) -> None:
    """Direct writes cannot be tried on every file system: what dd said of one to a full disk."""
    said = b"dd: error writing 'x': No space left on device\n0 bytes copied, 0.000114 s, 0.0 kB/s\n"
    fault = on_disk("disk-slow", tmp_path)
    fault.target.container.exec_run = lambda _: SimpleNamespace(output=said)
    assert not fault.recovered()[0]
    said = b"dd: error writing 'x': No space left on device\n4096 bytes (4.1 kB) copied, 9.9 s, 0.4 kB/s\n"
    assert not fault.effect()[0], "nor is one that failed after a while slow"
    said = f"20480 bytes (20 kB, 20 KiB) copied, 0.002 s, 10 MB/s\n{WRITTEN}\n".encode()
    assert fault.recovered()[0]
