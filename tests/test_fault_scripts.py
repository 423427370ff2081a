"""The shell scripts of faults, run here with tools that only write down what they are told."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from maildrill.faults import KINDS
from maildrill.faults.process.kill_daemon import BURST
from maildrill.faults.storage.read_only import ABORT

TOOLS = "sleep() { echo sleep $*; }; mount() { echo mount $*; }; umount() { echo umount $*; };"


def ran(script: str, *arguments: str) -> list[str]:
    """What a script told the tools to do."""
    command = ["sh", "-c", TOOLS + script, "sh", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout.splitlines()


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_burst_of_kills_ends_with_a_kill(rounds: int) -> None:
    """Who calls it waits for the next one: with both waits the period would be twice what was asked for."""
    script = BURST.format(name="no-such-program", rounds=rounds, pause=5)
    assert ran(script) == ["sleep 5"] * (rounds - 1)


@pytest.mark.parametrize("again", [0.001, 61])
def test_a_period_of_kills_has_bounds(again: float) -> None:
    """Below, looking for the process takes longer; above, it is not a program that crashes on each start."""
    with pytest.raises(ValidationError):
        KINDS["kill-daemon"].Parameters.model_validate({"process": "lmtp", "again": again})


def test_each_node_goes_read_only_at_a_mount_point_of_its_own() -> None:
    """Several nodes do so at once, in one helper: one must not abort, or unmount, the disk of another."""
    used = set()
    for node in ("one", "two"):
        first, abort, last, *more = ran(ABORT, f"/dev/{node}a", f"/dev/{node}b")
        where = first.split()[-1]
        assert (first, abort) == (f"mount -t ext4 /dev/{node}a {where}", f"mount -o remount,abort {where}")
        assert last == f"umount {where}"
        assert len(more) == 3
        assert not Path(where).exists()
        used.add(where)
    assert len(used) == 2


def test_a_volume_with_nothing_on_it_cannot_be_wiped(tmp_path: Path) -> None:
    """No file from before is found there in any case; a file system of its own begins with a folder."""

    def with_volumes(_: list[str], command: str) -> str:
        command = command.replace("/v", str(tmp_path))
        return subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=20).stdout

    def wiped() -> Any:
        target = SimpleNamespace(name="mail1", volumes={"store": ("store", "/srv/mail")})
        world: Any = SimpleNamespace(helper=SimpleNamespace(with_volumes=with_volumes))
        return KINDS["volume-wiped"](world, target, asked=KINDS["volume-wiped"].Parameters())

    (tmp_path / "0" / "lost+found").mkdir(parents=True)
    empty = wiped()
    with pytest.raises(RuntimeError, match="nothing is on the volumes of mail1"):
        empty.inject()
    (tmp_path / "0" / "user1").mkdir()
    (tmp_path / "0" / "user1" / "mail").write_text("From: ...")
    full = wiped()
    assert not full.effect()[0]
    full.inject()
    full.inject()
    assert full.effect() == (True, "of 2 files and folders, files from before the deletion: 0")
